"""`python -m benchmarks.plans`: the plan of every statement on an event's road, on the database of DATABASE_URL.

The road is really walked: events are stored, what waits is drained, marked days are computed again. Each statement that
Django sends is explained with the parameters it was sent with: reads with EXPLAIN (ANALYZE, BUFFERS), writes without
ANALYZE, since they must happen once only. COPY has no plan. Prints Markdown.
"""

# ruff: noqa: E402 - models can be imported only when Django is set up

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.db import connection

from benchmarks import payloads
from events.inbox import STORE_GROUP, NewEvent, store_many
from events.models import LANES, Source
from events.processing import drain_lanes
from orders.summaries import rebuild_marked

EXPLAINED = ("SELECT", "INSERT", "UPDATE", "DELETE", "WITH")
LONGEST_PLAN_LINE = 160


class Plans:
    """The plan of each statement when it was first sent, in the order in which they came."""

    def __init__(self) -> None:
        self.by_statement: dict[str, str] = {}
        self._is_explaining = False

    def __call__(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        statement = _tidy(sql)
        if not self._is_explaining and statement.startswith(EXPLAINED) and statement not in self.by_statement:
            self._is_explaining = True
            try:
                self.by_statement[statement] = _explain(statement, sql, params)
            finally:
                self._is_explaining = False
        return execute(sql, params, many, context)


def _tidy(sql: str) -> str:
    lines = [line.rstrip() for line in sql.strip("\n").splitlines()]
    indent = min((len(line) - len(line.lstrip()) for line in lines if line), default=0)
    return "\n".join(line[indent:] for line in lines).strip()


def _explain(statement: str, sql: str, params: Any) -> str:
    reads = statement.startswith("SELECT") and "advisory" not in statement and "nextval" not in statement
    options = "ANALYZE, BUFFERS, COSTS OFF" if reads else "COSTS OFF"
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN ({options}) {sql}", params)
        return "\n".join(line[:LONGEST_PLAN_LINE] for (line,) in cursor.fetchall())


@contextmanager
def explained(plans: Plans) -> Iterator[None]:
    with connection.execute_wrapper(plans):
        yield


def walk_the_road(plans: Plans, contacts: int) -> None:
    """Stores and applies new events and whatever waits, then computes the marked days."""
    source = Source.objects.get(name="benchmark")
    events = [
        NewEvent(
            source_id=source.pk,
            event_type_key="orderCreated",
            key_value=f"plan{number}",
            order_key=f"B{number:010d}",
            body=payloads.order_created(number, contacts).decode(),
        )
        for number in range(9_000_000_000, 9_000_000_500)
    ]
    with explained(plans):
        store_many(events)
        drain_lanes(range(LANES))
        rebuild_marked()
    with connection.cursor() as cursor:  # sent by the committer's own thread, where no wrapper listens
        cursor.execute(f"EXPLAIN (COSTS OFF) {STORE_GROUP}", {"events": "[]"})
        plans.by_statement[_tidy(STORE_GROUP)] = "\n".join(line for (line,) in cursor.fetchall())


def main() -> None:
    plans = Plans()
    contacts = connection.cursor().execute("SELECT count(*) FROM contacts_contact").fetchone()[0]
    walk_the_road(plans, contacts)
    sizes = connection.cursor().execute("SELECT count(*) FROM orders_order").fetchone()[0]
    print(f"# The plan of each statement on an event's road, with {sizes:,} orders and {contacts:,} contacts\n")
    for statement, plan in plans.by_statement.items():
        print(f"```sql\n{statement}\n```\n```\n{plan}\n```\n")


if __name__ == "__main__":
    main()
