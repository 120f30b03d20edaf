"""Runs one program of a suite and counts what it says: passed, failed, skipped. A program that crashes, hangs or counts
nothing has failed."""

import dataclasses
import os
import pathlib
import re
import signal
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
LOGS = ROOT / "build" / "test-logs"

COUNT_LINE = re.compile(r"^(?:\w+: )?(\d+) passed, (\d+) failed(?:, (\d+) skipped)?(?: \((.+)\))?\s*$")


@dataclasses.dataclass
class Outcome:
    name: str
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    note: str = ""
    log: pathlib.Path | None = None
    seconds: float = 0.0


def environment(**more):
    return {**os.environ, "NO_COLOR": "1", "CI": os.environ.get("CI", ""), **more}


def run_logged(name, command, timeout, cwd=ROOT, env=None):
    """Runs a program in a process group of its own. Returns (exit status or why there is none, log, seconds)."""
    LOGS.mkdir(parents=True, exist_ok=True)
    log = LOGS / (re.sub(r"[^\w.-]+", "_", name) + ".log")
    started = time.monotonic()
    with open(log, "wb") as out:
        process = subprocess.Popen(
            [str(part) for part in command], cwd=cwd, env=env or environment(), stdin=subprocess.DEVNULL,
            stdout=out, stderr=subprocess.STDOUT, start_new_session=True)
        try:
            status = process.wait(timeout)
        except subprocess.TimeoutExpired:
            status = f"took longer than {timeout} s and was ended"
        except BaseException:  # This program is being ended itself.
            end_group(process)
            raise
        end_group(process)
    return status, log, time.monotonic() - started


def end_group(process):
    """Ends what a suite left running, first politely."""
    for number, patience in ((signal.SIGTERM, 2.0), (signal.SIGKILL, 5.0)):
        try:
            os.killpg(process.pid, number)
        except ProcessLookupError:
            break
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            process.poll()
            try:
                os.killpg(process.pid, 0)
            except ProcessLookupError:
                return
            time.sleep(0.05)
    process.poll()


def describe_status(status):
    if isinstance(status, str):
        return status
    if status < 0:
        return f"was ended by {signal.Signals(-status).name}"
    return f"ended with exit status {status}"


def count_gtest(name, status, log, seconds):
    """Counts test cases in a GoogleTest log; a program that ends badly without a failed case counts as one."""
    text = log.read_text(errors="replace")
    passed = len(re.findall(r"^\[       OK \] ", text, re.M))
    failed = len(re.findall(r"^\[  FAILED  \] .*\(\d+ ms\)$", text, re.M))
    skipped = len(re.findall(r"^\[  SKIPPED \] .*\(\d+ ms\)$", text, re.M))
    note = ""
    died = isinstance(status, str) or status < 0
    if died or status != 0 and failed == 0:
        started = re.findall(r"^\[ RUN      \] (\S+)", text, re.M)
        ended = re.findall(r"^\[(?:       OK|  FAILED|  SKIPPED) \] (\S+?),? .*\(\d+ ms\)$", text, re.M)
        within = f" in {started[-1]}" if len(started) > len(ended) else ""
        failed, note = failed + 1, describe_status(status) + within
    elif passed + failed + skipped == 0:
        failed, note = 1, "ran no test"
    return Outcome(name, passed, failed, skipped, note, log, seconds)


def count_last_line(name, status, log, seconds):
    """Takes a suite's own closing line "N passed, N failed", and a remark in brackets behind it as a note."""
    lines = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
    found = COUNT_LINE.match(lines[-1]) if lines else None
    if not found:
        return Outcome(name, 0, 1, 0, f"{describe_status(status)} without a closing count", log, seconds)
    passed, failed, skipped = (int(part or 0) for part in found.groups()[:3])
    note = found[4] or ""
    if status != 0 and failed == 0:
        failed, note = 1, describe_status(status)
    elif passed + failed + skipped == 0:
        failed, note = 1, "ran no test"
    return Outcome(name, passed, failed, skipped, note, log, seconds)


def count_exit(name, status, log, seconds):
    """For a program that is one test."""
    good = status == 0
    return Outcome(name, int(good), int(not good), 0, "" if good else describe_status(status), log, seconds)
