"""Tests of plot.py's arithmetic and pictures. The last line says how many passed and failed."""

import importlib.util
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent


def results(viewers, rooms=1, cpu=2.0, p50=100.0):
    times = {"count": 3, "p50": p50, "p99": 10 * p50}
    return {
        "load": "free", "shape": {"rooms": rooms, "viewers": viewers},
        "window": {"packets_per_s": 1000.0, "cpu_us_per_packet": cpu},
        "latency_us": times, "delta_latency_us": times,
        "latency_buckets_us": [[100.0, 2], [1000.0, 1]], "delta_latency_buckets_us": [[100.0, 2], [1000.0, 1]],
    }


@unittest.skipUnless(importlib.util.find_spec("matplotlib"), "matplotlib is not installed")
class PlotTest(unittest.TestCase):
    def setUp(self):
        sys.path.insert(0, str(HERE))
        import plot
        self.plot = plot

    def test_shares_end_at_all(self):
        self.assertEqual(self.plot.shares([[10, 1], [20, 3]]), ([10, 20], [0.25, 1.0]))

    def test_density_is_even_where_every_value_comes_as_often_as_the_one_before_it(self):
        # Buckets of 1 us to 4 us, each with as many packets as it has nanoseconds for each doubling.
        buckets = [[(1024 + 16 * (i + 1) - 1) / 1000, 16] for i in range(64)]
        buckets += [[(2048 + 32 * (i + 1) - 1) / 1000, 32] for i in range(64)]
        ends, counts = self.plot.density(buckets)
        self.assertEqual(len(ends), 128)
        for end, count in zip(ends, counts):
            self.assertAlmostEqual(count / (end * 1000 * 0.693), 1, delta=0.02)

    def test_runs_of_the_same_load_are_told_by_their_median(self):
        runs = [("a", results(10, cpu=cpu)) for cpu in (1.0, 9.0, 2.0)] + [("a", results(5, cpu=4.0))]
        lines = self.plot.median_lines(runs, self.plot.viewers, lambda one: one["window"]["cpu_us_per_packet"])
        self.assertEqual(lines, {"a": [(5, 4.0), (10, 2.0)]})

    def test_runs_that_do_not_tell_the_figure_make_no_line(self):
        self.assertEqual(self.plot.median_lines([("a", results(1))], self.plot.rooms, lambda one: None), {})

    def test_draws_one_run_and_several(self):
        with tempfile.TemporaryDirectory() as folder:
            files = []
            for viewers in (10, 50):
                files.append(pathlib.Path(folder) / f"{viewers}.json")
                files[-1].write_text(json.dumps(results(viewers)))
            for arguments in (files[:1], [f"ours={path}" for path in files]):
                command = [sys.executable, HERE / "plot.py", "--out", folder, *arguments]
                subprocess.run(command, check=True, capture_output=True)
            made = sorted(path.name for path in pathlib.Path(folder).glob("*.png"))
        self.assertEqual(made, ["latency.png", "viewers.png"])


if __name__ == "__main__":
    run = unittest.main(exit=False, verbosity=0).result
    failed = len(run.failures) + len(run.errors)
    skipped = len(run.skipped)
    print(f"{run.testsRun - failed - skipped} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
    sys.exit(1 if failed else 0)
