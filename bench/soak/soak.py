"""Lets thousands of people join one server, talk and go, and holds its memory, descriptors and wake-ups to what they were.

usage: soak.py --server PROGRAM --load SFU_LOAD [--minutes N] [--people N] [--json FILE]

A round is rooms full of people, driven by sfu-load. Every other round they leave as they should; in the rounds between, the
whole load is killed while it talks, so that all of them vanish at once. After each round the server is left alone until it
has forgotten everybody, and looked at. The last line is "N passed, N failed".
"""

import argparse
import dataclasses
import itertools
import json
import os
import pathlib
import random
import secrets
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

ROOMS, PUBLISHERS, VIEWERS = 40, 1, 4
PEOPLE_IN_A_ROUND = ROOMS * (PUBLISHERS + VIEWERS)
TALK_SECONDS = 4
# Vanished people stay for the grace period, and for 5 s where no media ever came.
GRACE_SECONDS = 5
FORGET_SECONDS = 90
IDLE_SECONDS = 3
# The first rounds fill caches, arenas and the allocator's free lists.
SETTLING_SHARE = 0.4
# What memory may grow by for each person who came and went: nothing, within what one page of noise makes of a run.
MOST_BYTES_FOR_EACH = 64
# Resident memory has the allocator's holes as well, which come and go by the page.
MOST_RESIDENT_FOR_EACH = 1024
# What the sockets of two workers receive into is taken with the first packets.
MOST_MORE_PACKETS = 0
MOST_MORE_DESCRIPTORS = 2
MOST_MORE_WAKE_UPS = 20.0


@dataclasses.dataclass
class Look:
    """The server with nobody in it."""

    people: int
    resident: int  # Both without the room that is kept for packets, whose most at once a busy machine decides.
    heap: int
    packets: int  # Buffers in use: what sockets receive into.
    descriptors: int
    threads: int
    wake_ups: float  # For each second: a timer that was left behind would go on waking somebody.
    vanished: bool


def holds_nothing(stats):
    """Whether the answer of /stats tells of no room, transport, producer or consumer."""
    held = [worker[what] for worker in stats["workerStats"] for what in ("routers", "transports", "producers", "consumers")]
    return stats["rooms"] == 0 and not any(held)


def wake_ups(pid):
    """Of all threads of a process so far: how often each went to sleep of its own will."""
    statuses = [(task / "status").read_text() for task in pathlib.Path(f"/proc/{pid}/task").iterdir()]
    return sum(int(status.split("\nvoluntary_ctxt_switches:")[1].split()[0]) for status in statuses)


class Server:
    def __init__(self, program, folder):
        self.port = free_port(socket.SOCK_STREAM)
        self.secret = secrets.token_hex(16)
        self.log = open(folder / "server.log", "w", encoding="utf-8")
        media = 30_000 + random.randrange(0, 2_000, 8)
        env = {
            "PORT": str(self.port), "JWT_SECRET": self.secret, "LISTEN_IP": "127.0.0.1", "MEDIASOUP_LISTEN_IP": "127.0.0.1",
            "MEDIASOUP_NUM_WORKERS": "2", "MEDIASOUP_MIN_PORT": str(media), "MEDIASOUP_MAX_PORT": str(media + 7),
            "RECONNECT_GRACE_SECONDS": str(GRACE_SECONDS), "DRAIN_SECONDS": "0", "LOG_LEVEL": "warn",
        }
        self.process = subprocess.Popen([program], env=env, cwd=folder, stdout=self.log, stderr=self.log)
        self.url = f"http://127.0.0.1:{self.port}"
        wait_until("the server answers", lambda: self.get("/health")["status"] == "OK", 20)

    def get(self, path):
        with urllib.request.urlopen(self.url + path, timeout=10) as answer:
            return json.load(answer)

    def forgot_everybody(self):
        return holds_nothing(self.get("/stats"))

    def wake_ups(self):
        return wake_ups(self.process.pid)

    def look(self, people, vanished):
        before, since = self.wake_ups(), time.monotonic()
        time.sleep(IDLE_SECONDS)
        wake_ups = (self.wake_ups() - before) / (time.monotonic() - since)
        memory = self.get("/health")["memory"]
        workers = self.get("/stats")["workerStats"]
        kept = sum(worker["packetBufferBytes"] for worker in workers)
        packets = sum(worker["packetBuffersInUse"] for worker in workers)
        proc = pathlib.Path(f"/proc/{self.process.pid}")
        return Look(people, memory["rss"] - kept, memory["heapUsed"] - kept, packets, len(list((proc / "fd").iterdir())),
                    len(list((proc / "task").iterdir())), wake_ups, vanished)

    def stop(self):
        self.process.terminate()
        try:
            return self.process.wait(10)
        finally:
            self.process.kill()
            self.log.close()


def free_port(kind):
    with socket.socket(socket.AF_INET, kind) as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def wait_until(what, ask, limit):
    end = time.monotonic() + limit
    while True:
        try:
            if ask():
                return
        except OSError:
            pass
        if time.monotonic() > end:
            raise TimeoutError(f"not within {limit} s: {what}")
        time.sleep(0.2)


def talk(load, server, vanish, folder):
    """One round. Returns what went wrong, or nothing."""
    command = [load, "--url", server.url, "--secret", server.secret, "--rooms", ROOMS, "--publishers", PUBLISHERS,
               "--viewers", VIEWERS, "--audio", "--rate", 300, "--fps", 10, "--ramp", 4, "--warmup", 0.5, "--duration", TALK_SECONDS]
    with open(folder / "load.log", "w", encoding="utf-8") as log:
        process = subprocess.Popen([str(word) for word in command], stdout=log, stderr=log)
        if not vanish:
            status = process.wait(180)
            return None if status == 0 else (folder / "load.log").read_text()[-1500:]

        def everybody_talks():
            stats = server.get("/stats")
            return stats["totalParticipants"] == PEOPLE_IN_A_ROUND and stats["totalConsumers"] > 0

        try:
            wait_until("everybody has joined", everybody_talks, 120)
            time.sleep(1)
        finally:
            process.kill()
            process.wait()
    return None


def slope(looks, what):
    """Of a figure by people: the median of the slopes between every two looks (Theil and Sen). What leaks grows between
    all of them; a free list that is once filled higher than before is one step, and none."""
    points = [(look.people, getattr(look, what)) for look in looks]
    slopes = [(y - b) / (x - a) for (a, b), (x, y) in itertools.combinations(points, 2) if x != a]
    return statistics.median(slopes) if slopes else 0.0


def judge(looks):
    """Each claim by name, with whether it holds and the figures."""
    settled = looks[int(len(looks) * SETTLING_SHARE):]
    first, last = settled[0], settled[-1]
    heap = slope(settled, "heap")
    resident = slope(settled, "resident")
    yield ("what the heap holds does not grow with people who came and went", heap <= MOST_BYTES_FOR_EACH,
           f"{heap:.1f} bytes for each, {first.heap / 1e6:.2f} MB then {last.heap / 1e6:.2f} MB")
    yield ("resident memory does not grow", resident <= MOST_RESIDENT_FOR_EACH,
           f"{resident:.1f} bytes for each, {first.resident / 1e6:.2f} MB then {last.resident / 1e6:.2f} MB")
    yield ("packet buffers in use end where they began", last.packets <= first.packets + MOST_MORE_PACKETS,
           f"{first.packets} then {last.packets}")
    yield ("descriptors end where they began", last.descriptors <= looks[0].descriptors + MOST_MORE_DESCRIPTORS,
           f"{looks[0].descriptors} then {last.descriptors}")
    yield "threads end where they began", last.threads == looks[0].threads, f"{looks[0].threads} then {last.threads}"
    yield ("an empty server wakes up no more often than before anybody came",
           last.wake_ups <= looks[0].wake_ups + MOST_MORE_WAKE_UPS,
           f"{looks[0].wake_ups:.1f} then {last.wake_ups:.1f} for each second")


def soak(options, folder):
    server = Server(options.server, folder)
    began = time.monotonic()
    looks = [server.look(0, False)]
    failures = []
    rounds = -(-options.people // PEOPLE_IN_A_ROUND)
    for number in range(1, rounds + 1):
        vanish = number % 2 == 0
        wrong = talk(options.load, server, vanish, folder)
        if wrong:
            failures.append(f"round {number}: {wrong}")
        if server.process.poll() is not None:
            raise RuntimeError(f"the server ended with {server.process.returncode}: {(folder / 'server.log').read_text()[-2000:]}")
        wait_until("the server has forgotten everybody", server.forgot_everybody, FORGET_SECONDS)
        looks.append(server.look(number * PEOPLE_IN_A_ROUND, vanish))
        one = looks[-1]
        print(f"round {number}: {one.people} people, heap {one.heap / 1e6:.2f} MB, resident {one.resident / 1e6:.2f} MB, "
              f"{one.packets} packet buffers, {one.descriptors} descriptors, {one.wake_ups:.1f} wake-ups/s{', vanished' if vanish else ''}", flush=True)
        if options.minutes is not None and time.monotonic() - began > options.minutes * 60:
            break
    status = server.stop()
    return looks, failures, status


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--server", type=os.path.abspath, required=True)
    parser.add_argument("--load", type=os.path.abspath, required=True)
    parser.add_argument("--minutes", type=float, help="end after the round that passes this")
    parser.add_argument("--people", type=int, default=5_000)
    parser.add_argument("--json", type=pathlib.Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        looks, failures, status = soak(options, pathlib.Path(folder))
    if options.json:
        options.json.write_text(json.dumps([dataclasses.asdict(look) for look in looks], indent=1))
    claims = [*judge(looks), ("every round that was to end well did", not failures, "; ".join(failures) or "all"),
              ("the server ends with status 0", status == 0, f"status {status}")]
    for claim, holds, figures in claims:
        print(f"{'ok    ' if holds else 'FAILED'} {claim}: {figures}")
    failed = sum(not holds for _, holds, _ in claims)
    print(f"{len(claims) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
