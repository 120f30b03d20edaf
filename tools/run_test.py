"""Runs ./run with a server of the test's own making, and sees that it starts, stops and starts again as it says."""

import os
import pathlib
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent
PATIENCE_SECONDS = 20

# Says each start on the pipe, then does what the next line of the script file asks.
SERVER = """#!/usr/bin/env bash
echo "start $$ $* in $PWD" >"$EVENTS"
step=$(head -n 1 "$STEPS")
sed -i 1d "$STEPS"
case $step in
  exit*) exit "${step#exit }" ;;
  crash) kill -SEGV $$ ;;
  wait*)
    trap 'echo "stopped by TERM" >"$EVENTS"; exit "${step#wait }"' TERM
    trap 'echo "stopped by INT" >"$EVENTS"; exit "${step#wait }"' INT
    mkfifo "$STEPS.never"
    echo "ready" >"$EVENTS"
    # In turns: a signal that comes just before read blocks is seen at its end.
    while :; do read -t 0.2 -r _ <>"$STEPS.never" || true; done ;;
  drain)
    count=0
    trap 'count=$((count + 1)); echo "signal $count" >"$EVENTS"; if [ $count = 3 ]; then exit 0; fi' TERM
    mkfifo "$STEPS.never"
    echo "ready" >"$EVENTS"
    while :; do read -t 0.2 -r _ <>"$STEPS.never" || true; done ;;
esac
"""


class Run(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)
        shutil.copy(ROOT / "run", self.folder)
        for tool in ("install", "build_server", "build_page"):
            self.write(f"tools/{tool}", "#!/bin/sh\nexit 0\n")
        self.write("build/release/src/meetlite-sfu", SERVER)
        os.mkfifo(self.folder / "events")
        self.events = os.open(self.folder / "events", os.O_RDWR)
        self.addCleanup(os.close, self.events)

    def write(self, path, text):
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        file.chmod(0o755)

    def start(self, *steps, arguments=()):
        self.write("steps", "".join(f"{step}\n" for step in steps))
        env = {**os.environ, "EVENTS": str(self.folder / "events"), "STEPS": str(self.folder / "steps")}
        process = subprocess.Popen([self.folder / "run", *arguments], env=env, stdin=subprocess.DEVNULL, text=True,
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd="/", start_new_session=True)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(self.end, process)
        return process

    def end(self, process):
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass

    def next_event(self, patience):
        """One line that the server said, or an empty one where it says nothing in so many seconds."""
        line = b""
        while not line.endswith(b"\n"):
            if not select.select([self.events], [], [], patience)[0]:
                break
            line += os.read(self.events, 1)
        return line.decode()

    def expect(self, text):
        self.assertIn(text, self.next_event(PATIENCE_SECONDS))

    def outcome(self, process):
        output, _ = process.communicate(timeout=PATIENCE_SECONDS)
        return process.returncode, output

    def until_it_waits(self, process):
        """For the server: bash sees a signal of the instant before its `wait` blocks only after that."""
        folder = pathlib.Path(f"/proc/{process.pid}")
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            sleeps = (folder / "stat").read_text().rpartition(")")[2].split()[0] == "S"
            # "0" where the kernel does not tell.
            if sleeps and (folder / "wchan").read_text() in ("do_wait", "0"):
                return
            time.sleep(0.01)

    def signal(self, process, number):
        self.until_it_waits(process)
        process.send_signal(number)

    def test_hands_every_setting_to_the_server_in_the_callers_folder(self):
        process = self.start("exit 0", arguments=["--port", "4000", "a b"])
        self.expect("--port 4000 a b in /")
        self.assertEqual(self.outcome(process), (0, ""))

    def test_help_starts_nothing_else(self):
        self.write("tools/build_page", "#!/bin/sh\nexit 9\n")
        process = self.start("exit 0", arguments=["--port", "1", "--help"])
        self.expect(" --help in /")
        self.assertEqual(self.outcome(process), (0, ""))

    def test_a_failed_build_is_not_started(self):
        self.write("tools/build_server", "#!/bin/sh\necho broken; exit 7\n")
        self.assertEqual(self.outcome(self.start("exit 0")), (7, "broken\n"))

    def test_refused_settings_are_final(self):
        self.assertEqual(self.outcome(self.start("exit 2", "exit 0")), (2, ""))

    def test_a_start_that_fails_is_final(self):
        status, output = self.outcome(self.start("exit 1", "exit 0"))
        self.assertEqual(status, 1)
        self.assertIn("could not start", output)

    def test_a_crash_is_said_and_the_server_started_again(self):
        process = self.start("crash", "exit 0")
        self.expect("start")
        self.expect("start")
        status, output = self.outcome(process)
        self.assertEqual(status, 0)
        self.assertIn("was ended by signal SEGV", output)

    def test_crashes_at_once_are_spaced_out_further_and_further(self):
        _, output = self.outcome(self.start("crash", "exit 3", "exit 134", "exit 0"))
        said = [line.split("again in ")[1] for line in output.splitlines() if "again in" in line]
        self.assertEqual(said, ["250 ms", "500 ms", "1000 ms"])

    def test_a_stop_while_waiting_to_start_again_is_a_stop(self):
        process = self.start(*["crash"] * 3, "wait 0")
        for _ in range(3):
            self.expect("start")
        while "1000 ms" not in process.stdout.readline():
            pass
        self.signal(process, signal.SIGTERM)
        self.assertEqual(self.outcome(process)[0], 128 + signal.SIGTERM)

    def test_a_stop_is_handed_on_and_its_exit_status_handed_back(self):
        for number, name, status in ((signal.SIGTERM, "TERM", 0), (signal.SIGINT, "INT", 0), (signal.SIGTERM, "TERM", 5)):
            with self.subTest(name=name, status=status):
                process = self.start(f"wait {status}")
                self.expect("start")
                self.expect("ready")
                self.signal(process, number)
                self.expect(f"stopped by {name}")
                self.assertEqual(self.outcome(process), (status, ""))
                (self.folder / "steps.never").unlink()

    def test_a_second_stop_is_handed_on_while_the_server_drains(self):
        process = self.start("drain")
        self.expect("start")
        self.expect("ready")
        for number in (1, 2, 3):
            self.signal(process, signal.SIGTERM)
            self.expect(f"signal {number}")
        self.assertEqual(self.outcome(process), (0, ""))

    def test_a_closed_terminal_ends_the_server_as_ctrl_c_does(self):
        process = self.start("wait 0")
        self.expect("start")
        self.expect("ready")
        self.signal(process, signal.SIGHUP)
        self.expect("stopped by INT")
        self.assertEqual(self.outcome(process), (0, ""))

    def test_ctrl_c_in_a_terminal_reaches_the_server_once(self):
        process = self.start("wait 0")
        self.expect("start")
        self.expect("ready")
        self.until_it_waits(process)
        os.killpg(process.pid, signal.SIGINT)
        self.expect("stopped by INT")
        self.assertEqual(self.outcome(process), (0, ""))
        self.assertEqual(self.next_event(0), "")

    def test_the_server_goes_when_the_script_is_killed(self):
        process = self.start("wait 0")
        self.expect("start")
        self.expect("ready")
        process.kill()
        self.expect("stopped by TERM")


if __name__ == "__main__":
    result = unittest.TextTestRunner(stream=sys.stdout, verbosity=0).run(
        unittest.defaultTestLoader.loadTestsFromTestCase(Run))
    bad = len({str(case) for case, _ in result.failures + result.errors})
    print(f"{result.testsRun - bad} passed, {bad} failed")
    sys.exit(1 if bad else 0)
