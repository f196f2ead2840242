"""Every read of the API on a large set, one request after the other: p50 and p95 of each, through web and PostgreSQL.

One web process, one connection; nothing else is asked meanwhile, so a figure is the time that the server takes.
"""

from collections.abc import Sequence

from benchmarks import payloads
from benchmarks.bench import Bench
from benchmarks.large_sets import large_set
from benchmarks.load import Client, percentile
from benchmarks.reads import READS
from benchmarks.results import Row

AT_MOST_MILLISECONDS = 50
WARM_UP = 5  # requests, whose times do not count: the first connection, the first plan


def measure(bench: Bench) -> Sequence[Row]:
    scale = bench.scale
    with (
        large_set(bench, scale.read_orders, scale.contacts) as large,
        bench.ours.web(large.database, workers=1) as web,
        Client(web.port, 1) as client,
    ):
        rows = []
        for read in READS:
            addresses = [read.address(large.filled) for _ in range(WARM_UP + scale.reads)]
            requests = [payloads.read_request(address, large.authorization) for address in addresses]
            rows.append(_row(read.name, client.closed_loop(requests).latencies[WARM_UP:]))
    title = f"reads with {large.filled.orders:,} orders: the slowest of {len(READS)}, p95"
    slowest = max(rows, key=lambda row: row.ours)
    return [Row(measure=title, unit="ms", ours=slowest.ours, against=slowest.measure.strip()), *rows]


def _row(name: str, latencies: Sequence[float]) -> Row:
    milliseconds = [seconds * 1_000 for seconds in latencies]
    p50 = percentile(milliseconds, 0.5)
    return Row(
        measure=f"   {name}, p95",
        unit="ms",
        ours=percentile(milliseconds, 0.95),
        against=f"(p50 {p50:.1f} ms)",
        at_most=AT_MOST_MILLISECONDS,
        details={"p50": p50, "requests": len(milliseconds), "highest": max(milliseconds)},
    )
