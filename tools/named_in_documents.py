"""Finds what documents name and the tree does not have: files, folders and tests."""

import fnmatch
import re

QUOTED = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
PATH = re.compile(r"\.?\w[\w.*-]*(?:/[\w.*-]+)+/?")
# As gtest names them: perhaps an instantiation, then suite and test, of which parts may be left open.
TEST = re.compile(r"(?:\w+/)?([A-Z][\w*]*\.[A-Z*][\w*]*)(?:/\*)?")
TEST_MACRO = re.compile(r"\bTEST(?:_[FP])?\(\s*(\w+),\s*(\w+)\s*\)")


def missing(root, texts, made):
    """(document, line, what is wrong) of each name that stands for nothing.

    root: of the tree; texts: {path: text} of its documents and tests; made: folders that a build makes.
    """
    tests = {".".join(match): text for path, text in texts.items() if path.endswith("_test.cc")
             for match in TEST_MACRO.findall(text)}
    for path, text in texts.items():
        if not path.endswith(".md"):
            continue
        for number, line in enumerate(text.splitlines(), 1):
            for name in QUOTED.findall(line):
                if PATH.fullmatch(name) and not made & set(name.split("/")) and not is_there(root, name):
                    yield path, number, f"{name} is not in the tree"
                test = TEST.fullmatch(name)
                if test and not is_test(test[1], tests):
                    yield path, number, f"there is no test {name}"
            for target in LINK.findall(line):
                if "://" not in target and not (root / path).parent.joinpath(target).exists():
                    yield path, number, f"the link {target} leads nowhere"


def is_there(root, name):
    """Paths are told from the root or from src/. What begins with no folder of theirs is no path: `200/2000`, `video/VP8`."""
    places = [place for place in (root, root / "src") if (place / name.split("/")[0]).is_dir()]
    return not places or any(next(place.glob(name.rstrip("/")), None) for place in places)


def is_test(name, tests):
    """Whether it is one of `tests`, {name: text of its file}, or ends in the name of a row of its table."""
    if fnmatch.filter(tests, name):
        return True
    upto, star, row = name.rpartition("*")
    return any(f'"{row}"' in tests[found] for found in fnmatch.filter(tests, upto + star))
