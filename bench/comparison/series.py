"""Measures this server and its peers with ever more viewers of one camera, and with ever more rooms of one camera and
one viewer, and draws processor time and latency against both (viewers.png, rooms.png).

A server that loses packets is at its limit: larger loads are not put on it. What it takes up to there is drawn.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
import figures
import servers
from main import measure

PLOT = servers.ROOT / "bench" / "load" / "plot.py"
SERIES = {
    "viewers": [(count, ["--rooms", 1, "--publishers", 1, "--viewers", count])
                for count in (10, 20, 50, 100, 200, 500, 1000, 2000)],
    "rooms": [(count, ["--rooms", count, "--publishers", 1, "--viewers", 1]) for count in (1, 3, 10, 30, 100, 300)],
}


def say(text):
    print(f"series: {text}", flush=True)


def parse():
    parser = argparse.ArgumentParser(prog="bench/series", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--server", type=pathlib.Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--generator", type=pathlib.Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("."), help="the folder of the pictures")
    parser.add_argument("--peer", action="append", choices=("mediasoup", "janus"), default=[], help="[none]")
    parser.add_argument("--duration", type=int, default=8, help="seconds of each measured window [8]")
    for name in SERIES:
        parser.add_argument(f"--{name}-limit", type=float, metavar="US",
                            help="of the bare loop (sfu-micro), for each packet: drawn beside what servers take")
    parser.add_argument("--server-core", type=int, default=0, help="the core of the servers [0]")
    parser.add_argument("--load-core", type=int, default=1, help="the core of the load generator [1]")
    return parser.parse_args()


def run_series(name, candidate, options, folder):
    """Writes a file for each size that the server could serve; returns their paths."""
    written = []
    for count, shape in SERIES[name]:
        options.arguments = shape
        try:
            results = measure(candidate, "free", options, folder)
        except servers.Unavailable as reason:
            say(f"{candidate.name}, {count} {name}: no result: {reason}")
            break
        run = figures.read_run(results)
        say(f"{candidate.name}, {count} {name}: {figures.write_value(run.figures['cpu'], 2)} us for each packet")
        for problem in run.problems:
            say(f"  {problem}")
        if results["window"]["lost"] or run.problems:
            break
        path = pathlib.Path(folder) / f"{candidate.name.replace(' ', '_')}-{name}-{count}.json"
        path.write_text(json.dumps(results))
        written.append(path)
    return written


def main():
    options = parse()
    candidates = [servers.ThisServer(options.server)]
    candidates += [peer for peer in (servers.Mediasoup(), servers.Janus()) if peer.name in options.peer]
    complete = True
    with tempfile.TemporaryDirectory() as folder:
        for name in SERIES:
            files = []
            for candidate in candidates:
                try:
                    candidate.prepare()
                except servers.Unavailable as reason:
                    say(f"skipped {candidate.name}: {reason}")
                    complete = False
                    continue
                files += [f"{candidate.name}={path}" for path in run_series(name, candidate, options, folder)]
            limit = getattr(options, f"{name}_limit")
            limit = ["--limit", str(limit)] if limit else []
            subprocess.run(["/usr/bin/python3", PLOT, "--out", options.out, *limit, *files], check=True, env=os.environ)
    return 0 if complete else 1


if __name__ == "__main__":
    sys.exit(main())
