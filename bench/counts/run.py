"""Counts what forwarding costs in fixed scenarios, and holds the counts to those in expected.md.

    run.py PROGRAM [--accept] [--top] [LOAD...]

PROGRAM is sfu-counts as built. Each load runs once under callgrind, for the instructions, and its calls of the kernel
are counted by the program itself. A count that grew by more than 3 % is named and fails; one that shrank by as much is
named too. --accept writes the table anew; --top tells which functions the instructions are in.
"""

import argparse
import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys
import tempfile

TABLE = pathlib.Path(__file__).resolve().parent / "expected.md"
LOADS = ("A", "B", "C", "D", "E", "F")
TOLERANCE = 0.03
LONGEST_RUN_SECONDS = 300
SHOWN_FUNCTIONS = 25

# What a shared object's name says of whose instructions are in it.
CIPHER_OBJECT = re.compile(r"/lib(crypto|IPSec_MB)\.so")

COLUMNS = ("instructions", "cipher", "send calls", "segments a call", "receive calls", "waits", "wake-ups", "bytes",
           "delay p50", "delay p99")
# More of these is better.
GAINS = {"segments a call"}

HEADING = """\
# What one forwarded packet costs

Counts for each packet that reached a viewer, in one second of virtual time of each load (`load.h`): the worker's user
instructions, its ciphers' left out; those of its ciphers (OpenSSL or libipsec-mb on valgrind's processor, which has
AVX2 and AES-NI but neither AVX512 nor VAES, so on a newer one they are fewer); its calls of the kernel; the bytes of
its datagrams. The delays, from a packet's arrival to its leaving, are microseconds of virtual time.

`./test bench` holds the server to this table; `./test bench --accept` writes it anew.
"""


# --- callgrind ----------------------------------------------------------------------------------------------------


class Profile:
    """Instructions by shared object and function, and how many of them ciphers were called for."""

    def __init__(self, text):
        self.by_function = {}
        self.in_ciphers = 0  # With what the libraries call in turn.
        names = {"fn": {}, "ob": {}}
        here = {"ob": "", "fn": ""}
        callee_object = None
        is_call = False
        for line in text.splitlines():
            named = re.match(r"(c?)(fn|ob|fi|fe|fl)=\((\d+)\)(?: (.*))?$", line)
            if named:
                of_callee, kind, number, name = named.groups()
                if kind not in names:
                    continue
                if name is not None:
                    names[kind][number] = name
                if not of_callee:
                    here[kind] = names[kind][number]
                elif kind == "ob":
                    callee_object = names[kind][number]
            elif line.startswith("calls="):
                is_call = True
            elif re.match(r"[+\-*\d]", line):
                cost = int(line.split()[1])
                if is_call:  # The line after calls= is the callee's cost; without cob= it is in the same object.
                    if callee_object and is_cipher(callee_object) and not is_cipher(here["ob"]):
                        self.in_ciphers += cost
                    callee_object = None
                else:
                    key = (here["ob"], here["fn"])
                    self.by_function[key] = self.by_function.get(key, 0) + cost
                is_call = False

    def total(self):
        return sum(self.by_function.values())

    def top(self, count):
        return sorted(self.by_function.items(), key=lambda item: -item[1])[:count]


def is_cipher(object_path):
    return CIPHER_OBJECT.search(object_path) is not None


def run_load(program, load, folder):
    """Returns the numbers that the program prints, and the profile."""
    out = pathlib.Path(folder) / f"callgrind.{load}"
    command = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}", "--instr-atstart=no",
               "--collect-atstart=no", program, load]
    # An environment of one size: the stack begins where it ends.
    done = subprocess.run(command, env={"PATH": os.defpath}, capture_output=True, text=True,
                          timeout=LONGEST_RUN_SECONDS, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"load {load}: {done.stderr.strip()}")
    printed = dict(line.split("\t") for line in done.stdout.splitlines())
    return {name: int(number) for name, number in printed.items()}, Profile(out.read_text())


# --- counts -------------------------------------------------------------------------------------------------------


def counts_of(printed, profile):
    """One row of the table."""
    packets = printed["forwarded"]
    return {
        "instructions": (profile.total() - profile.in_ciphers) / packets,
        "cipher": profile.in_ciphers / packets,
        "send calls": printed["send_calls"] / packets,
        "segments a call": printed["sent"] / max(printed["send_calls"], 1),
        "receive calls": printed["receive_calls"] / packets,
        "waits": printed["waits"] / packets,
        "wake-ups": printed["wake_ups"] / packets,
        "bytes": printed["bytes"] / packets,
        "delay p50": printed["delay_p50_ns"] / 1000,
        "delay p99": printed["delay_p99_ns"] / 1000,
    }


def write_number(number):
    return f"{number:.0f}" if number >= 100 else f"{number:.4g}"


def write_table(rows):
    lines = ["| load | " + " | ".join(COLUMNS) + " |", "|---" * (len(COLUMNS) + 1) + "|"]
    for load, counts in sorted(rows.items()):
        lines.append(f"| {load} | " + " | ".join(write_number(counts[column]) for column in COLUMNS) + " |")
    return HEADING + "\n" + "\n".join(lines) + "\n"


def read_table(text):
    rows = {}
    columns = None
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if not line.startswith("|") or line.startswith("|--"):
            continue
        if columns is None:
            columns = cells[1:]
        else:
            rows[cells[0]] = dict(zip(columns, map(float, cells[1:])))
    return rows


def compare(expected, measured):
    """Lines that name what changed, as (is worse, line)."""
    for column in COLUMNS:
        before, now = expected.get(column), measured[column]
        if before is None:
            yield True, f"{column}: {write_number(now)}, not in the table"
            continue
        change = (now - before) / before if before else float(now != before)
        if abs(change) <= TOLERANCE:
            continue
        is_worse = (change > 0) != (column in GAINS)
        verb = "grew" if change > 0 else "shrank"
        yield is_worse, f"{column} {verb} by {abs(change):.1%}: {write_number(before)} to {write_number(now)}"


# --- the run ------------------------------------------------------------------------------------------------------


def measure(program, loads):
    with tempfile.TemporaryDirectory() as folder, concurrent.futures.ThreadPoolExecutor(max_workers=2) as pool:
        # The longest first.
        running = {load: pool.submit(run_load, program, load, folder) for load in loads}
        return {load: future.result() for load, future in running.items()}


def report(load, expected, counts):
    """Prints one load's verdict. Returns whether it holds."""
    if expected is None:
        print(f"load {load}: not in the table; --accept puts it there")
        return False
    changes = list(compare(expected, counts))
    print(f"load {load}: " + ("as expected" if not changes else "changed"))
    for is_worse, line in changes:
        print(f"  {'WORSE ' if is_worse else 'better'} {line}")
    return not any(is_worse for is_worse, _ in changes)


def show_top(profile, packets):
    for (where, function), cost in profile.top(SHOWN_FUNCTIONS):
        print(f"  {cost / packets:8.1f}  {function[:110]}  [{pathlib.Path(where).name}]")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", type=pathlib.Path)
    parser.add_argument("loads", nargs="*", metavar="LOAD", default=LOADS)
    parser.add_argument("--accept", action="store_true", help="write the table anew")
    parser.add_argument("--top", action="store_true", help="tell the functions that most instructions are in")
    options = parser.parse_intermixed_args()

    results = measure(options.program.resolve(), options.loads)
    rows = {load: counts_of(*result) for load, result in results.items()}
    expected = read_table(TABLE.read_text()) if TABLE.exists() else {}
    if options.accept:
        TABLE.write_text(write_table({**expected, **rows}))
        print(f"written: {TABLE}")
        return 0
    held = [load for load in rows if report(load, expected.get(load), rows[load])]
    if options.top:
        for load, (printed, profile) in results.items():
            print(f"load {load}, instructions for each forwarded packet:")
            show_top(profile, printed["forwarded"])
    if len(held) < len(rows):
        print("if this is meant: ./test bench --accept")
    print(f"{len(held)} passed, {len(rows) - len(held)} failed")
    return 0 if len(held) == len(rows) else 1


if __name__ == "__main__":
    sys.exit(main())
