"""`python -m benchmarks.read_plans [requests]`: how each read of the API is answered, on the database of DATABASE_URL.

The database is one that benchmarks/read_set.py has filled (`python -m benchmarks reads` fills one and measures it over
HTTP). Each read is asked in this process so many times, with values drawn anew; of the last one the statement that
finds the page is explained with EXPLAIN (ANALYZE, BUFFERS). Prints the table and the plans of docs/plans.md.
"""

# ruff: noqa: E402 - models can be imported only when Django is set up

import os
import random
import re
import sys
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.db import connection
from django.test import Client

from benchmarks.load import percentile
from benchmarks.reads import CONTENT, READS, Filled, Read
from config.garbage import look_for_garbage_seldom
from events.keys import issue_key
from events.models import Source

WARM_UP = 2
LONGEST_LINE = 150
INDEX = re.compile(r"(?:using|Bitmap Index Scan on) (\w+)")
PAGES = ('FROM "orders_order"', 'FROM "events_event"')
HEAD = """# The plans of the reads

Made by `python -m benchmarks.read_plans` on {orders:,} orders with two items each, {events:,} events and
{contacts:,} contacts, on PostgreSQL {version} as it ships (128 MB of shared buffers). Each read was asked {requests}
times with values drawn anew from all over the tables. “Database” is the time in all statements of a request; “request”
adds Django and the JSON of a page of 50. Both are milliseconds.

Pages of orders are found in an index alone; a second statement reads the orders by their ids, a third one their items,
by `order_item_position_is_unique`. Pages of events read the fates of the ids that were found, by primary keys. The
plans below are of the statement that finds the page. “Statements” leaves out the account's settings and the key, which
a process reads once a second.
"""


# What a process holds for a second: account/current.py, events/keys.py. One request in many reads it again.
HELD = re.compile(r'FROM "(account_account|events_apikey)"')


@dataclass
class Statements:
    """What a request sends: each statement with its parameters, and the seconds of all."""

    sent: list[tuple[str, Any]] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def count(self) -> int:
        """How many they are without those that are sent once a second: the same for each request of a kind."""
        return sum(HELD.search(sql) is None for sql, _ in self.sent)

    def __call__(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        start = time.perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            self.seconds += time.perf_counter() - start
            self.sent.append((sql, params))


@dataclass(frozen=True)
class Answered:
    """Milliseconds of each request, in all and in the database, and how the last one's page was found.

    `counts`: how many statements the requests took.
    """

    name: str
    counts: frozenset[int]
    request: list[float]
    database: list[float]
    plans: list[tuple[str, str]]

    @property
    def indexes(self) -> str:
        found = dict.fromkeys(name for _, plan in self.plans for name in INDEX.findall(plan))
        return ", ".join(f"`{name}`" for name in found)


@contextmanager
def listening() -> Iterator[Statements]:
    statements = Statements()
    with connection.execute_wrapper(statements):
        yield statements


def timed(client: Client, address: str) -> tuple[Any, Statements, float]:
    """The answer to one request, the statements that it sent, and its seconds."""
    start = time.perf_counter()
    with listening() as statements:
        answer = client.get(address)
    return answer, statements, time.perf_counter() - start


def filled_of(numbers: random.Random) -> Filled:
    """What the database holds, by counting it."""
    with connection.cursor() as cursor:
        cursor.execute(CONTENT)
        orders, contacts, beginning = cursor.fetchone()
    return Filled(orders=orders, contacts=contacts, beginning=beginning, numbers=numbers)


def ask(client: Client, read: Read, filled: Filled, requests: int) -> Answered:
    request, database, counts = [], [], set()
    for turn in range(WARM_UP + requests):
        address = read.address(filled)
        answer, statements, seconds = timed(client, address)
        if answer.status_code != 200:
            raise SystemExit(f"{address}: {answer.status_code} {answer.content[:500]!r}")
        if turn >= WARM_UP:
            request.append(seconds * 1_000)
            database.append(statements.seconds * 1_000)
            counts.add(statements.count)
    plans = [_explain(*each) for each in _finding(statements)]
    return Answered(read.name, frozenset(counts), request, database, plans)


def told_count(counts: Collection[int]) -> str:
    """“7”, or “6–7” of a kind of request whose statements are not always as many."""
    return "–".join(str(bound) for bound in sorted({min(counts), max(counts)}))


def _finding(statements: Statements) -> list[tuple[str, Any]]:
    """The statements that find a page; where there is none, all that read."""
    pages = [each for each in statements.sent if "LIMIT" in each[0] and each[0].startswith("SELECT")]
    pages = [each for each in pages if any(table in each[0] for table in PAGES)]
    reading = [each for each in statements.sent if each[0].strip().startswith(("SELECT", "WITH"))]
    return pages[:1] or [each for each in reading if HELD.search(each[0]) is None]


def _explain(sql: str, params: Any) -> tuple[str, str]:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, COSTS OFF, TIMING OFF) {sql}", params)
        plan = "\n".join(line[:LONGEST_LINE] for (line,) in cursor.fetchall())
    return _shortened(sql), plan.partition("\nPlanning:")[0] + "\n" + plan[plan.rfind("Execution Time") :]


def _shortened(sql: str) -> str:
    """The statement without its list of columns, and without the table's name before each of those that are left."""
    lines = [line.strip() for line in sql.strip().splitlines()]
    text = re.sub(r'^SELECT "[^(]*? FROM', "SELECT … FROM", " ".join(lines)).replace('"', "")
    return text.replace("orders_order.", "").replace("events_event.", "")


def main(arguments: list[str]) -> None:
    requests = int(arguments[0]) if arguments else 100
    look_for_garbage_seldom()  # as in a process that serves
    filled = filled_of(random.Random(1))
    with connection.cursor() as cursor:
        events = _number(cursor, "SELECT count(*) FROM events_event")
        version = cursor.connection.info.server_version // 10_000
    source = Source.objects.get(name="benchmark")
    client = Client(headers={"Authorization": f"Bearer {issue_key(source)}"})
    answered = [ask(client, read, filled, requests) for read in READS]
    print(
        HEAD.format(orders=filled.orders, events=events, contacts=filled.contacts, version=version, requests=requests)
    )
    print("| read | statements | database p50 | p95 | request p50 | p95 | found by |\n|---|---|---|---|---|---|---|")
    for each in answered:
        times = [percentile(values, share) for values in (each.database, each.request) for share in (0.5, 0.95)]
        figures = " | ".join(f"{value:.1f}" for value in times)
        print(f"| {each.name} | {told_count(each.counts)} | {figures} | {each.indexes} |")
    for each in answered:
        print(f"\n## {each.name}\n")
        print("\n".join(f"```\n{sql}\n\n{plan}\n```" for sql, plan in each.plans))


def _number(cursor: Any, query: str) -> int:
    cursor.execute(query)
    return int(cursor.fetchone()[0])


if __name__ == "__main__":
    main(sys.argv[1:])
