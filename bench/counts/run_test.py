"""Tests of run.py: what it reads from callgrind, and what it calls worse."""

import pathlib
import sys
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import run

# main() costs 5 itself and calls the cipher (30 with what it calls in turn) and forward() (7).
CALLGRIND = """\
version: 1
positions: line
events: Ir

ob=(1) /build/sfu-counts
fl=(1) main.cc
fn=(1) main
10 5
cob=(2) /lib/libcrypto.so.3
cfn=(2) EVP_Update
calls=3 0
+1 30
cfn=(3) forward
calls=1 0
* 7

fn=(3)
20 4
+2 3

ob=(2)
fn=(2)
0 20
cob=(3) /lib/libc.so.6
cfn=(4) memset
calls=1 0
0 10

ob=(3)
fn=(4)
0 10
"""


class Callgrind(unittest.TestCase):
    def test_a_call_is_not_its_callers_own_cost(self):
        profile = run.Profile(CALLGRIND)
        self.assertEqual(profile.by_function[("/build/sfu-counts", "main")], 5)
        self.assertEqual(profile.by_function[("/build/sfu-counts", "forward")], 7)
        self.assertEqual(profile.total(), 42)

    def test_what_a_cipher_calls_is_the_ciphers(self):
        self.assertEqual(run.Profile(CALLGRIND).in_ciphers, 30)

    def test_the_most_expensive_function_comes_first(self):
        self.assertEqual(run.Profile(CALLGRIND).top(1), [(("/lib/libcrypto.so.3", "EVP_Update"), 20)])


def row(**changed):
    counts = dict.fromkeys(run.COLUMNS, 100.0)
    counts.update({name.replace("_", " "): value for name, value in changed.items()})
    return counts


class Comparison(unittest.TestCase):
    def changes(self, **changed):
        return list(run.compare(row(), row(**changed)))

    def test_three_percent_more_is_no_change(self):
        self.assertEqual(self.changes(instructions=103.0), [])

    def test_more_than_that_is_worse_and_named(self):
        self.assertEqual(self.changes(instructions=104.0), [(True, "instructions grew by 4.0%: 100 to 104")])

    def test_less_is_better(self):
        self.assertEqual(self.changes(cipher=50.0), [(False, "cipher shrank by 50.0%: 100 to 50")])

    def test_fewer_segments_in_a_call_are_worse(self):
        self.assertEqual(self.changes(segments_a_call=50.0)[0][0], True)
        self.assertEqual(self.changes(segments_a_call=200.0)[0][0], False)

    def test_a_count_that_the_table_lacks_is_worse(self):
        expected = row()
        del expected["bytes"]
        self.assertEqual(list(run.compare(expected, row())), [(True, "bytes: 100, not in the table")])

    def test_something_instead_of_nothing_is_worse(self):
        self.assertEqual(list(run.compare({**row(), "waits": 0.0}, row(waits=0.1)))[0][0], True)


class Table(unittest.TestCase):
    def test_what_is_written_is_read_again(self):
        rows = {"A": row(instructions=1234.0), "B": row(waits=0.0123)}
        self.assertEqual(run.read_table(run.write_table(rows)), rows)

    def test_counts_are_for_each_forwarded_packet(self):
        printed = {"forwarded": 10, "waits": 5, "wake_ups": 4, "receive_calls": 6, "send_calls": 2, "sent": 12,
                   "bytes": 1000, "delay_p50_ns": 1500, "delay_p99_ns": 2500}
        counts = run.counts_of(printed, run.Profile(CALLGRIND))
        self.assertEqual(counts["instructions"], 1.2)
        self.assertEqual(counts["cipher"], 3.0)
        self.assertEqual(counts["segments a call"], 6.0)
        self.assertEqual(counts["bytes"], 100.0)
        self.assertEqual(counts["delay p99"], 2.5)


if __name__ == "__main__":
    result = unittest.TextTestRunner(stream=sys.stdout, verbosity=0).run(
        unittest.defaultTestLoader.loadTestsFromModule(sys.modules["__main__"]))
    bad = len({str(case) for case, _ in result.failures + result.errors})
    print(f"{result.testsRun - bad} passed, {bad} failed")
    sys.exit(1 if bad else 0)
