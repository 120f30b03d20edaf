"""Draws what sfu-load measured, from the files that its --json wrote.

    plot.py --out FOLDER [NAME=]FILE...

Of one file: latency.png, how long packets took and how many of them. Of several: viewers.png and rooms.png, processor
time for each packet and latency against the number of viewers and of rooms, where those differ. Files under one NAME
make one line, [server] without one; runs of the same load are told by their median.
"""

import argparse
import collections
import json
import math
import pathlib
import statistics
import sys

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot  # noqa: E402: the way of drawing has to be chosen first.

SIZE_INCHES = (10, 4.2)
DOTS_PER_INCH = 120


def read(argument):
    """(name, results) of one argument."""
    name, separator, path = argument.partition("=")
    if not separator:
        name, path = "server", argument
    return name, json.loads(pathlib.Path(path).read_text())


def judged(results):
    """Delta frames tell the server's part of the latency; audio has none."""
    return "delta_latency" if results["delta_latency_us"]["count"] else "latency"


def shares(buckets):
    """From [end, count] to the bucket's ends and the share of all packets that did not exceed them."""
    total = sum(count for _, count in buckets)
    ends, sums, seen = [], [], 0
    for end, count in buckets:
        seen += count
        ends.append(end)
        sums.append(seen / total)
    return ends, sums


def density(buckets):
    """From [end, count] to the bucket's ends and its count for each doubling of time. A bucket is a 64th of the largest
    power of two, in nanoseconds, that its end holds."""
    ends, counts = [], []
    for end, count in buckets:
        nanoseconds = round(end * 1000)
        width = max(1, (1 << nanoseconds.bit_length()) // 128)
        ends.append(end)
        counts.append(count / math.log2((nanoseconds + 1) / max(nanoseconds + 1 - width, 0.5)))
    return ends, counts


def draw_latency(name, results, out):
    kind = judged(results)
    buckets = results[f"{kind}_buckets_us"]
    if not buckets:
        sys.exit("plot.py: the run has measured no latency")
    ends, sums = shares(buckets)
    figure, (left, right) = pyplot.subplots(1, 2, figsize=SIZE_INCHES, layout="constrained")
    left.fill_between(*density(buckets))
    left.set(title="packets", xlabel="one-way latency (us)", xscale="log", ylabel="for each doubling", ylim=(0, None))
    right.plot(ends, [100 * share for share in sums])
    right.set(title="packets that took no longer", xlabel="one-way latency (us)", xscale="log", ylabel="%")
    for share in ("p50", "p99"):
        value = results[f"{kind}_us"][share]
        right.axvline(value, linestyle=":", color="grey")
        right.annotate(f"{share} {value:.0f}", (value, 5), rotation=90, ha="right")
    figure.suptitle(f"{name}: load {results['load']}, {results['window']['packets_per_s']:,.0f} packets/s")
    save(figure, out / "latency.png")


def median_lines(runs, against, figure_of):
    """Name -> ascending [(x, median)] of the runs that tell this figure."""
    values = collections.defaultdict(lambda: collections.defaultdict(list))
    for name, results in runs:
        value = figure_of(results)
        if value is not None:
            values[name][against(results)].append(value)
    return {name: sorted((x, statistics.median(found)) for x, found in by_x.items()) for name, by_x in values.items()}


def draw_against(runs, what, against, limit, out):
    figure, (left, right) = pyplot.subplots(1, 2, figsize=SIZE_INCHES, layout="constrained")
    colours = {name: f"C{number}" for number, name in enumerate(dict.fromkeys(name for name, _ in runs))}
    for name, line in median_lines(runs, against, lambda results: results["window"].get("cpu_us_per_packet")).items():
        left.plot(*zip(*line), marker="o", color=colours[name], label=name)
    for share, style in (("p50", "-"), ("p99", "--")):
        lines = median_lines(runs, against, lambda results, of=share: results[f"{judged(results)}_us"][of])
        for name, line in lines.items():
            right.plot(*zip(*line), style, marker="o", color=colours[name], label=f"{name} {share}")
    if limit is not None:
        left.axhline(limit, linestyle=":", color="grey", label="the bare loop")
    left.set(title="processor time for each forwarded packet", ylabel="us", ylim=(0, None))
    right.set(title="one-way latency", ylabel="us", yscale="log")
    for axes in (left, right):
        axes.set(xlabel=what, xscale="log")
        axes.grid(alpha=0.3)
        if axes.has_data():
            axes.legend()
    save(figure, out / f"{what}.png")


def save(figure, path):
    figure.savefig(path, dpi=DOTS_PER_INCH)
    pyplot.close(figure)
    print(path)


def viewers(results):
    return results["shape"]["rooms"] * results["shape"]["viewers"]


def rooms(results):
    return results["shape"]["rooms"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("."), help="the folder of the pictures")
    parser.add_argument("--limit", type=float, help="microseconds for each packet that no server can be below")
    parser.add_argument("files", nargs="+", metavar="[NAME=]FILE")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    runs = [read(argument) for argument in options.files]
    if len(runs) == 1:
        draw_latency(*runs[0], options.out)
    for what, against in (("viewers", viewers), ("rooms", rooms)):
        if len({against(results) for _, results in runs}) > 1:
            draw_against(runs, what, against, options.limit, options.out)


if __name__ == "__main__":
    main()
