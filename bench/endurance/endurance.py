"""Keeps 30 people in 6 rooms of one server for an hour, lets faults befall them, their networks and the server, and holds
everybody's media to go on, and the server to what it was before they came.

usage: endurance.py --server PROGRAM --clients SFU_ENDURANCE [--minutes N] [--seed N] [--out FOLDER]

The server, best one built with sanitizers, is started anew at once whenever it ends, as its service unit does; that it was
killed is one of the faults, any other end is a crash. What happens is told as it happens. The last line is "N passed, N failed".
"""

import argparse
import dataclasses
import json
import os
import pathlib
import random
import re
import secrets
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "soak"))
import soak  # noqa: E402

GRACE_SECONDS = 10
SAMPLE_SECONDS = 5
IDLE_SECONDS = 3
FORGET_SECONDS = 60
# Until a new process has filled its caches, and the allocator's quarantine.
SETTLING_SECONDS = 300
FEWEST_SAMPLES = 60
# Of resident memory while people come and go. What is freed waits for its second use under the address sanitizer: as
# long as 256 MB of it wait, its default, nothing but that would be measured.
QUARANTINE = "quarantine_size_mb=16"
MOST_BYTES_AN_HOUR = 32 << 20
MOST_MORE_DESCRIPTORS = 2
MOST_MORE_WAKE_UPS = 20.0
REPORT = re.compile(r"(ERROR|WARNING): \w*Sanitizer|runtime error:|SUMMARY: \w*Sanitizer|broken invariant|what must hold|request failed inside", re.I)


@dataclasses.dataclass
class Sample:
    process: int  # Counted from 1.
    seconds: float  # Since it started.
    resident: int


@dataclasses.dataclass
class Look:
    """The server with nobody in it."""

    descriptors: int
    threads: int
    wake_ups: float


def resident_bytes(pid):
    pages = int(pathlib.Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGESIZE")


class Watcher:
    """Starts the server, and again whenever it ends."""

    def __init__(self, program, folder, environment):
        self.program, self.folder = program, folder
        self.port = soak.free_port(soak.socket.SOCK_STREAM)
        self.secret = secrets.token_hex(16)
        media = 32_000 + random.randrange(0, 2_000, 8)
        self.environment = {
            **environment, "PORT": str(self.port), "JWT_SECRET": self.secret, "LISTEN_IP": "127.0.0.1",
            "MEDIASOUP_LISTEN_IP": "127.0.0.1", "MEDIASOUP_NUM_WORKERS": "2", "MEDIASOUP_MIN_PORT": str(media),
            "MEDIASOUP_MAX_PORT": str(media + 7), "RECONNECT_GRACE_SECONDS": str(GRACE_SECONDS), "DRAIN_SECONDS": "0",
            "LOG_LEVEL": "warn",
        }
        self.url = f"http://127.0.0.1:{self.port}"
        self.pid_file = folder / "server.pid"
        self.log = open(folder / "server.log", "w", encoding="utf-8")
        self.stopping = False
        self.crashes, self.kills, self.samples = [], 0, []
        self.process, self.number = None, 0
        self.start()
        self.thread = threading.Thread(target=self.watch, daemon=True)
        self.thread.start()

    def start(self):
        self.number += 1
        self.started = time.monotonic()
        self.process = subprocess.Popen([self.program], env=self.environment, cwd=self.folder, stdout=self.log, stderr=self.log)
        temporary = self.pid_file.with_suffix(".new")
        temporary.write_text(f"{self.process.pid}\n")
        temporary.rename(self.pid_file)

    def watch(self):
        next_sample = 0.0
        while not self.stopping:
            status = self.process.poll()
            if status is not None and not self.stopping:
                if status == -signal.SIGKILL:
                    self.kills += 1
                else:
                    self.crashes.append(f"process {self.number} ended with {status} after {time.monotonic() - self.started:.0f} s")
                    print(f"FAILED: the server's {self.crashes[-1]}", flush=True)
                self.start()
            if time.monotonic() >= next_sample:
                next_sample = time.monotonic() + SAMPLE_SECONDS
                try:
                    self.samples.append(Sample(self.number, time.monotonic() - self.started, resident_bytes(self.process.pid)))
                except (OSError, IndexError):
                    pass
            time.sleep(0.05)

    def get(self, path):
        with urllib.request.urlopen(self.url + path, timeout=10) as answer:
            return json.load(answer)

    def is_healthy(self):
        return self.get("/health")["status"] == "OK"

    def forgot_everybody(self):
        return soak.holds_nothing(self.get("/stats"))

    def wake_ups(self):
        return soak.wake_ups(self.process.pid)

    def look(self):
        before, since = self.wake_ups(), time.monotonic()
        time.sleep(IDLE_SECONDS)
        wake_ups = (self.wake_ups() - before) / (time.monotonic() - since)
        proc = pathlib.Path(f"/proc/{self.process.pid}")
        return Look(len(list((proc / "fd").iterdir())), len(list((proc / "task").iterdir())), wake_ups)

    def stop(self):
        self.stopping = True
        self.thread.join()
        self.process.terminate()
        try:
            return self.process.wait(60)  # What leaked is looked for at the end.
        except subprocess.TimeoutExpired:
            return None
        finally:
            self.process.kill()
            self.log.close()


def growth(samples):
    """Bytes an hour of the last process once it has settled, and how many samples say so."""
    last = [one for one in samples if one.process == samples[-1].process and one.seconds > SETTLING_SECONDS] if samples else []
    if len(last) < FEWEST_SAMPLES:
        return None, len(last)
    points = [soak.Look(people=one.seconds, resident=one.resident, heap=0, packets=0, descriptors=0, threads=0, wake_ups=0, vanished=False)
              for one in last[::max(1, len(last) // 200)]]
    return soak.slope(points, "resident") * 3600, len(last)


def reports(log):
    """Lines in which a sanitizer, or the server's own checks, say that something is wrong."""
    return [line for line in log.splitlines() if REPORT.search(line)]


def judge(before, after, samples, crashes, found, results, forgot, status):
    """Each claim by name, with whether it holds and the figures."""
    failures = results["failures"]
    yield ("everybody's media went on outside the faults, and everybody came back", not failures,
           f"{len(failures)} failures, {results['frames']:,} frames decoded" + (f"; first: {failures[0]}" if failures else ""))
    yield "the server never ended but by the faults", not crashes, "; ".join(crashes) or "no crash"
    yield "no sanitizer found anything", not found, "; ".join(found[:3]) or "no report"
    yield "the server forgot everybody", forgot, "no room, transport, producer or consumer is left" if forgot else "something is left"
    yield ("descriptors end where they began", after.descriptors <= before.descriptors + MOST_MORE_DESCRIPTORS,
           f"{before.descriptors} then {after.descriptors}")
    yield "threads end where they began", after.threads == before.threads, f"{before.threads} then {after.threads}"
    yield ("an empty server wakes up no more often than before anybody came",
           after.wake_ups <= before.wake_ups + MOST_MORE_WAKE_UPS, f"{before.wake_ups:.1f} then {after.wake_ups:.1f} for each second")
    by_hour, count = growth(samples)
    said = f"{by_hour / 2**20:.1f} MB an hour by {count} samples" if by_hour is not None else f"not judged: only {count} samples"
    yield "resident memory does not grow", by_hour is None or by_hour <= MOST_BYTES_AN_HOUR, said
    yield "the server ends with status 0, and nothing leaked", status == 0, f"status {status}"


def show_faults(results):
    def said(span):
        return "-" if span["p50"] is None else f"{span['p50']:.0f} / {span['max']:.0f}"

    print(f"{'fault':28} {'times':>6} {'longest gap p50 / max':>24} {'recovery p50 / max':>22}  (ms)")
    for kind, one in results["faults"].items():
        print(f"{kind:28} {one['injected']:6} {said(one['gapMs']):>24} {said(one['recoveryMs']):>22}")
    print(f"everybody back after a restart: {said(results['restartMs'])} ms; this process itself was kept from running "
          f"{results['ownAbsences']} times, at most {results['longestOwnAbsenceMs']:.0f} ms")
    for text, count in results["counts"].items():
        print(f"{count:6} times: {text}")


def endure(options, folder):
    environment = {name: os.environ[name] for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "ASAN_SYMBOLIZER_PATH", "PATH")
                   if name in os.environ}
    environment["ASAN_OPTIONS"] = ":".join(filter(None, (environment.get("ASAN_OPTIONS"), QUARANTINE)))
    server = Watcher(options.server, folder, environment)
    soak.wait_until("the server answers", server.is_healthy, 60)
    before = server.look()
    results_file = folder / "results.json"
    command = [options.clients, "--url", server.url, "--secret", server.secret, "--pid-file", server.pid_file, "--seed", options.seed,
               "--minutes", options.minutes, "--grace", GRACE_SECONDS, "--json", results_file, *options.more]
    clients = subprocess.run([str(word) for word in command], check=False)
    if not results_file.exists():
        raise RuntimeError(f"the clients ended with {clients.returncode}")
    results = json.loads(results_file.read_text())
    forgot = True
    try:
        soak.wait_until("the server has forgotten everybody", server.forgot_everybody, FORGET_SECONDS)
    except (TimeoutError, OSError) as error:
        print(f"FAILED: {error}")
        forgot = False
    after = server.look()
    status = server.stop()
    if server.kills > results["faults"]["server killed"]["injected"]:
        server.crashes.append(f"{server.kills} processes were killed, and not all by a fault")
    found = reports((folder / "server.log").read_text(errors="replace"))
    return list(judge(before, after, server.samples, server.crashes, found, results, forgot, status)), results


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--server", type=os.path.abspath, required=True)
    parser.add_argument("--clients", type=os.path.abspath, required=True)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--seed", type=int, default=random.randrange(1, 1_000_000))
    parser.add_argument("--out", type=pathlib.Path, help="where the server's log and the results stay")
    parser.add_argument("more", nargs="*", help="further words for the clients, after --")
    options = parser.parse_args()
    print(f"seed {options.seed}, {options.minutes:g} minutes", flush=True)
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.out or pathlib.Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        claims, results = endure(options, folder.resolve())
    show_faults(results)
    for claim, holds, figures in claims:
        print(f"{'ok    ' if holds else 'FAILED'} {claim}: {figures}")
    failed = sum(not holds for _, holds, _ in claims)
    print(f"seed {options.seed}, {results['seconds'] / 60:.1f} minutes")
    print(f"{len(claims) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
