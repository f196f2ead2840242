"""Orders applied per second by one worker: orderCreated with two items, all for contacts that exist.

Beside it the naive worker on the same events, and COPY of the same finished rows (orders, items, changes, outcomes)
into the same tables. Events are stored before; the clock runs from the wake-up to the last commit.
"""

import time
from collections.abc import Callable, Sequence

import psycopg

from benchmarks import payloads
from benchmarks.bench import Bench, Costs
from benchmarks.copying import copy_seconds, read_rows
from benchmarks.load import Client
from benchmarks.results import Row, compared
from benchmarks.servers import NotStartedError, Process, wait_until

PATIENCE_SECONDS = 300
WRITTEN = ("orders_order", "orders_orderitem", "orders_orderchange", "events_outcome")
NAIVE_CONNECTIONS = 16


def measure(bench: Bench) -> Sequence[Row]:
    scale = bench.scale
    loaded = bench.load_ours("applied_loaded", scale.applied_orders)
    ours: list[float] = []
    copied: list[float] = []
    naive: list[float] = []
    for turn in range(scale.rounds):
        database = bench.ours.fresh("applied_ours", loaded)
        with bench.ours.worker(database) as worker:
            costs = Costs(bench, worker=worker)
            bench.postgres.checkpoint()
            with costs.measured():
                ours.append(scale.applied_orders / seconds_to_apply(bench, database, worker))
        check_all_applied(bench, database, scale.applied_orders)
        copied.append(scale.applied_orders / _copy_same(bench, database, loaded))
        naive.append(_naive_rate(bench))
        bench.postgres.drop(database) if turn + 1 < scale.rounds else None
    details = {"cpuMicrosecondsPerOrder": costs.per_event(scale.applied_orders)}
    return [
        compared("orders applied, two items, one worker", "/s", ours, "naive app", naive, at_least=10, details=details),
        compared("", "/s", ours, "COPY of the same rows", copied, at_least=0.25),
    ]


def seconds_to_apply(bench: Bench, database: str, worker: Process) -> float:
    """From the wake-up of all lanes to the moment at which nothing waits."""
    with bench.postgres.connect(database) as connection:
        start = time.perf_counter()
        bench.ours.wake_all()
        wait_until(
            lambda: worker.check() or not _exists(connection, "SELECT FROM events_waiting"),
            PATIENCE_SECONDS,
            "the end of the backlog",
        )
        return time.perf_counter() - start


def _exists(connection: psycopg.Connection, query: str) -> bool:
    row = connection.execute(f"SELECT EXISTS ({query})").fetchone()
    assert row is not None
    return bool(row[0])


def check_all_applied(bench: Bench, database: str, expected: int) -> None:
    """A rate counts only when every event was applied: raises NotStartedError otherwise."""
    with bench.postgres.connect(database) as connection:
        fates = connection.execute(
            "SELECT status, reason, count(*) FROM events_outcome GROUP BY 1, 2 ORDER BY 1, 2"
        ).fetchall()
    if fates != [("applied", "", expected)]:
        raise NotStartedError(f"{expected} events were to be applied; what became of them: {fates}")


def _copy_same(bench: Bench, database: str, loaded: str) -> float:
    """Seconds for COPY of the rows that were just written, into a database as it was before them."""
    rows = [read_rows(bench.postgres, database, table) for table in WRITTEN]
    basis = read_rows(bench.postgres, database, "events_basis")
    target = bench.postgres.create("applied_copy", loaded)
    copy_seconds(bench.postgres, target, [basis])
    bench.postgres.checkpoint()
    return copy_seconds(bench.postgres, target, rows)


def _naive_rate(bench: Bench) -> float:
    """The naive app's worker on its backlog, from its first commit that is seen to its last."""
    database, count = bench.naive.fresh("applied_naive"), bench.scale.naive_orders
    with bench.naive.web(database) as web, Client(web.port, NAIVE_CONNECTIONS) as client:
        numbers = bench.numbers.take(count)
        client.closed_loop(payloads.single_requests(numbers, bench.scale.contacts, bench.naive.authorization))
    bench.postgres.checkpoint()
    with bench.naive.worker(database), bench.postgres.connect(database) as connection:

        def applied() -> int:
            row = connection.execute("SELECT count(*) FROM naive_event WHERE status = 'applied'").fetchone()
            assert row is not None
            return int(row[0])

        return _rate_between(applied, count)


def _rate_between(applied: Callable[[], int], total: int) -> float:
    wait_until(lambda: applied() > 0, PATIENCE_SECONDS, "the first order of the naive app")
    first, start = applied(), time.perf_counter()
    wait_until(lambda: applied() >= total, PATIENCE_SECONDS, "the last order of the naive app")
    return (total - first) / (time.perf_counter() - start)
