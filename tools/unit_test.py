"""Holds the service unit to what the server and the documents say of it, with systemd's own reader."""

import configparser
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent
UNIT = ROOT / "tools" / "meetlite-sfu.service"
PATIENCE_SECONDS = 60


def seconds(text):
    number, unit = re.fullmatch(r"(\d+)(ms|s)", text).groups()
    return int(number) / (1000 if unit == "ms" else 1)


class Unit(unittest.TestCase):
    def setUp(self):
        parser = configparser.ConfigParser(interpolation=None)
        parser.optionxform = str
        parser.read(UNIT)
        self.unit, self.service = parser["Unit"], parser["Service"]

    def test_systemd_reads_it_without_a_complaint(self):
        with tempfile.TemporaryDirectory() as folder:
            text = UNIT.read_text()
            program = re.search(r"^ExecStart=(\S+)", text, re.MULTILINE).group(1)
            copy = pathlib.Path(folder) / UNIT.name
            copy.write_text(text.replace(program, shutil.which("true")))
            run = subprocess.run(["systemd-analyze", "verify", "--man=no", copy], capture_output=True, text=True,
                                 timeout=PATIENCE_SECONDS, check=False)
            # Of other units, which this machine may not have, it speaks as well.
            said = [line for line in run.stderr.splitlines() if UNIT.name in line]
            self.assertEqual(said, [])

    def test_whatever_ends_the_server_but_bad_settings_starts_it_again_at_once_and_without_end(self):
        self.assertEqual(self.service["Restart"], "always")
        self.assertEqual(self.service["RestartPreventExitStatus"], "2")
        self.assertLess(seconds(self.service["RestartSec"]), 1)
        self.assertEqual(self.unit["StartLimitIntervalSec"], "0")

    def test_a_stop_leaves_the_usual_drain_its_time(self):
        table = (ROOT / "docs" / "settings.md").read_text()
        drain = int(re.search(r"\| `DRAIN_SECONDS` \| `--drain-seconds` \| (\d+) \|", table).group(1))
        self.assertGreater(seconds(self.service["TimeoutStopSec"]), drain + 2)

    def test_systemd_waits_for_the_server_to_say_that_it_listens_and_lives(self):
        self.assertEqual((self.service["Type"], self.service["NotifyAccess"]), ("notify", "main"))
        self.assertIn("AF_UNIX", self.service["RestrictAddressFamilies"].split())
        self.assertGreaterEqual(seconds(self.service["WatchdogSec"]), 10)


if __name__ == "__main__":
    result = unittest.TextTestRunner(stream=sys.stdout, verbosity=0).run(
        unittest.defaultTestLoader.loadTestsFromTestCase(Unit))
    bad = len({str(case) for case, _ in result.failures + result.errors})
    print(f"{result.testsRun - bad} passed, {bad} failed")
    sys.exit(1 if bad else 0)
