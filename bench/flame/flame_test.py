"""Tests of flame.py: what it reads from perf, and what it draws."""

import pathlib
import sys
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import flame

PERF = """\
media-0  123 45.6:  500000 cpu-clock:
\tffffffff810 udp_sendmsg+0x10 ([kernel.kallsyms])
\t5555 sfu::io::UdpSocket::send(std::span<sfu::X<int>, 1ul>)+0x1f (/build/meetlite-sfu)
\t5556 sfu::worker::WorkerThread::run()+0x2 (/build/meetlite-sfu)

media-0  123 45.7:  500000 cpu-clock:
\t7777 aes_gcm+0x3 (/usr/lib/libIPSec_MB.so.1.3.0)
\t5556 sfu::worker::WorkerThread::run()+0x2 (/build/meetlite-sfu)
"""


class Reading(unittest.TestCase):
    def test_the_outermost_caller_comes_first(self):
        first, second = flame.read_samples(PERF.splitlines(keepends=True))
        self.assertEqual([name for name, _ in first],
                         ["sfu::worker::WorkerThread::run", "sfu::io::UdpSocket::send", "udp_sendmsg"])
        self.assertEqual([name for name, _ in second], ["sfu::worker::WorkerThread::run", "aes_gcm"])

    def test_colours_tell_kernel_libraries_and_server(self):
        first, second = flame.read_samples(PERF.splitlines(keepends=True))
        self.assertEqual([colour for _, colour in first], [flame.SERVER, flame.SERVER, flame.KERNEL])
        self.assertEqual(second[1][1], flame.LIBRARY)


class Drawing(unittest.TestCase):
    def tree(self):
        root = flame.Box("all", flame.SERVER)
        for frames in flame.read_samples(PERF.splitlines(keepends=True)):
            root.add(frames)
        return root

    def test_a_caller_has_the_samples_of_all_that_it_called(self):
        run = self.tree().callees["sfu::worker::WorkerThread::run"]
        self.assertEqual(run.samples, 2)
        self.assertEqual({name: box.samples for name, box in run.callees.items()},
                         {"sfu::io::UdpSocket::send": 1, "aes_gcm": 1})

    def test_each_box_tells_its_share(self):
        picture = flame.draw(self.tree())
        self.assertIn("<title>udp_sendmsg: 50.0%</title>", picture)
        self.assertIn("<title>sfu::worker::WorkerThread::run: 100.0%</title>", picture)

    def test_names_are_escaped(self):
        root = flame.Box("all", flame.SERVER)
        root.add([("operator&&", flame.SERVER)])
        self.assertIn("operator&amp;&amp;", flame.draw(root))


if __name__ == "__main__":
    result = unittest.TextTestRunner(stream=sys.stdout, verbosity=0).run(
        unittest.defaultTestLoader.loadTestsFromModule(sys.modules["__main__"]))
    bad = len({str(case) for case, _ in result.failures + result.errors})
    print(f"{result.testsRun - bad} passed, {bad} failed")
    sys.exit(1 if bad else 0)
