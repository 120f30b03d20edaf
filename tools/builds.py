"""The build directories of ./test: what is configured how, and built where."""

import hashlib
import re
import shutil
import subprocess

from outcomes import ROOT, count_exit, run_logged

RELEASE = ROOT / "build" / "release"
SANITIZE = ROOT / "build" / "sanitize"
THREADS = ROOT / "build" / "tsan"
BENCH = ROOT / "build" / "bench"
BUILD_SECONDS = 2400


def say(text):
    print(f"test: {text}", flush=True)


class Build:
    """A CMake build directory."""

    def __init__(self, directory, *options):
        self.directory = directory
        self.options = options

    def configure(self):
        """Nothing where it worked, else the failed Outcome."""
        name = f"configure {self.directory.name}"
        wanted = hashlib.sha256(repr(self.options).encode()).hexdigest()
        stamp = self.directory / ".configured-for"
        if (self.directory / "build.ninja").exists() and stamp.exists() and stamp.read_text() == wanted:
            return None
        command = ["cmake", "-S", ROOT, "-B", self.directory, "-G", "Ninja", *self.options]
        outcome = count_exit(name, *run_logged(name, command, BUILD_SECONDS))
        if outcome.failed:
            return outcome
        stamp.write_text(wanted)
        return None

    def build(self, *targets):
        """Builds what can be built. Returns the Outcome of a failure, or nothing."""
        failure = self.configure()
        if failure:
            return failure
        label = " ".join(targets) if targets and len(targets) <= 3 else f"{len(targets) or 'all'} targets"
        say(f"building {self.directory.relative_to(ROOT)}: {label}")
        name = f"build {self.directory.name}"
        command = ["flock", self.directory / ".lock", "ninja", "-C", self.directory, "-k", "0", *targets]
        outcome = count_exit(name, *run_logged(name, command, BUILD_SECONDS))
        return outcome if outcome.failed else None

    def programs(self, suffix):
        """Paths, relative to the build directory, of the programs whose name ends so."""
        failure = self.configure()
        if failure:
            return []
        # The list of files may have changed since: ninja looks again before it answers.
        subprocess.run(["ninja", "-C", str(self.directory), "build.ninja"], capture_output=True, check=False)
        listing = subprocess.run(["ninja", "-C", str(self.directory), "-t", "targets", "all"],
                                 capture_output=True, text=True, check=False).stdout
        return sorted(re.findall(rf"^(\S+{suffix}): CXX_EXECUTABLE_LINKER", listing, re.M))

    def is_current(self, target):
        """Whether a program can be built, or has been, in a build whose whole failed."""
        return subprocess.run(["ninja", "-C", str(self.directory), target], capture_output=True, check=False).returncode == 0


RELEASE_BUILD = Build(RELEASE, "-DCMAKE_BUILD_TYPE=Release")
BENCH_BUILD = Build(BENCH, "-DCMAKE_BUILD_TYPE=Release", "-DSFU_BENCH=ON")
# Tests under the sanitizers and fuzz targets share their objects: both want clang, and the instrumentation that
# guides the fuzzer does not disturb a test.
SANITIZE_BUILD = Build(
    SANITIZE, "-DCMAKE_C_COMPILER=clang-19", "-DCMAKE_CXX_COMPILER=clang++-19", "-DCMAKE_BUILD_TYPE=Debug",
    "-DCMAKE_CXX_FLAGS_DEBUG=-O1 -g1", "-DSFU_SANITIZE=ON", "-DSFU_FUZZ=ON")
SANITIZER_ENVIRONMENT = {
    "ASAN_OPTIONS": "detect_leaks=1:abort_on_error=0:strict_string_checks=1",
    "UBSAN_OPTIONS": "print_stacktrace=1",
    "ASAN_SYMBOLIZER_PATH": shutil.which("llvm-symbolizer-19") or "",
}
# Where real threads meet: the mailbox, the rings between workers, the service beside them.
THREADS_BUILD = Build(
    THREADS, "-DCMAKE_C_COMPILER=clang-19", "-DCMAKE_CXX_COMPILER=clang++-19", "-DCMAKE_BUILD_TYPE=Debug",
    "-DCMAKE_CXX_FLAGS_DEBUG=-O1 -g1", "-DSFU_SANITIZE_THREADS=ON")
THREADED_PROGRAMS = ("worker_test", "integration_test")
THREADS_ENVIRONMENT = {
    "TSAN_OPTIONS": "halt_on_error=0:exitcode=66:second_deadlock_stack=1",
    "TSAN_SYMBOLIZER_PATH": shutil.which("llvm-symbolizer-19") or "",
}
