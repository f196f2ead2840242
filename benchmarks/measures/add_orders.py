"""Orders added per second, applied before the answer: one a request, and 1,000 a request with two items each.

One web process, no worker; contacts exist. Beside the large requests, which come one after the other, COPY of the same
finished rows (events, orders, items, changes, outcomes) into the same tables, one request's rows in each transaction.
"""

import json
from collections.abc import Iterator, Sequence

import psycopg
from psycopg import sql

from benchmarks import payloads
from benchmarks.bench import Bench, Costs
from benchmarks.copying import copy_seconds, read_rows
from benchmarks.load import Client
from benchmarks.results import Row, compared

WRITTEN = ("events_event", "orders_order", "orders_orderitem", "orders_orderchange", "events_outcome")
NAMED_BY_THEM = ("events_eventtype", "events_basis")
CONNECTIONS = 4  # of the requests of one order
MOST_PER_SECOND = 2_000  # of those, which are built beforehand


def measure(bench: Bench) -> Sequence[Row]:
    return [_of_one(bench), _of_a_thousand(bench)]


def _of_one(bench: Bench) -> Row:
    database = bench.ours.fresh("add_orders_one")
    warming = _requests(bench, 50, 1)
    requests = _requests(bench, round(bench.scale.single_seconds * MOST_PER_SECOND), 1)
    with bench.ours.web(database, workers=1) as web, Client(web.port, CONNECTIONS) as client:
        client.closed_loop(warming)
        load = client.closed_loop(requests, bench.scale.single_seconds)
    median = round(load.percentile(0.5) * 1000, 1)
    return Row(measure="orders added, 1 a request", unit="/s", ours=load.rate, details={"medianMilliseconds": median})


def _requests(bench: Bench, count: int, size: int) -> list[bytes]:
    """Prebuilt requests: building them must not cost CPU while the clock runs."""
    return [
        payloads.request(
            "/api/v1/orders", _body(bench.numbers.take(size), bench.scale.contacts), bench.ours.authorization
        )
        for _ in range(count)
    ]


def _body(numbers: Iterator[int], contacts: int) -> bytes:
    """The orders of the article's orderCreated, whole."""
    events = [json.loads(payloads.order_created(number, contacts)) for number in numbers]
    orders = [{each["name"]: each["value"] for each in event["params"]} for event in events]
    return json.dumps({"orders": orders}, separators=(",", ":")).encode()


def _of_a_thousand(bench: Bench) -> Row:
    size = min(payloads.EVENTS_PER_REQUEST, bench.scale.applied_orders)
    count = bench.scale.applied_orders // size
    ours: list[float] = []
    copied: list[float] = []
    for _ in range(bench.scale.rounds):
        database = bench.ours.fresh("add_orders_many")
        warming, requests = _requests(bench, 1, size), _requests(bench, count, size)
        with bench.ours.web(database, workers=1) as web, Client(web.port, 1) as client:
            client.closed_loop(warming)
            costs = Costs(bench, web=web.process)
            bench.postgres.checkpoint()
            with costs.measured():
                ours.append(count * size / client.closed_loop(requests).seconds)
        copied.append(count * size / _copy_same(bench, database, size))
    return compared(
        "orders added, 1,000 a request, two items",
        "/s",
        ours,
        "COPY of the same rows",
        copied,
        at_least=0.2,
        details={"cpuMicrosecondsPerOrder": costs.per_event(count * size)},
    )


def _copy_same(bench: Bench, database: str, warmed: int) -> float:
    """Seconds for COPY of what was just written, but for the first request, which warmed the process."""
    with bench.postgres.connect(database) as connection:
        first_event = _first(connection, "events_event", warmed)
        first_order = _first(connection, "orders_order", warmed)
    since = {
        "events_event": f"id >= {first_event}",
        "events_outcome": f"event_id >= {first_event}",
        "orders_order": f"id >= {first_order}",
        "orders_orderitem": f"order_id >= {first_order}",
        "orders_orderchange": f"order_id >= {first_order}",
    }
    rows = [read_rows(bench.postgres, database, table, since[table]) for table in WRITTEN]
    named = [read_rows(bench.postgres, database, table) for table in NAMED_BY_THEM]
    target = bench.ours.fresh("add_orders_copy")
    copy_seconds(bench.postgres, target, named)
    bench.postgres.checkpoint()
    return copy_seconds(bench.postgres, target, rows)


def _first(connection: psycopg.Connection, table: str, after: int) -> int:
    """The lowest id behind the first `after` rows."""
    query = sql.SQL("SELECT id FROM {} ORDER BY id OFFSET %s LIMIT 1").format(sql.Identifier(table))
    row = connection.execute(query, [after]).fetchone()
    assert row is not None
    return int(row[0])
