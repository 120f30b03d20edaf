"""What a comparison says, from the results of sfu-load's runs: figures of one run, medians, ratios, the table."""

import dataclasses
import statistics

# Name, unit, how many digits behind the point, whether a ratio of it means anything.
FIGURES = {
    "cpu": ("CPU for each forwarded packet", "us", 2, True),
    "softirq": ("softirq of its core beside it", "us", 2, False),
    "p50": ("latency, median", "us", 0, True),
    "p99": ("latency, 99th percentile", "us", 0, True),
    "memory": ("memory for each consumer", "KB", 1, True),
    "join": ("a viewer's join, server time", "ms", 1, True),
    "padding": ("padding in each packet", "bytes", 2, False),
    "held": ("hold of a flush, mean", "us", 1, False),
    "lost": ("packets lost", "", 0, False),
    "packets": ("forwarded packets a second", "", 0, False),
}


@dataclasses.dataclass(frozen=True)
class Run:
    """One load on one server."""

    figures: dict  # By name, None where the run does not tell.
    problems: tuple  # Why the load generator was not content.


def read_run(results):
    """From the JSON of one run of sfu-load."""
    window = results["window"]
    # Key frames of 36 packets wait for their own packets: delta frames tell the server's part. Audio has none.
    latency = results["delta_latency_us"] if results["delta_latency_us"]["count"] else results["latency_us"]
    memory = results.get("memory_bytes")
    packets = results["streams"]["packets"]
    join = results["join_ms"]["server time"]
    return Run(
        figures={
            "cpu": window.get("cpu_us_per_packet"),
            "softirq": window.get("softirq_us_per_packet"),
            "p50": latency["p50"],
            "p99": latency["p99"],
            "memory": memory_of_consumer(memory, results["consumers"]),
            "join": join["p50"] if join["count"] else None,
            "padding": results["streams"]["padding_bytes"] / packets if packets else None,
            "held": hold_of_flush(results.get("server_stats")),
            "lost": window["lost"],
            "packets": window["packets_per_s"],
        },
        problems=tuple(results["failures"]) + tuple(results["unmet"]))


def memory_of_consumer(memory, consumers):
    """Kilobytes by which the server grew while all joined, shared out. It has their transports in it."""
    if not memory or not consumers:
        return None
    return (memory["joined"] - memory["before"]) / consumers / 1024


def hold_of_flush(stats):
    """Microseconds that a flush waited for the rest of a frame, over the server's whole run, from its /stats. Peers do not
    tell."""
    workers = [worker for worker in (stats or {}).get("workerStats", []) if worker.get("flushes")]
    if not workers:
        return None
    return sum(worker["heldMicroseconds"] for worker in workers) / sum(worker["flushes"] for worker in workers)


def median_of(runs, name):
    values = [run.figures[name] for run in runs if run.figures[name] is not None]
    return statistics.median(values) if values else None


def ratio(peers, ours):
    """How many times ours the peer's is; nothing where either is not known."""
    return peers / ours if peers is not None and ours else None


def write_value(value, digits):
    return "-" if value is None else f"{value:,.{digits}f}"


def table(runs_by_server):
    """Medians of each server's runs; the first server is the one that the others are held against."""
    servers = list(runs_by_server)
    first = servers[0]
    heads = ["", *servers, *(f"{peer} / {first}" for peer in servers[1:])]
    rows = [heads]
    for name, (title, unit, digits, compares) in FIGURES.items():
        medians = [median_of(runs_by_server[server], name) for server in servers]
        ratios = [ratio(median, medians[0]) if compares else None for median in medians[1:]]
        rows.append([f"{title}{f', {unit}' if unit else ''}", *(write_value(median, digits) for median in medians),
                     *(write_value(one, 2) if compares else "" for one in ratios)])
    widths = [max(len(row[column]) for row in rows) for column in range(len(heads))]
    return "\n".join(
        "  ".join([row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:]))]).rstrip()
        for row in rows)
