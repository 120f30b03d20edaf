"""Runs .ci/run with a ./test of the test's own making, and sees that it adds up and never passes what did not close."""

import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent

# What ./test says and how it ends, plain, with `bench` and with --sanitize; what .ci/run makes of it.
GOOD = ("1 passed, 0 failed", 0)
CASES = [
    (("3 passed, 0 failed", 0), GOOD, ("2 passed, 0 failed", 0), ("6 passed, 0 failed", 0)),
    (("3 passed, 1 failed", 1), GOOD, ("2 passed, 0 failed", 0), ("6 passed, 1 failed", 1)),
    (("3 passed, 0 failed", 0), ("0 passed, 1 failed", 1), ("2 passed, 0 failed", 0), ("5 passed, 1 failed", 1)),
    (("3 passed, 0 failed", 0), GOOD, ("2 passed, 2 failed, 1 skipped", 1), ("6 passed, 2 failed, 1 skipped", 1)),
    (("3 passed, 0 failed", 0), GOOD, ("a crash", 139), ("4 passed, 1 failed", 1)),
    (("3 passed, 0 failed", 0), GOOD, ("a crash", 0), ("4 passed, 1 failed", 1)),
    (("3 passed, 0 failed", 0), ("a crash", 0), ("2 passed, 0 failed", 0), ("5 passed, 1 failed", 1)),
    (("3 passed, 0 failed", 1), GOOD, ("2 passed, 0 failed", 0), ("6 passed, 1 failed", 1)),
]


class Ci(unittest.TestCase):
    def test_adds_up_all_runs_and_fails_where_one_did(self):
        for *runs, (line, status) in CASES:
            with self.subTest(runs=runs), tempfile.TemporaryDirectory() as folder:
                folder = pathlib.Path(folder)
                (folder / ".ci").mkdir()
                shutil.copy(ROOT / ".ci" / "run", folder / ".ci")
                (plain, plain_status), (bench, bench_status), (sanitized, sanitized_status) = runs
                test = folder / "test"
                test.write_text(f'#!/bin/sh\nif [ "$1" = --sanitize ]; then echo "{sanitized}"; exit {sanitized_status}; fi\n'
                                f'if [ "$1" = bench ]; then echo "{bench}"; exit {bench_status}; fi\n'
                                f'echo building; echo "{plain}"; exit {plain_status}\n')
                test.chmod(0o755)
                run = subprocess.run(["bash", folder / ".ci" / "run"], stdin=subprocess.DEVNULL, capture_output=True,
                                     text=True, check=False)
                self.assertEqual((run.stdout.splitlines()[-1], run.returncode), (line, status), run.stdout + run.stderr)


if __name__ == "__main__":
    result = unittest.TextTestRunner(stream=sys.stdout, verbosity=0).run(
        unittest.defaultTestLoader.loadTestsFromTestCase(Ci))
    bad = len({str(case).split(" (runs")[0] for case, _ in result.failures + result.errors})
    print(f"{result.testsRun - bad} passed, {bad} failed")
    sys.exit(1 if bad else 0)
