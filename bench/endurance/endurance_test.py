"""Sees that the verdict on an hour of faults notices what went wrong, and nothing else."""

import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import endurance  # noqa: E402

CLAIMS = 9
EMPTY = endurance.Look(descriptors=20, threads=4, wake_ups=8.0)
RESULTS = {"failures": [], "frames": 1_000_000}


def samples(by_hour=0, process=2, count=200):
    """A process that was killed, and the one after it, which takes 40 MB until it has settled."""
    made = [endurance.Sample(process - 1, 10.0 * number, 90_000_000) for number in range(50)]
    for number in range(count):
        seconds = 10.0 * number
        grown = min(seconds, 250) * 160_000 + by_hour * seconds / 3600 + 500_000 * (number % 3)
        made.append(endurance.Sample(process, seconds, int(100_000_000 + grown)))
    return made


def held(**changed):
    known = {"before": EMPTY, "after": EMPTY, "samples": samples(), "crashes": [], "found": [], "results": RESULTS,
             "forgot": True, "status": 0}
    return [holds for _, holds, _ in endurance.judge(**{**known, **changed})]


class Judge(unittest.TestCase):
    def test_passes_a_server_that_bore_everything(self):
        self.assertEqual(held(), [True] * CLAIMS)

    def test_notices_each_thing_that_is_wrong(self):
        wrong = [{"results": {"failures": ["somebody saw nothing"], "frames": 1}}, {"crashes": ["process 1 ended with -6"]},
                 {"found": ["ERROR: AddressSanitizer"]}, {"forgot": False},
                 {"after": endurance.Look(descriptors=23, threads=4, wake_ups=8.0)},
                 {"after": endurance.Look(descriptors=20, threads=5, wake_ups=8.0)},
                 {"after": endurance.Look(descriptors=20, threads=4, wake_ups=38.0)},
                 {"samples": samples(by_hour=64 << 20)}, {"status": 23}]
        for at, changed in enumerate(wrong):
            with self.subTest(changed):
                self.assertEqual(held(**changed), [number != at for number in range(CLAIMS)])

    def test_says_where_a_run_is_too_short_to_judge_memory(self):
        _, holds, figures = list(endurance.judge(EMPTY, EMPTY, samples(count=40), [], [], RESULTS, True, 0))[7]
        self.assertTrue(holds)
        self.assertIn("not judged", figures)

    def test_finds_what_sanitizers_and_checks_say_in_a_log(self):
        log = "\n".join(["12:00 warn: a worker is stuck", "==7==ERROR: AddressSanitizer: heap-use-after-free on address 0x1",
                         "a.cc:3:5: runtime error: signed integer overflow", "==7==ERROR: LeakSanitizer: detected memory leaks",
                         "SUMMARY: AddressSanitizer: 40 byte(s) leaked in 1 allocation(s)."])
        self.assertEqual(len(endurance.reports(log)), 4)
        self.assertEqual(endurance.reports("12:00 warn: nothing else"), [])


if __name__ == "__main__":
    result = unittest.TextTestRunner(stream=sys.stdout, verbosity=0).run(
        unittest.defaultTestLoader.loadTestsFromTestCase(Judge))
    bad = len({str(case).split(" (")[0] for case, _ in result.failures + result.errors})
    print(f"{result.testsRun - bad} passed, {bad} failed")
    sys.exit(1 if bad else 0)
