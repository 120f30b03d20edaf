"""Builds and runs the suites of ./test, and adds up what they say.

Each suite is a function that yields Outcomes. A suite that crashes, hangs or counts nothing has failed; what was
skipped is said, and never counted as passed.
"""

import argparse
import concurrent.futures
import json
import pathlib
import re
import signal
import subprocess
import sys
import time

sys.dont_write_bytecode = True
from builds import (BENCH, BENCH_BUILD, BUILD_SECONDS, RELEASE, RELEASE_BUILD, SANITIZE, SANITIZE_BUILD, SANITIZER_ENVIRONMENT,
                    THREADED_PROGRAMS, THREADS_BUILD, THREADS_ENVIRONMENT, say)
from outcomes import ROOT, Outcome, count_exit, count_gtest, count_last_line, environment, run_logged

# Longest that one program of each kind may take; a suite that needs more hangs.
UNIT_SECONDS = 120
SCENARIO_SECONDS = 600
INTEGRATION_SECONDS = 300
CONFORMANCE_SECONDS = 180
CONTRACT_SECONDS = 300
E2E_SECONDS = 1200
PAGE_SECONDS = 300
TOOLS_SECONDS = 120
BENCH_SECONDS = 900
SOAK_SECONDS = 3600  # Where no --minutes say otherwise.
ENDURANCE_MINUTES = 60
FUZZ_SECONDS = 4
FUZZ_INPUT_SECONDS = 30  # For one input: more is a hang.
FUZZ_ENDING_SECONDS = 60  # For the last input, and for what it says at its end.
SANITIZER_SLOWDOWN = 4
THREADS_SLOWDOWN = 6


# --- suites -------------------------------------------------------------------------------------------------------


def kind_of(program):
    stem = pathlib.Path(program).name.removesuffix("_test")
    return stem if stem in ("scenario", "integration") else "unit"


def gtest_programs(build, kinds):
    return [program for program in build.programs("_test") if kind_of(program) in kinds]


def run_gtest(build, program, arguments=(), sanitized=False):
    seconds = {"unit": UNIT_SECONDS, "scenario": SCENARIO_SECONDS, "integration": INTEGRATION_SECONDS}[kind_of(program)]
    name = pathlib.Path(program).name
    env = environment()
    if build is THREADS_BUILD:
        name, seconds, env = f"{name} threads", seconds * THREADS_SLOWDOWN, environment(**THREADS_ENVIRONMENT)
    elif sanitized:
        name, seconds, env = f"{name} sanitized", seconds * SANITIZER_SLOWDOWN, environment(**SANITIZER_ENVIRONMENT)
    return count_gtest(name, *run_logged(name, [build.directory / program, *arguments], seconds, env=env))


def gtest_suite(kinds, build=RELEASE_BUILD, sanitized=False, filters=()):
    programs = gtest_programs(build, kinds)
    if not programs:
        yield Outcome(" and ".join(kinds), 0, 1, 0, "no test program of this kind is described by the build")
        return
    failure = build.build(*programs)
    if failure:
        yield failure
    for program in programs:
        if failure and not build.is_current(program):
            yield Outcome(pathlib.Path(program).name, 0, 1, 0, "could not be built")
            continue
        yield run_gtest(build, program, filters, sanitized)


def python_suite(name, script):
    command = ["/usr/bin/python3", script]
    yield count_last_line(name, *run_logged(name, command, TOOLS_SECONDS))


def tools_suite():
    """The project's own scripts, and those of the instruments."""
    for script in sorted([*(ROOT / "tools").glob("*_test.py"), *(ROOT / "bench").glob("*/*_test.py")]):
        folder = script.parent.name
        name = script.stem if folder == "tools" else f"{folder} {script.stem}"
        yield from python_suite(name, script)


def threads_suite():
    """The programs in which threads meet, under the thread sanitizer."""
    programs = [program for program in THREADS_BUILD.programs("_test") if pathlib.Path(program).name in THREADED_PROGRAMS]
    if len(programs) != len(THREADED_PROGRAMS):
        yield Outcome("threads", 0, 1, 0, f"the build describes not all of {', '.join(THREADED_PROGRAMS)}")
        return
    failure = THREADS_BUILD.build(*programs)
    if failure:
        yield failure
    for program in programs:
        if not failure or THREADS_BUILD.is_current(program):
            yield run_gtest(THREADS_BUILD, program)


def fuzz_suite(only=None, seconds=FUZZ_SECONDS):
    programs = [program for program in SANITIZE_BUILD.programs("_fuzz") if only in (None, pathlib.Path(program).name)]
    if not programs:
        yield Outcome("fuzz", 0, 1, 0, "no fuzz target is described by the build")
        return
    failure = SANITIZE_BUILD.build(*programs)
    if failure:
        yield failure
    # Two at a time: each is one thread that runs for a set time.
    with concurrent.futures.ThreadPoolExecutor(max_workers=2) as pool:
        yield from pool.map(lambda program: fuzz(program, failure, seconds), programs)


def fuzz(program, build_failure, seconds):
    name = pathlib.Path(program).name
    if build_failure and not SANITIZE_BUILD.is_current(program):
        return Outcome(name, 0, 1, 0, "could not be built")
    seeds = ROOT / "fuzz" / "corpus" / name
    found = ROOT / "build" / "fuzz-corpus" / name
    crashes = ROOT / "build" / "fuzz-crashes" / name
    for folder in (found, crashes):
        folder.mkdir(parents=True, exist_ok=True)
    command = [SANITIZE / program, f"-max_total_time={seconds}", f"-timeout={FUZZ_INPUT_SECONDS}", "-rss_limit_mb=2048",
               "-print_final_stats=1", f"-artifact_prefix={crashes}/", found, *([seeds] if seeds.is_dir() else [])]
    outcome = count_exit(name, *run_logged(name, command, seconds + UNIT_SECONDS + FUZZ_ENDING_SECONDS,
                                           env=environment(**SANITIZER_ENVIRONMENT)))
    executed = re.search(r"stat::number_of_executed_units: *(\d+)", outcome.log.read_text(errors="replace"))
    if executed and not outcome.failed:
        outcome.note = f"{int(executed[1]):,} executions"
    return outcome


def npm_script(folder, script, name, timeout, count=count_exit, arguments=()):
    extra = ["--", *arguments] if arguments else []
    return count(name, *run_logged(name, ["npm", "run", "--silent", script, *extra], timeout, cwd=folder))


def npm_packages(folder):
    name = f"npm packages of {folder.relative_to(ROOT)}"
    outcome = count_exit(name, *run_logged(name, [ROOT / "tools" / "npm_packages", folder], PAGE_SECONDS))
    return outcome if outcome.failed else None


def page_suite():
    folder = ROOT / "demo"
    if not (folder / "package.json").exists():
        yield Outcome("page", 0, 1, 0, "demo/package.json is not there")
        return
    failure = npm_packages(folder)
    if failure:
        yield failure
        return
    scripts = json.loads((folder / "package.json").read_text()).get("scripts", {})
    for script in ("lint", "typecheck"):
        yield npm_script(folder, script, f"page {script}", PAGE_SECONDS)
    if "test" in scripts:
        yield npm_script(folder, "test", "page tests", PAGE_SECONDS, count_last_line)
    yield count_exit("page build", *run_logged("page build", [ROOT / "tools" / "build_page"], PAGE_SECONDS))


def node_suite(name, folder, script, timeout, targets, arguments=()):
    """A folder with npm packages and a script that ends in "N passed, N failed"."""
    if not (folder / "package.json").exists():
        yield Outcome(name, 0, 1, 0, f"{folder.relative_to(ROOT)}/package.json is not there")
        return
    failure = RELEASE_BUILD.build(*targets)
    if failure:
        yield failure
        return
    failure = npm_packages(folder)
    if failure:
        yield failure
        return
    env = environment(SFU_BINARY=str(RELEASE / "src" / "meetlite-sfu"))
    yield count_last_line(name, *run_logged(name, ["npm", *script, *arguments], timeout, cwd=folder, env=env))


def conformance_suite():
    arguments = ["--", RELEASE / "tests" / "socketio-echo"]
    yield from node_suite("conformance", ROOT / "tests" / "conformance", ["test", "--silent"], CONFORMANCE_SECONDS,
                          ["socketio-echo"], arguments)


def contract_suite():
    return node_suite("contract", ROOT / "tests" / "contract", ["test", "--silent"], CONTRACT_SECONDS, ["meetlite-sfu"])


def e2e_suite(names=()):
    if (ROOT / "demo" / "package.json").exists():
        built = count_exit("page build", *run_logged("page build", [ROOT / "tools" / "build_page"], PAGE_SECONDS))
        if built.failed:
            yield built
            return
    arguments = ["--", *names] if names else []
    yield from node_suite("e2e", ROOT / "tests" / "e2e", ["test", "--silent"], E2E_SECONDS, ["meetlite-sfu"], arguments)


def bench_suite(accept=False):
    """What a forwarded packet costs, held to bench/counts/expected.md, and the tests of the load generator. `accept`
    writes that table anew."""
    installed = count_exit("install bench", *run_logged("install bench", [ROOT / "tools" / "install", "bench"], BUILD_SECONDS))
    failure = installed if installed.failed else BENCH_BUILD.build("sfu-counts", "load_test", "endurance_test")
    if failure:
        yield failure
        return
    command = ["/usr/bin/python3", ROOT / "bench" / "counts" / "run.py", BENCH / "bench" / "counts" / "sfu-counts"]
    if accept:
        yield count_exit("bench accepted", *run_logged("bench", [*command, "--accept"], BENCH_SECONDS))
        return
    yield run_gtest(BENCH_BUILD, "bench/load/load_test")
    yield run_gtest(BENCH_BUILD, "bench/endurance/endurance_test")
    yield count_exit("bench peers", *run_logged("bench peers", ["node", "--test", ROOT / "bench" / "peers" / "peers_test.mjs"],
                                                TOOLS_SECONDS))
    outcome = count_last_line("bench", *run_logged("bench", command, BENCH_SECONDS))
    for line in outcome.log.read_text(errors="replace").splitlines():
        if not outcome.failed and line.startswith("  better"):
            outcome.note = "some counts shrank: ./test bench --accept holds the server to them"
    yield outcome


def soak_suite(minutes=None):
    """Thousands of people come, talk and go, by sfu-load, and the server is held to what it was before."""
    installed = count_exit("install bench", *run_logged("install bench", [ROOT / "tools" / "install", "bench"], BUILD_SECONDS))
    failure = installed if installed.failed else BENCH_BUILD.build("meetlite-sfu", "sfu-load")
    if failure:
        yield failure
        return
    command = ["/usr/bin/python3", ROOT / "bench" / "soak" / "soak.py", "--server", BENCH / "src" / "meetlite-sfu",
               "--load", BENCH / "bench" / "load" / "sfu-load"]
    if minutes is not None:
        # As many as come in that time.
        command += ["--minutes", minutes, "--people", 1_000_000]
    patience = SOAK_SECONDS if minutes is None else minutes * 60 + 600
    yield count_last_line("soak", *run_logged("soak", command, patience))


def endurance_suite(minutes=ENDURANCE_MINUTES, seed=None):
    """People in meetings whom faults befall, and a server with sanitizers that has to bear it."""
    installed = count_exit("install bench", *run_logged("install bench", [ROOT / "tools" / "install", "bench"], BUILD_SECONDS))
    failure = installed if installed.failed else BENCH_BUILD.build("sfu-endurance", "endurance_test") or SANITIZE_BUILD.build("meetlite-sfu")
    if failure:
        yield failure
        return
    yield run_gtest(BENCH_BUILD, "bench/endurance/endurance_test")
    sanitizers = {**SANITIZER_ENVIRONMENT, "ASAN_OPTIONS": f"{SANITIZER_ENVIRONMENT['ASAN_OPTIONS']}:quarantine_size_mb=16"}
    command = ["/usr/bin/python3", ROOT / "bench" / "endurance" / "endurance.py", "--server", SANITIZE / "src" / "meetlite-sfu",
               "--clients", BENCH / "bench" / "endurance" / "sfu-endurance", "--minutes", minutes, "--out", ROOT / "build" / "endurance"]
    if seed is not None:
        command += ["--seed", seed]
    yield count_last_line("soak faults", *run_logged("soak faults", command, minutes * 60 + 600, env=environment(**sanitizers)))


SUITES = {
    "architecture": lambda: python_suite("architecture", ROOT / "tools" / "check_architecture.py"),
    "tools": tools_suite,
    "unit": lambda: gtest_suite(["unit"]),
    "scenario": lambda: gtest_suite(["scenario"]),
    "integration": lambda: gtest_suite(["integration"]),
    "conformance": conformance_suite,
    "contract": contract_suite,
    "fuzz": fuzz_suite,
    "page": page_suite,
    "e2e": e2e_suite,
    "bench": bench_suite,
    "soak": soak_suite,
}
# Too slow for each run of everything.
ON_REQUEST = {"bench", "soak"}


def single(name):
    """A test program, a fuzz target, a GoogleTest filter, or an end-to-end test; the first that fits."""
    programs = RELEASE_BUILD.programs("_test")
    for program in programs:
        if pathlib.Path(program).name in (name, f"{name}_test"):
            failure = RELEASE_BUILD.build(program)
            return [failure] if failure else [run_gtest(RELEASE_BUILD, program)]
    if name.endswith("_fuzz"):
        return list(fuzz_suite(name))
    if name.startswith("e2e:"):
        return list(e2e_suite([name.removeprefix("e2e:")]))
    return list(filtered(name, programs))


def filtered(pattern, programs):
    failure = RELEASE_BUILD.build(*programs)
    if failure:
        yield failure
    ran = False
    wanted = pattern if "*" in pattern else f"*{pattern}*"
    for program in programs:
        if not (RELEASE / program).exists():
            continue
        listing = subprocess.run([str(RELEASE / program), "--gtest_list_tests", f"--gtest_filter={wanted}"],
                                 capture_output=True, text=True, check=False).stdout
        if re.search(r"^  \S", listing, re.M):
            ran = True
            yield run_gtest(RELEASE_BUILD, program, [f"--gtest_filter={wanted}"])
    if not ran:
        yield Outcome(pattern, 0, 1, 0, "no suite, test program, fuzz target or test case has this name")


# --- the whole ----------------------------------------------------------------------------------------------------


def report(outcome):
    mark = "FAILED" if outcome.failed else "ok"
    parts = [f"{outcome.passed} passed"]
    if outcome.failed:
        parts.append(f"{outcome.failed} failed")
    if outcome.skipped:
        parts.append(f"{outcome.skipped} skipped")
    note = f": {outcome.note}" if outcome.note else ""
    print(f"  {mark:6} {outcome.name}: {', '.join(parts)} ({outcome.seconds:.1f} s){note}", flush=True)
    if outcome.failed and outcome.log:
        show_failure(outcome.log)


def show_failure(log):
    lines = log.read_text(errors="replace").splitlines()
    # Cases that passed, and a compiler's long command lines.
    quiet = re.compile(r"^ok    |^\[(       OK|  SKIPPED| RUN     )|^\[----------\]|^\[\d+/\d+\] |^(/\S+/)?(ccache|c\+\+|g\+\+) ")
    lines = [line for line in lines if line.strip() and not quiet.match(line)]
    for line in lines[-60:]:
        print(f"         {line}")
    print(f"         (all of it: {log.relative_to(ROOT)})", flush=True)


def list_names():
    print("suites:        " + " ".join(SUITES) + f" (all but {' '.join(sorted(ON_REQUEST))} where none is named)")
    print("test programs: " + " ".join(pathlib.Path(program).name for program in RELEASE_BUILD.programs("_test")))
    fuzz = sorted(path.stem for path in (ROOT / "fuzz").glob("*_fuzz.cc"))
    print("fuzz targets:  " + " ".join(fuzz) + " (with --minutes N for long runs)")
    print("with --sanitize: " + " ".join(SANITIZED) + ", or test programs")
    print("or a part of a GoogleTest name (Suite.Name, with *), or e2e:NAME for one end-to-end test")


def chosen(options):
    if options.sanitize:
        return lambda: sanitized(options.names or SANITIZED)
    if options.faults:
        return lambda: endurance_suite(options.minutes or ENDURANCE_MINUTES, options.seed)
    if options.minutes is not None and options.names == ["soak"]:
        return lambda: soak_suite(options.minutes)
    if options.minutes is not None:
        return lambda: long_fuzz(options.names, round(options.minutes * 60))
    names = options.names or [name for name in SUITES if name not in ON_REQUEST]
    if options.accept:
        return lambda: bench_suite(accept=True)

    def outcomes():
        if not options.names:
            # One build of everything keeps both cores busy; what failed is reported by the suites that need it.
            failure = RELEASE_BUILD.build()
            if failure:
                yield failure
        for name in names:
            say(name)
            yield from SUITES[name]() if name in SUITES else single(name)

    return outcomes


SANITIZED = ["unit", "scenario", "integration", "threads"]


def sanitized(names):
    kinds = [name for name in names if name in SANITIZED and name != "threads"]
    if kinds:
        yield from gtest_suite(kinds, SANITIZE_BUILD, sanitized=True)
    if "threads" in names:
        yield from threads_suite()
    yield from sanitized_programs([name for name in names if name not in SANITIZED])


def long_fuzz(names, seconds):
    for name in names or ["fuzz"]:
        yield from fuzz_suite(None if name == "fuzz" else name, seconds)


def sanitized_programs(names):
    if not names:
        return
    for program in SANITIZE_BUILD.programs("_test"):
        if pathlib.Path(program).name in {*names, *(f"{name}_test" for name in names)}:
            failure = SANITIZE_BUILD.build(program)
            yield failure or run_gtest(SANITIZE_BUILD, program, sanitized=True)


def main():
    parser = argparse.ArgumentParser(prog="./test", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="a suite, a test program, a fuzz target or a test case")
    parser.add_argument("--sanitize", action="store_true",
                        help="the C++ tests under the address and undefined sanitizers; threads: under the thread sanitizer")
    parser.add_argument("--minutes", type=float, metavar="N", help="fuzz, or a fuzz target: for so long each, two at a time; soak: for so long")
    parser.add_argument("--faults", action="store_true", help="soak: an hour, or --minutes N, of meetings with faults instead")
    parser.add_argument("--seed", type=int, metavar="N", help="soak --faults: the faults of that seed again")
    parser.add_argument("--accept", action="store_true", help="bench: hold the server to what it counts now")
    parser.add_argument("--list", action="store_true", help="tell the names")
    options = parser.parse_args()
    if options.list:
        list_names()
        return 0

    signal.signal(signal.SIGTERM, lambda *_: sys.exit("test: ended by SIGTERM"))
    started = time.monotonic()
    outcomes = []
    for outcome in chosen(options)():
        if outcome.name.startswith("build ") and any(outcome.name == earlier.name for earlier in outcomes):
            continue  # The same build, failed again for another suite.
        report(outcome)
        outcomes.append(outcome)

    passed = sum(outcome.passed for outcome in outcomes)
    failed = sum(outcome.failed for outcome in outcomes)
    skipped = sum(outcome.skipped for outcome in outcomes)
    if passed + failed == 0:
        failed = 1
        say("no test ran")
    if failed:
        say("failed: " + ", ".join(outcome.name for outcome in outcomes if outcome.failed))
    say(f"took {time.monotonic() - started:.0f} s")
    print(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""), flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
