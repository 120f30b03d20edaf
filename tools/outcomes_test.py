"""Hands the counting of ./test the logs of suites that crash, hang, skip or say nothing."""

import pathlib
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
import outcomes

GOOD = """[ RUN      ] A.IsOne
[       OK ] A.IsOne (0 ms)
[ RUN      ] A.IsTwo
[       OK ] A.IsTwo (12 ms)
[  PASSED  ] 2 tests.
"""
BAD = """[       OK ] A.IsOne (0 ms)
[  FAILED  ] A.IsTwo (1 ms)
[  FAILED  ] Each/A.IsThree/0, where GetParam() = 7 (1 ms)
[  PASSED  ] 1 test.
[  FAILED  ] 2 tests, listed below:
[  FAILED  ] A.IsTwo
[  FAILED  ] Each/A.IsThree/0, where GetParam() = 7
"""
SKIPPED = """[       OK ] A.IsOne (0 ms)
[  SKIPPED ] A.IsTwo (1 ms)
[  SKIPPED ] 1 test, listed below:
[  SKIPPED ] A.IsTwo
"""
HUNG = "took longer than 1 s and was ended"


class Counting(unittest.TestCase):
    def count(self, rule, text, status):
        with tempfile.TemporaryDirectory() as folder:
            log = pathlib.Path(folder) / "log"
            log.write_text(text)
            outcome = rule("suite", status, log, 0.0)
            return outcome.passed, outcome.failed, outcome.skipped

    def check(self, rule, rows):
        for text, status, expected in rows:
            with self.subTest(text=text, status=status):
                self.assertEqual(self.count(rule, text, status), expected)

    def test_of_googletest_counts_each_case_once_and_a_crash_as_a_failure(self):
        self.check(outcomes.count_gtest, [
            (GOOD, 0, (2, 0, 0)),
            (BAD, 1, (1, 2, 0)),
            (SKIPPED, 0, (1, 0, 1)),
            (GOOD, -11, (2, 1, 0)),
            (BAD, -6, (1, 3, 0)),
            (GOOD, HUNG, (2, 1, 0)),
            (BAD, HUNG, (1, 3, 0)),
            (GOOD, 1, (2, 1, 0)),
            ("", 0, (0, 1, 0)),
            ("", 1, (0, 1, 0)),
        ])

    def test_of_a_closing_line_believes_no_suite_that_ends_badly_or_says_nothing(self):
        self.check(outcomes.count_last_line, [
            ("a\n3 passed, 0 failed\n", 0, (3, 0, 0)),
            ("e2e: 3 passed, 0 failed, 2 skipped\n\n", 0, (3, 0, 2)),
            ("1 passed, 2 failed\n", 1, (1, 2, 0)),
            ("3 passed, 0 failed (only alone: a call (of two) runs)\n", 0, (3, 0, 0)),
            ("3 passed, 0 failed\n", 1, (3, 1, 0)),
            ("3 passed, 0 failed\nand then it crashed\n", 0, (0, 1, 0)),
            ("3 passed, 0 failed\n", HUNG, (3, 1, 0)),
            ("0 passed, 0 failed\n", 0, (0, 1, 0)),
            ("", 0, (0, 1, 0)),
        ])

    def test_of_a_closing_line_keeps_its_remark(self):
        with tempfile.TemporaryDirectory() as folder:
            log = pathlib.Path(folder) / "log"
            log.write_text("3 passed, 0 failed (only alone: a call (of two) runs)\n")
            self.assertEqual(outcomes.count_last_line("suite", 0, log, 0.0).note, "only alone: a call (of two) runs")

    def test_of_a_program_that_is_one_test_goes_by_its_exit_status(self):
        self.check(outcomes.count_exit, [("", 0, (1, 0, 0)), ("", 1, (0, 1, 0)), ("", -9, (0, 1, 0)), ("", HUNG, (0, 1, 0))])


class Running(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.addCleanup(setattr, outcomes, "LOGS", outcomes.LOGS)
        outcomes.LOGS = pathlib.Path(folder.name)

    def test_ends_a_suite_that_hangs_with_all_that_it_started(self):
        status, log, _ = outcomes.run_logged("hangs", ["bash", "-c", "tail -f /dev/null & echo $!; wait"], 0.5)
        self.assertIn("took longer", status)
        child = pathlib.Path("/proc") / log.read_text().strip()
        self.assertTrue(not child.exists() or "Z" in (child / "stat").read_text().rsplit(")", 1)[1])

    def test_gives_a_suite_no_standard_input(self):
        status, log, _ = outcomes.run_logged("reads", ["cat"], 10)
        self.assertEqual((status, log.read_text()), (0, ""))


if __name__ == "__main__":
    result = unittest.TextTestRunner(stream=sys.stdout, verbosity=0).run(
        unittest.defaultTestLoader.loadTestsFromModule(sys.modules[__name__]))
    bad = len({str(case).split(" (text")[0] for case, _ in result.failures + result.errors})
    print(f"{result.testsRun - bad} passed, {bad} failed")
    sys.exit(1 if bad else 0)
