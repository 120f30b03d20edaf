"""Sees that the soak notices what grows, and nothing else."""

import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import soak  # noqa: E402


def looks(**grown):
    """Ten rounds of 200; each named figure grows by so much for each person."""
    made = []
    for number in range(11):
        people = 200 * number
        figures = {"resident": 30_000_000, "heap": 10_000_000, "packets": 64, "descriptors": 20, "threads": 4, "wake_ups": 8.0}
        for name, by in grown.items():
            figures[name] += by * people
        # Noise, and the filling of caches that the first rounds do.
        figures["heap"] += 3_000 * (number % 3) + min(people, 600) * 1_000
        made.append(soak.Look(people=people, vanished=number % 2 == 0, **figures))
    return made


def held(seen):
    return [holds for _, holds, _ in soak.judge(seen)]


class Judge(unittest.TestCase):
    def test_passes_a_server_whose_figures_only_waver(self):
        self.assertEqual(held(looks()), [True] * 6)

    def test_notices_each_figure_that_grows(self):
        for at, grown in enumerate([{"heap": 200}, {"resident": 2_000}, {"packets": 0.01}, {"descriptors": 0.01}, {"threads": 0.001},
                                    {"wake_ups": 0.05}]):
            with self.subTest(grown):
                self.assertEqual(held(looks(**grown)), [number != at for number in range(6)])

    def test_a_pool_that_once_grows_is_no_leak(self):
        seen = looks()
        for look in seen[6:]:
            look.heap += 4_700_000
        self.assertEqual(held(seen), [True] * 6)

    def test_a_slope_is_what_each_person_adds(self):
        self.assertAlmostEqual(soak.slope(looks(resident=7), "resident"), 7)


if __name__ == "__main__":
    result = unittest.TextTestRunner(stream=sys.stdout, verbosity=0).run(
        unittest.defaultTestLoader.loadTestsFromTestCase(Judge))
    bad = len({str(case).split(" (")[0] for case, _ in result.failures + result.errors})
    print(f"{result.testsRun - bad} passed, {bad} failed")
    sys.exit(1 if bad else 0)
