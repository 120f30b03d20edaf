"""Holds the tree to its own rules: which module may include which, what protocol code must not know, how long files
and functions are, which words mark unfinished or careless work, what documents may name. Each rule is one test.

    check_architecture.py [ROOT]
"""

import dataclasses
import pathlib
import re
import subprocess
import sys

sys.dont_write_bytecode = True
import named_in_documents

LONGEST_FILE = 500
LONGEST_FUNCTION = 70

CPP_FOLDERS = ("src", "sim", "tests", "fuzz", "bench")
CPP_SUFFIXES = {".h", ".cc"}
CODE_SUFFIXES = CPP_SUFFIXES | {".ts", ".js", ".mjs", ".css", ".py", ".sh"}
TEXT_SUFFIXES = CODE_SUFFIXES | {".md", ".cmake", ".txt", ".html", ".json", ".service", ".yml", ""}
SKIPPED_FOLDERS = {".git", ".tools", "build", "node_modules", "dist", "corpus", "output"}
# This check and its own test name what they forbid.
ITSELF = {"tools/check_architecture.py", "tools/check_architecture_test.py"}

PROTOCOL_MODULES = {"base", "crypto", "stun", "rtp", "rtcp", "ice", "dtls", "srtp", "bwe", "ortc", "media", "transport",
                    "core"}
PROTOCOL_FOLDERS = ("signaling/engineio/", "signaling/socketio/")
# Where the outside world is let in on purpose: the log's lock and clock, and inet_pton.
PROTOCOL_EXCEPTIONS = {"base/log.h", "base/log.cc", "base/endpoint.cc"}

FORBIDDEN_HEADERS = re.compile(
    r"^(sys/(socket|epoll|time|timerfd|eventfd|uio|select)\.h|netinet/.*|arpa/inet\.h|netdb\.h|poll\.h|unistd\.h|time\.h|ctime|"
    r"pthread\.h|thread|mutex|shared_mutex|condition_variable|future|atomic|semaphore|latch|barrier|stop_token|"
    r"iostream|fstream|boost/asio.*|boost/beast.*)$")
FORBIDDEN_CALLS = re.compile(
    r"\b(?:\w+_clock::now|random_device|gettimeofday|clock_gettime|this_thread|thread_local|std::cout|std::cerr)\b"
    r"|(?<![\w.>:])(?:::|std::)?(?:time|rand|srand|getenv)\s*\(")

TEST_HEADERS = re.compile(r"^(gtest|gmock)/|_for_test\.h$")
OTHER_TEST_NAMES = re.compile(r"^test_|(?:^|_)(?:fixture|harness)\.h$")

UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
UNFINISHED_PHRASES = re.compile(r"\b(not implemented|stub(bed)?|for now|simplified|placeholder|in a real)\b", re.I)
# The attribute of an input field and its style in a page.
PAGE_PLACEHOLDER = re.compile(r"(::|\.)?placeholder\s*(=|:|\{|-)|::placeholder|\[placeholder", re.I)
# What Socket.IO calls the mark of a binary attachment.
SOCKETIO_PLACEHOLDER = re.compile(r"\bplaceholders?\b")
EMPTY_NAMES = re.compile(r"\b[A-Z]\w*(?:Manager|Helper|Util)s?\b|\b(?:Manager|Helper)s?\b|\b\w+_(?:manager|helper|util)s?\b")
EMPTY_FILE_NAMES = re.compile(r"(?:^|[_\-.])(?:manager|helper|util)s?(?:[_\-.]|$)")
ABSOLUTE_PATH = re.compile(r"(?:^|(?<=[\s\"'`(=,:>]))/([A-Za-z][\w.-]*)/")
# What every Linux machine has.
SYSTEM_FOLDERS = {"bin", "boot", "dev", "etc", "lib", "opt", "proc", "run", "sbin", "sys", "usr", "var"}
SERVED_FOLDERS = {"socket.io", "engine.io", "assets"}
DOCUMENT = re.compile(r"(?<![\w./-])(?:\.\./)*((?:[\w.-]+/)*[\w-]+\.md)\b")
REGISTRY_HOSTS = re.compile(r"https?://(?:registry|deb|security|proxy)\.[\w.-]+|\"resolved\"\s*:\s*\"http")
SLEEPS_CPP = re.compile(r"\b(?:sleep_for|sleep_until|usleep|nanosleep)\b|(?<![\w.>])(?:::)?sleep\s*\(")
SLEEPS_PAGE = re.compile(r"\bwaitForTimeout\b|\bsetTimeout\([^,]*,\s*\d{4,}|\b(?:await|return)\s+(?:sleep|delay)\(")
# What a library insists on: spdlog takes its sinks shared.
OWNERSHIP_EXCEPTIONS = {"base/log.cc"}


@dataclasses.dataclass(frozen=True)
class Violation:
    path: str
    line: int
    text: str

    def __str__(self):
        return f"{self.path}:{self.line}: {self.text}"


class Tree:
    """The files of a checkout, read once."""

    def __init__(self, root):
        self.root = pathlib.Path(root)
        self.files = {}
        for path in sorted(self.root.rglob("*")):
            relative = path.relative_to(self.root)
            if SKIPPED_FOLDERS & set(relative.parts) or not path.is_file() or path.is_symlink():
                continue
            if any(part.startswith("build") for part in relative.parts[:1]):
                continue
            if path.suffix in TEXT_SUFFIXES and path.name != "package-lock.json":
                try:
                    self.files[relative.as_posix()] = path.read_text()
                except UnicodeDecodeError:
                    continue

    def cpp(self):
        return {path: text for path, text in self.files.items()
                if pathlib.Path(path).suffix in CPP_SUFFIXES and path.split("/")[0] in CPP_FOLDERS}

    def sources(self):
        """Path inside src/ and text of each C++ file there."""
        return {path.removeprefix("src/"): text for path, text in self.cpp().items() if path.startswith("src/")}

    def code(self):
        return {path: text for path, text in self.files.items()
                if (pathlib.Path(path).suffix in CODE_SUFFIXES or text.startswith("#!")) and path not in ITSELF}

    def texts(self):
        return {path: text for path, text in self.files.items() if path not in ITSELF}


def is_test(path):
    return bool(re.search(r"_test\.(cc|h)$|\.(test|spec)\.\w+$", path)) or path.startswith(("tests/", "sim/"))


def find(pattern, text, path, what):
    for number, line in enumerate(text.splitlines(), 1):
        found = pattern.search(line)
        if found:
            yield Violation(path, number, f"{what}: {found.group(0).strip()}")


def without_comments(text):
    """The same lines with comments and the insides of literals blanked."""
    pattern = re.compile(
        r'R"(?P<mark>[^()\s]*)\(.*?\)(?P=mark)"|//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|(?<![0-9a-fA-F])\'(?:\\.|[^\'\\\n])+\'',
        re.S)

    def blank(match):
        text = match.group(0)
        lines = "\n" * text.count("\n")
        return lines if text.startswith("/") else '""' + lines

    return pattern.sub(blank, text)


# --- modules ------------------------------------------------------------------------------------------------------


def parse_modules(cmake):
    """Module -> (DEPENDS, TEST_DEPENDS), in the order of src/CMakeLists.txt."""
    modules = {}
    for call in re.finditer(r"^\s*sfu_module\(([^)]*)\)", cmake, re.M):
        words = call.group(1).split()
        lists = {"DEPENDS": [], "TEST_DEPENDS": []}
        current = None
        for word in words[1:]:
            if re.fullmatch(r"[A-Z_]+", word):
                current = lists.setdefault(word, [])
            elif current is not None:
                current.append(word)
        modules[words[0]] = (lists["DEPENDS"], lists["TEST_DEPENDS"])
    return modules


def includes(text):
    for number, line in enumerate(text.splitlines(), 1):
        found = re.match(r'\s*#\s*include\s*([<"])([^>"]+)[>"]', line)
        if found:
            yield number, found.group(1) == '"', found.group(2)


def check_modules(tree):
    """A module includes itself and what src/CMakeLists.txt lists as its DEPENDS, which stand above it there."""
    description = tree.files.get("src/CMakeLists.txt")
    if description is None:
        return [Violation("src/CMakeLists.txt", 1, "is not there")]
    modules = parse_modules(description)
    found = []
    above = set()
    for module, (depends, test_depends) in modules.items():
        for dependency in depends + test_depends:
            if dependency not in above:
                found.append(Violation("src/CMakeLists.txt", 1, f"{module} depends on {dependency}, which is not above it"))
        above.add(module)
    for path, text in tree.sources().items():
        module = path.split("/")[0]
        if module not in modules:
            found.append(Violation(f"src/{path}", 1, f"lies in no module of src/CMakeLists.txt: {module}"))
            continue
        depends, test_depends = modules[module]
        allowed = {module, *depends, *(test_depends if is_test(path) else ())}
        for number, quoted, header in includes(text):
            target = header.split("/")[0]
            if quoted and "/" not in header:
                found.append(Violation(f"src/{path}", number, f'"{header}" does not say its module'))
            elif (quoted or target in modules and "/" in header and header.endswith(".h") and
                  (tree.root / "src" / header).exists()) and target not in allowed:
                found.append(Violation(f"src/{path}", number, f'{module} may not include "{header}"'))
    return found


def check_test_code(tree):
    """What serves tests alone says so in its name, *_test or *_for_test.h, and nothing of the server includes it."""
    found = []
    for path, text in tree.sources().items():
        name = pathlib.Path(path).name
        if name.endswith(".h") and OTHER_TEST_NAMES.search(name):
            found.append(Violation(f"src/{path}", 1, "what serves tests is called *_for_test.h"))
        if is_test(path):
            continue
        for number, _, header in includes(text):
            if TEST_HEADERS.search(header):
                found.append(Violation(f"src/{path}", number, f"is no *_test.cc or *_for_test.h and includes {header}"))
    return found


def check_protocol(tree):
    """Protocol code knows no socket, thread, clock, stream or chance."""
    found = []
    for path, text in tree.sources().items():
        protocol = path.split("/")[0] in PROTOCOL_MODULES or path.startswith(PROTOCOL_FOLDERS)
        if not protocol or path in PROTOCOL_EXCEPTIONS or is_test(path):
            continue
        for number, _, header in includes(text):
            if FORBIDDEN_HEADERS.match(header):
                found.append(Violation(f"src/{path}", number, f"protocol code includes <{header}>"))
        found += find(FORBIDDEN_CALLS, without_comments(text), f"src/{path}", "protocol code uses")
    return found


# --- words and names ----------------------------------------------------------------------------------------------


def check_words(tree):
    """Nothing is left for later."""
    found = []
    for path, text in tree.texts().items():
        found += find(UNFINISHED, text, path, "unfinished")
        if path.startswith("demo/"):
            text = PAGE_PLACEHOLDER.sub("", text)
        elif path.startswith("src/signaling/socketio/"):
            text = SOCKETIO_PLACEHOLDER.sub("", text)
        found += find(UNFINISHED_PHRASES, text, path, "unfinished")
    return found


def check_names(tree):
    """A name says what the thing is."""
    found = []
    for path, text in tree.code().items():
        found += find(EMPTY_NAMES, text, path, "says nothing")
        if EMPTY_FILE_NAMES.search(pathlib.Path(path).name):
            found.append(Violation(path, 1, "the file's name says nothing"))
    return found


def paths_of_one_machine(tree, path, text):
    """Absolute paths that lead neither into the system nor into the tree, and that no browser asks for. Tests may make
    paths up, as long as this machine has no such folder."""
    for number, line in enumerate(text.splitlines(), 1):
        for found in ABSOLUTE_PATH.finditer(line):
            folder = found.group(1)
            known = folder in SYSTEM_FOLDERS | SERVED_FOLDERS | SKIPPED_FOLDERS or (tree.root / folder).is_dir()
            if not known and (not is_test(path) or pathlib.Path("/", folder).is_dir()):
                yield Violation(path, number, f"path of one machine: {found.group(0)}")


def check_places(tree):
    """No paths of one machine, no document from elsewhere, no registry's host."""
    found = []
    documents = ["/" + path for path in tree.files if path.endswith(".md")]
    for path, text in tree.texts().items():
        found += paths_of_one_machine(tree, path, text)
        for number, line in enumerate(text.splitlines(), 1):
            found += [Violation(path, number, f"there is no document {named}") for named in DOCUMENT.findall(line)
                      if not any(document.endswith("/" + named) for document in documents)]
        found += find(REGISTRY_HOSTS, text, path, "registry host")
    for path in sorted(tree.root.rglob("package-lock.json")):
        relative = path.relative_to(tree.root)
        if not SKIPPED_FOLDERS & set(relative.parts):
            found += find(REGISTRY_HOSTS, path.read_text(), relative.as_posix(), "registry host")
    return found


def check_ownership(tree):
    """Our code throws nothing and shares no ownership."""
    found = []
    for path, text in tree.sources().items():
        if is_test(path) or path in OWNERSHIP_EXCEPTIONS:
            continue
        code = without_comments(text)
        found += find(re.compile(r"\bthrow\s+[^\s;]"), code, f"src/{path}", "throws")
        found += find(re.compile(r"\b(?:shared_ptr|make_shared|enable_shared_from_this)\b"), code, f"src/{path}", "shares")
    return found


# --- sizes and form -----------------------------------------------------------------------------------------------


def check_file_length(tree):
    """A file has one subject."""
    found = []
    for path, text in tree.code().items():
        lines = len(text.splitlines())
        if lines > LONGEST_FILE:
            found.append(Violation(path, lines, f"{lines} lines, more than {LONGEST_FILE}"))
    return found


def functions(text):
    """(first line, number of lines) of each function body, found by counting braces."""
    code = "\n".join("" if line.lstrip().startswith("#") else line for line in without_comments(text).splitlines())
    header = []  # What stands since the last ; { or }.
    scopes = []  # "scope", "body" (with its line) or "block".
    line = 1
    for character in code:
        if character == "\n":
            line += 1
        if character == "{":
            words = "".join(header)
            if any(kind == "body" for kind, _ in scopes):
                scopes.append(("block", line))
            elif re.search(r"\b(namespace|extern)\b", words) or (
                    re.search(r"\b(class|struct|enum|union)\b", words) and "(" not in words):
                scopes.append(("scope", line))
            elif "(" in words and not words.rstrip().endswith(("=", ",", "(")):
                scopes.append(("body", line))
            else:
                scopes.append(("block", line))
            header = []
        elif character == "}":
            if scopes:
                kind, first = scopes.pop()
                if kind == "body":
                    yield first, line - first + 1
            header = []
        elif character == ";":
            header = []
        else:
            header.append(character)


def check_function_length(tree):
    """A function fits on a page."""
    return [Violation(path, first, f"function of {lines} lines, more than {LONGEST_FUNCTION}")
            for path, text in tree.cpp().items() for first, lines in functions(text) if lines > LONGEST_FUNCTION]


def check_pragma_once(tree):
    """Each header is included once."""
    return [Violation(path, 1, "no #pragma once") for path, text in tree.cpp().items()
            if path.endswith(".h") and not re.search(r"^#pragma once$", text, re.M)]


def check_format(tree):
    """Formatting is clang-format's business."""
    files = list(tree.cpp())
    if not files:
        return []
    try:
        run = subprocess.run(["clang-format", "--dry-run", *files], cwd=tree.root, capture_output=True, text=True,
                             check=False)
    except FileNotFoundError:
        return [Violation(".clang-format", 1, "clang-format is not installed")]
    found = {}
    for match in re.finditer(r"^(\S+?):(\d+):\d+: (?:warning|error): (.*)$", run.stderr, re.M):
        found.setdefault(match.group(1), Violation(match.group(1), int(match.group(2)), "is not as clang-format writes it"))
    return list(found.values())


def check_sleeping(tree):
    """No test waits for a clock."""
    found = []
    for path, text in tree.code().items():
        if is_test(path):
            cpp = pathlib.Path(path).suffix in CPP_SUFFIXES
            found += find(SLEEPS_CPP if cpp else SLEEPS_PAGE, without_comments(text) if cpp else text, path, "a test sleeps")
    return found


def check_documents(tree):
    """What documents name is there."""
    texts = {path: text for path, text in tree.texts().items() if path.endswith(".md") or is_test(path)}
    return [Violation(*found) for found in named_in_documents.missing(tree.root, texts, SKIPPED_FOLDERS)]


CHECKS = {
    "modules include only what they depend on": check_modules,
    "test code says that it is": check_test_code,
    "protocol code knows no outside world": check_protocol,
    "nothing is left for later": check_words,
    "names say what things are": check_names,
    "no machine's paths and no registry's hosts": check_places,
    "nothing is thrown and nothing has shared owners": check_ownership,
    "files have one subject": check_file_length,
    "functions fit on a page": check_function_length,
    "headers are included once": check_pragma_once,
    "files are as clang-format writes them": check_format,
    "no test sleeps": check_sleeping,
    "documents name what there is": check_documents,
}


def main():
    tree = Tree(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).resolve().parent.parent)
    failed = 0
    for name, check in CHECKS.items():
        found = check(tree)
        if found:
            failed += 1
            print(f"FAILED {name}:")
            for violation in found:
                print(f"  {violation}")
    print(f"{len(CHECKS) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
