"""Puts the same load on this server and its peers in turn, and tells what each takes for it.

Each server runs alone, pinned to one core with one worker and its default settings; the load generator has another
core. A comparison goes round as often as --rounds says (A B A B ...), so that what disturbs this machine disturbs all of
them, and its figures are medians. CPU is that of all threads of the server's processes during the measured window,
divided by the packets that viewers received and verified; latency and loss are of the same run.
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

LOADS = ("A", "B", "C", "D", "E", "F")
SLACK_SECONDS = 180


def say(text):
    print(f"compare: {text}", flush=True)


def parse():
    parser = argparse.ArgumentParser(prog="bench/compare", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--server", type=pathlib.Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--generator", type=pathlib.Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--load", action="append", choices=LOADS, help="may be given several times [A]")
    parser.add_argument("--peer", action="append", choices=("mediasoup", "janus"), help="[all that can be had]")
    parser.add_argument("--rounds", type=int, default=3, help="runs of each server on each load [3]")
    parser.add_argument("--duration", type=int, default=20, help="seconds of a measured window [20]")
    parser.add_argument("--server-core", type=int, default=0, help="the core of the servers [0]")
    parser.add_argument("--load-core", type=int, default=1, help="the core of the load generator [1]")
    parser.add_argument("--json", type=pathlib.Path, help="write all runs to a file")
    parser.add_argument("arguments", nargs="*", metavar="-- ARGUMENT", help="more for sfu-load")
    options = parser.parse_args()
    if options.server_core == options.load_core:
        parser.error("servers and load generator need a core each")
    if not {options.server_core, options.load_core} <= os.sched_getaffinity(0):
        parser.error(f"this machine has the cores {sorted(os.sched_getaffinity(0))}")
    options.load = options.load or ["A"]
    return options


def choose(options):
    """The servers that can be had; the others are said with the reason."""
    candidates = [servers.ThisServer(options.server)]
    candidates += [peer for peer in (servers.Mediasoup(), servers.Janus())
                   if not options.peer or peer.name in options.peer]
    chosen = []
    for candidate in candidates:
        try:
            candidate.prepare()
            chosen.append(candidate)
        except servers.Unavailable as reason:
            say(f"skipped {candidate.name}: {reason}")
    return chosen


def measure(candidate, load, options, folder):
    """One run. Returns sfu-load's results."""
    secret = servers.new_secret()
    server = candidate.start(options.server_core, pathlib.Path(folder) / "server.log", secret)
    try:
        server.await_port()
        out = pathlib.Path(folder) / "results.json"
        out.unlink(missing_ok=True)
        command = [options.generator, "--url", server.url, "--load", load, "--duration", options.duration,
                   "--server-pid", server.pid, "--server-core", options.server_core, "--core", options.load_core,
                   "--json", out, "--quiet", *options.arguments]
        done = subprocess.run([str(part) for part in command], env={**os.environ, "JWT_SECRET": secret},
                              stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=options.duration + SLACK_SECONDS, check=False)
        if not out.exists():
            raise servers.Unavailable(f"the load generator says: {(done.stderr or done.stdout).strip()[-500:]}")
        return {**json.loads(out.read_text()), "server_stats": server.stats()}
    except subprocess.TimeoutExpired:
        raise servers.Unavailable("the load generator did not end") from None
    finally:
        server.stop()


def compare(load, chosen, options, folder):
    """Returns the results of all runs by server."""
    results = {candidate.name: [] for candidate in chosen}
    for round_number in range(1, options.rounds + 1):
        for candidate in chosen:
            try:
                results[candidate.name].append(measure(candidate, load, options, folder))
            except servers.Unavailable as reason:
                say(f"load {load}, round {round_number}, {candidate.name}: no result: {reason}")
                continue
            run = figures.read_run(results[candidate.name][-1])
            say(f"load {load}, round {round_number}, {candidate.name}: "
                f"{figures.write_value(run.figures['cpu'], 2)} us for each packet")
            for problem in run.problems:
                say(f"  {problem}")
    return results


def main():
    options = parse()
    chosen = choose(options)
    everything = {}
    complete = True
    with tempfile.TemporaryDirectory() as folder:
        for load in options.load:
            everything[load] = compare(load, chosen, options, folder)
            runs = {name: list(map(figures.read_run, some)) for name, some in everything[load].items() if some}
            complete = complete and len(runs) == len(chosen)
            if runs:
                print(f"\nload {load}, medians of {options.rounds}:\n{figures.table(runs)}\n", flush=True)
    if options.json:
        options.json.write_text(json.dumps(everything))
    return 0 if complete else 1


if __name__ == "__main__":
    sys.exit(main())
