"""Tests of the comparison's arithmetic."""

import pathlib
import sys
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import figures


def results(**changed):
    one = {
        "window": {"cpu_us_per_packet": 2.0, "softirq_us_per_packet": 0.1, "lost": 3, "packets_per_s": 1000.0},
        "delta_latency_us": {"count": 5, "p50": 100.0, "p99": 400.0},
        "latency_us": {"count": 9, "p50": 900.0, "p99": 990.0},
        "memory_bytes": {"before": 10 * 1024, "joined": 110 * 1024, "end": 0},
        "consumers": 50,
        "streams": {"packets": 200, "padding_bytes": 100},
        "join_ms": {"server time": {"count": 1, "p50": 7.0}},
        "failures": [],
        "unmet": [],
    }
    one.update(changed)
    return one


class OneRun(unittest.TestCase):
    def test_latency_is_that_of_delta_frames_where_there_are_some(self):
        self.assertEqual(figures.read_run(results()).figures["p99"], 400.0)
        audio = results(delta_latency_us={"count": 0, "p50": 0.0, "p99": 0.0})
        self.assertEqual(figures.read_run(audio).figures["p99"], 990.0)

    def test_memory_is_what_joining_took_shared_by_the_consumers(self):
        self.assertEqual(figures.read_run(results()).figures["memory"], 2.0)

    def test_what_a_run_does_not_tell_is_none(self):
        bare = results(window={"lost": 0, "packets_per_s": 0.0}, consumers=0,
                       streams={"packets": 0, "padding_bytes": 0}, join_ms={"server time": {"count": 0, "p50": 0.0}})
        del bare["memory_bytes"]
        told = figures.read_run(bare).figures
        self.assertEqual([name for name, value in told.items() if value is None],
                         ["cpu", "softirq", "memory", "join", "padding", "held"])

    def test_the_hold_is_that_of_all_flushes_also_of_those_that_waited_for_nothing(self):
        stats = {"workerStats": [{"flushes": 10, "heldMicroseconds": 50}, {"flushes": 0, "heldMicroseconds": 0}]}
        self.assertEqual(figures.read_run(results(server_stats=stats)).figures["held"], 5.0)

    def test_padding_is_for_each_packet(self):
        self.assertEqual(figures.read_run(results()).figures["padding"], 0.5)

    def test_all_complaints_are_kept(self):
        run = figures.read_run(results(failures=["one did not join"], unmet=["3 packets lost"]))
        self.assertEqual(run.problems, ("one did not join", "3 packets lost"))


def runs(*cpu):
    return [figures.read_run(results(window={**results()["window"], "cpu_us_per_packet": one})) for one in cpu]


class Comparison(unittest.TestCase):
    def test_a_server_is_its_median_run(self):
        self.assertEqual(figures.median_of(runs(9.0, 2.0, 3.0), "cpu"), 3.0)

    def test_a_run_that_does_not_tell_is_left_out_of_the_median(self):
        self.assertEqual(figures.median_of(runs(None, 2.0, 4.0), "cpu"), 3.0)
        self.assertIsNone(figures.median_of(runs(None), "cpu"))

    def test_a_ratio_says_how_many_times_ours_the_peers_is(self):
        self.assertEqual(figures.ratio(6.0, 2.0), 3.0)

    def test_a_ratio_to_nothing_is_none(self):
        self.assertIsNone(figures.ratio(6.0, 0))
        self.assertIsNone(figures.ratio(None, 2.0))

    def test_the_table_has_each_server_and_each_peers_ratio(self):
        lines = figures.table({"this server": runs(2.0), "peer": runs(6.0)}).splitlines()
        self.assertIn("peer / this server", lines[0])
        self.assertEqual(lines[1].split(), ["CPU", "for", "each", "forwarded", "packet,", "us", "2.00", "6.00", "3.00"])
        self.assertEqual(len(lines), 1 + len(figures.FIGURES))

    def test_without_a_peer_there_is_no_ratio(self):
        self.assertNotIn("/ this server", figures.table({"this server": runs(2.0)}))


if __name__ == "__main__":
    result = unittest.TextTestRunner(stream=sys.stdout, verbosity=0).run(
        unittest.defaultTestLoader.loadTestsFromModule(sys.modules["__main__"]))
    bad = len({str(case) for case, _ in result.failures + result.errors})
    print(f"{result.testsRun - bad} passed, {bad} failed")
    sys.exit(1 if bad else 0)
