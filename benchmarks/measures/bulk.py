"""Bulk events taken per second, 1,000 a request, beside COPY of the same event rows.

Two web processes and four connections, workers off. COPY writes the event rows alone; ours also reads and checks each
envelope, draws its number, writes its row in the queue and publishes wake-ups.
"""

from collections.abc import Sequence

from benchmarks import payloads
from benchmarks.bench import Bench, Costs
from benchmarks.copying import copy_seconds, read_rows
from benchmarks.load import Client
from benchmarks.results import Row, compared

CONNECTIONS = 4


def measure(bench: Bench) -> Sequence[Row]:
    database, events = bench.ours.fresh("bulk_ours"), bench.scale.bulk_events
    ours: list[float] = []
    copied: list[float] = []
    with bench.ours.web(database) as web:
        bench.post_bulk(web, payloads.EVENTS_PER_REQUEST)
        costs = Costs(bench, web=web.process)
        for _ in range(bench.scale.rounds):
            last = _last_event(bench, database)
            requests = payloads.bulk_requests(bench.events(events), bench.ours.authorization)
            bench.postgres.checkpoint()
            with Client(web.port, CONNECTIONS) as client, costs.measured():
                ours.append(events / client.closed_loop(requests).seconds)
            copied.append(events / _copy_same(bench, database, last, events))
    bench.ours.empty_broker()
    return [
        compared(
            "bulk events taken, 1,000 a request",
            "/s",
            ours,
            "COPY of the event rows",
            copied,
            at_least=0.4,
            details={"cpuMicrosecondsPerEvent": costs.per_event(events * bench.scale.rounds)},
        )
    ]


def _last_event(bench: Bench, database: str) -> int:
    with bench.postgres.connect(database) as connection:
        row = connection.execute("SELECT coalesce(max(id), 0) FROM events_event").fetchone()
    assert row is not None
    return int(row[0])


def _copy_same(bench: Bench, database: str, after: int, expected: int) -> float:
    """Seconds for COPY of the rows that were just stored, into a database that has none."""
    types = read_rows(bench.postgres, database, "events_eventtype")
    rows = read_rows(bench.postgres, database, "events_event", f"id > {after}")
    assert rows.text.count(b"\n") == expected, "not every event was stored"
    target = bench.postgres.create("bulk_copy", bench.ours.template)
    copy_seconds(bench.postgres, target, [types])
    bench.postgres.checkpoint()
    return copy_seconds(bench.postgres, target, [rows])
