"""Breaks each rule of check_architecture in a tree made for it, and sees that the rule notices that and nothing else."""

import pathlib
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
import check_architecture as checked

CMAKE = "sfu_module(base)\nsfu_module(stun DEPENDS base TEST_DEPENDS base)\nsfu_module(io DEPENDS base)\n"
GOOD = {
    "src/CMakeLists.txt": CMAKE,
    ".clang-format": "BasedOnStyle: Google\n",
    "src/base/bytes.h": "#pragma once\n\nint size();\n",
    "src/stun/message.cc": '#include "base/bytes.h"\n\nint two() { return 2; }\n',
    "src/io/socket.cc": '#include <sys/socket.h>\n\n#include "base/bytes.h"\n',
}
TESTS = 'TEST(Stun, IsThere) {}\nTEST_P(Table,\n       HasRows) {}\nconst char* kRow = "Empty";\n'
LONG_BODY = "int long_one() {\n" + "  size();\n" * 69 + "}\n"


def violations(check, changes):
    with tempfile.TemporaryDirectory() as folder:
        for path, text in {**GOOD, **changes}.items():
            file = pathlib.Path(folder) / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        return checked.CHECKS[check](checked.Tree(folder))


BROKEN = [
    ("modules include only what they depend on", {"src/stun/a.cc": '#include "io/socket.h"\n'}, "may not include"),
    ("modules include only what they depend on", {"src/stun/a.cc": '#include "message.h"\n'}, "does not say its module"),
    ("modules include only what they depend on", {"src/other/a.cc": "\n"}, "lies in no module"),
    ("modules include only what they depend on",
     {"src/CMakeLists.txt": CMAKE.replace("sfu_module(base)", "sfu_module(base DEPENDS io)")}, "not above it"),
    ("test code says that it is", {"src/stun/a.h": "#pragma once\n\n#include <gtest/gtest.h>\n"}, "includes gtest/gtest.h"),
    ("test code says that it is", {"src/stun/a.cc": '#include "stun/a_for_test.h"\n'}, "includes stun/a_for_test.h"),
    ("test code says that it is", {"src/stun/test_server.h": "#pragma once\n"}, "called *_for_test.h"),
    ("test code says that it is", {"src/stun/a_fixture.h": "#pragma once\n"}, "called *_for_test.h"),
    ("protocol code knows no outside world", {"src/stun/a.cc": "#include <sys/socket.h>\n"}, "<sys/socket.h>"),
    ("protocol code knows no outside world", {"src/stun/a.cc": "#include <thread>\n"}, "<thread>"),
    ("protocol code knows no outside world", {"src/base/a.cc": "#include <boost/asio/ip/udp.hpp>\n"}, "boost/asio"),
    ("protocol code knows no outside world",
     {"src/stun/a.cc": "auto t = std::chrono::steady_clock::now();\n"}, "steady_clock::now"),
    ("protocol code knows no outside world", {"src/stun/a.cc": "auto t = time(nullptr);\n"}, "time("),
    ("protocol code knows no outside world", {"src/stun/a.cc": "int r = std::rand();\n"}, "rand("),
    ("protocol code knows no outside world", {"src/stun/a.cc": "std::random_device seed;\n"}, "random_device"),
    ("nothing is left for later", {"src/stun/a.cc": "// TODO: more\n"}, "TODO"),
    ("nothing is left for later", {"docs/a.md": "This is good enough for now.\n"}, "for now"),
    ("names say what things are", {"src/stun/a.cc": "class PeerManager {};\n"}, "PeerManager"),
    ("names say what things are", {"src/stun/a.cc": "void string_util();\n"}, "string_util"),
    ("names say what things are", {"src/stun/stun_helpers.cc": "\n"}, "file's name"),
    ("no machine's paths and no registry's hosts", {"docs/a.md": "see /home/jo/notes\n"}, "path of one machine"),
    ("no machine's paths and no registry's hosts", {"src/stun/a.cc": 'const char* kPath = "/somewhere/of/mine";\n'}, "path of one machine"),
    ("no machine's paths and no registry's hosts", {"src/stun/a_test.cc": 'Key key("/tmp/key.pem");\n'}, "path of one machine"),
    ("no machine's paths and no registry's hosts", {"src/stun/a.cc": "// as elsewhere/NOTES.md says\n"}, "no document elsewhere/NOTES.md"),
    ("no machine's paths and no registry's hosts",
     {"demo/package-lock.json": '"resolved": "https://registry.example.org/a"\n'}, "registry host"),
    ("nothing is thrown and nothing has shared owners", {"src/stun/a.cc": "void f() { throw 1; }\n"}, "throws"),
    ("nothing is thrown and nothing has shared owners", {"src/stun/a.cc": "std::shared_ptr<int> p;\n"}, "shares"),
    ("files have one subject", {"src/stun/a.cc": "\n" * 501}, "501 lines"),
    ("functions fit on a page", {"src/stun/a.cc": LONG_BODY}, "function of 71 lines"),
    ("functions fit on a page", {"src/stun/a.cc": "namespace a {\nclass B {\n" + LONG_BODY + "};\n}\n"}, "71 lines"),
    ("headers are included once", {"src/stun/a.h": "int three();\n"}, "no #pragma once"),
    ("files are as clang-format writes them", {"src/stun/a.cc": "int   three( );\n"}, "clang-format"),
    ("no test sleeps", {"src/stun/a_test.cc": "std::this_thread::sleep_for(1s);\n"}, "sleep_for"),
    ("no test sleeps", {"tests/e2e/call.spec.ts": "await page.waitForTimeout(5000);\n"}, "waitForTimeout"),
    ("documents name what there is", {"docs/a.md": "see `src/stun/gone.cc`\n"}, "src/stun/gone.cc is not in the tree"),
    ("documents name what there is", {"docs/a.md": "see `stun/gone.h`\n"}, "stun/gone.h is not in the tree"),
    ("documents name what there is", {"docs/a.md": "see [b](b.md#one)\n"}, "the link b.md leads nowhere"),
    ("documents name what there is", {"docs/a.md": "`Stun.IsGone`\n", "src/stun/a_test.cc": TESTS}, "no test Stun.IsGone"),
    ("documents name what there is", {"docs/a.md": "`Gone.*`\n", "src/stun/a_test.cc": TESTS}, "no test Gone.*"),
    ("documents name what there is", {"docs/a.md": "`Table.*Full`\n", "src/stun/a_test.cc": TESTS}, "no test Table.*Full"),
]

# What looks like a breach and is none.
ALLOWED = [
    ("modules include only what they depend on", {"src/stun/a_test.cc": '#include <gtest/gtest.h>\n#include "base/bytes.h"\n'}),
    ("test code says that it is", {"src/stun/a_for_test.h": "#pragma once\n\n#include <gtest/gtest.h>\n"}),
    ("test code says that it is", {"src/stun/a_test.cc": '#include "stun/a_for_test.h"\n'}),
    ("protocol code knows no outside world", {"src/stun/a.cc": "int run_time(int); // time() and rand()\nauto t = a.time(2);\n"}),
    ("protocol code knows no outside world", {"src/stun/a_test.cc": "#include <iostream>\n"}),
    ("nothing is left for later", {"demo/join.html": '<input placeholder="Your name">\n'}),
    ("no machine's paths and no registry's hosts", {"docs/a.md": "see `/etc/meet.pem`, /src/stun/message.cc, `/socket.io/`\n"}),
    ("no machine's paths and no registry's hosts", {"src/stun/a_test.cc": 'Key key("/nowhere/at/all");\n'}),
    ("no machine's paths and no registry's hosts", {"src/stun/a.cc": "// as a.md says\n", "docs/a.md": "see [b](../docs/a.md)\n"}),
    ("nothing is thrown and nothing has shared owners", {"src/stun/a.cc": "void f() { try { g(); } catch (...) { throw; } }\n"}),
    ("files have one subject", {"src/stun/a.cc": "\n" * 500}),
    ("functions fit on a page", {"src/stun/a.cc": "const int table[] = {\n" + "  1,\n" * 90 + "};\n"}),
    ("functions fit on a page", {"src/stun/a.cc": "int long_one() {\n" + "  size();\n" * 68 + "}\n"}),
    ("functions fit on a page", {"src/stun/a.cc": 'const char* brace = "{";\nchar c = \'{\';\n' + "int one();\n" * 90}),
    ("no test sleeps", {"src/io/timer.cc": "nanosleep(&a, &b);\n"}),
    ("documents name what there is",
     {"docs/a.md": "`stun/*.cc`, `src/stun/`, `Stun.*`, `Rows/Table.HasRows/*`, `Table.*Empty`, [a](../src/stun/message.cc), `audio/opus`, `build/logs`\n",
      "src/stun/a_test.cc": TESTS}),
]


class Rules(unittest.TestCase):
    def test_accept_the_good_tree(self):
        for name in checked.CHECKS:
            with self.subTest(name):
                self.assertEqual(violations(name, {}), [])

    def test_each_rule_is_broken_here_at_least_once(self):
        self.assertEqual({name for name, _, _ in BROKEN}, set(checked.CHECKS))


def add_case(number, name, changes, reason):
    def case(self):
        found = violations(name, changes)
        if reason is None:
            self.assertEqual(found, [])
        else:
            self.assertEqual(len(found), 1, found)
            self.assertIn(reason, str(found[0]))

    setattr(Rules, f"test_{'notices' if reason else 'allows'}_{number}_{name.replace(' ', '_')}", case)


for index, (rule, change, why) in enumerate(BROKEN):
    add_case(index, rule, change, why)
for index, (rule, change) in enumerate(ALLOWED):
    add_case(index, rule, change, None)

if __name__ == "__main__":
    result = unittest.TextTestRunner(stream=sys.stdout, verbosity=0).run(
        unittest.defaultTestLoader.loadTestsFromTestCase(Rules))
    bad = len(result.failures) + len(result.errors)
    print(f"{result.testsRun - bad} passed, {bad} failed")
    sys.exit(1 if bad else 0)
