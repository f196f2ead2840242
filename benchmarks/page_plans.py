"""`python -m benchmarks.page_plans [requests]`: how long each page of the console takes, on DATABASE_URL's database.

The database is that of `python -m benchmarks.data_set`, on which the background's work was done (`make run`). Each page
is asked in this process so many times by somebody who may do everything, with values drawn anew. One line for each says
how many statements it took, the milliseconds of the database, of the whole request, and of the processor in this
process (what drawing takes, however busy the machine is), and which large tables were read from end to end. Prints the
table of docs/benchmarks.md, and ends with 1 when a page failed, was too slow, or took now more statements, now fewer:
those that a process sends once a second (benchmarks/read_plans.py, HELD) are not counted.
"""

# ruff: noqa: E402 - models can be imported only when Django is set up

import os
import random
import re
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.contrib.auth.models import User
from django.db import connection
from django.test import Client

from benchmarks import payloads
from benchmarks.filling import FIRST_ID
from benchmarks.load import percentile
from benchmarks.read_plans import WARM_UP, filled_of, timed, told_count
from benchmarks.reads import Filled
from config.garbage import look_for_garbage_seldom

LARGE = ("orders_order", "orders_orderitem", "orders_orderchange", "events_event", "events_outcome", "contacts_contact")
END_TO_END = re.compile(rf"(?:Parallel )?Seq Scan on ({'|'.join(LARGE)})\b")
AT_MOST_MILLISECONDS = 150
ORDERS, CONTACTS, EVENTS = "/admin/orders/order/", "/admin/contacts/contact/", "/admin/events/event/"


@dataclass(frozen=True, slots=True)
class Visit:
    """A page and what is asked of it."""

    name: str
    address: Callable[[Filled], str]


def _always(address: str) -> Callable[[Filled], str]:
    return lambda _: address


def _asking(address: str, query: Callable[[Filled], str]) -> Callable[[Filled], str]:
    return lambda of: f"{address}?{query(of)}"


def _visits() -> Iterator[Visit]:
    for period in ("today", "7", "30"):
        yield Visit(f"overview, {period}", _always(f"/admin/?period={period}"))
    yield from _of_orders()
    yield from _of_contacts()
    yield from _of_events()
    for name in ("eventtype", "source", "apikey", "replay"):
        yield Visit(f"list of {name}", _always(f"/admin/events/{name}/"))
    yield Visit("unmatched events", _always("/admin/unmatched/"))
    yield Visit("matching rules", _always("/admin/contacts/matchingrule/"))
    yield Visit("audit log", _always("/admin/account/auditentry/"))
    yield Visit("webhooks' messages", _always("/admin/webhooks/delivery/"))
    for by in ("day", "week", "month"):
        yield Visit(f"revenue by {by}", _always(f"/admin/revenue/?by={by}"))
    yield Visit("RFM", _always("/admin/rfm/"))
    for name in ("", "funnel/", "carts/", "items/"):
        yield Visit(f"analytics {name}".strip("/ "), _always(f"/admin/analytics/{name}"))
    yield Visit("segments", _always("/admin/insights/segment/"))


def _of_orders() -> Iterator[Visit]:
    yield Visit("orders", _always(ORDERS))
    asked: dict[str, Callable[[Filled], str]] = {
        "q=order id": lambda of: f"q={of.order()}",
        "q=e-mail": lambda of: f"q={payloads.email(of.person())}",
        "q=phone": lambda of: f"q=%2B{payloads.phone(of.person())}",
        "q=name": lambda of: f"q=Name{of.person() % 2_003}+Family{of.person() % 50_021}",
        "q=item id": lambda of: f"q={of.product()}",
        "q=item name": lambda of: f"q=Product+{int(of.product()) - 200_000}",
        "status": lambda _: "status=CANCELLED",
        "currency": lambda _: "currency=EUR",
        "dates": lambda of: f"date_from={(day := of.day())}&date_to={day}",
        "total": lambda of: f"total_from={(low := of.amount())}&total_to={low + 1}",
        "source": lambda _: "source=kiosk",
        "store": lambda of: f"store={of.store()}",
        "item": lambda of: f"item={of.product()}",
        "warning": lambda _: "warning=any",
    }
    for name, query in asked.items():
        yield Visit(f"orders, {name}", _asking(ORDERS, query))
    yield Visit("an order", lambda of: f"{ORDERS}{FIRST_ID + of.order_number()}/change/")


def _of_contacts() -> Iterator[Visit]:
    yield Visit("contacts", _always(CONTACTS))
    yield Visit("contacts, q=e-mail", lambda of: f"{CONTACTS}?q={payloads.email(of.person())}")
    yield Visit("contacts, q=name", lambda of: f"{CONTACTS}?q=Family{of.person() % 50_021}")
    yield Visit("a contact", lambda of: f"{CONTACTS}{1 + of.person()}/change/")


def _of_events() -> Iterator[Visit]:
    yield Visit("events", _always(EVENTS))
    asked: dict[str, Callable[[Filled], str]] = {
        "outcome": lambda _: "outcome=ignored",
        "reason": lambda _: "reason=contact_not_found",
        "type": lambda _: "type=askedForHelp",
        "warning": lambda _: "warning=duplicate_parameter",
        "day": lambda of: f"received_from={(day := of.day())}&received_to={day}",
        "q=order id": lambda of: f"q={of.order()}",
        "q=e-mail": lambda of: f"q={payloads.email(of.person())}",
    }
    for name, query in asked.items():
        yield Visit(f"events, {name}", _asking(EVENTS, query))
    yield Visit("an event", lambda of: f"{EVENTS}{FIRST_ID + of.order_number()}/change/")


def main(arguments: list[str]) -> int:
    requests = int(arguments[0]) if arguments else 30
    user, _ = User.objects.get_or_create(username="benchmark", is_staff=True, is_superuser=True)
    client = Client()
    client.force_login(user)
    look_for_garbage_seldom()  # as in a process that serves
    filled = filled_of(random.Random(2))
    print("| page | statements | database p50 | p95 | request p50 | p95 | drawing p50 | read from end to end |")
    print("|---|---|---|---|---|---|---|---|")
    is_good = True
    for visit in _visits():
        is_good &= _visit(client, visit, filled, requests)
    return 0 if is_good else 1


def _visit(client: Client, visit: Visit, filled: Filled, requests: int) -> bool:
    request: list[float] = []
    database: list[float] = []
    drawing: list[float] = []
    counts: set[int] = set()
    scanned: set[str] = set()
    for turn in range(WARM_UP + requests):
        address = visit.address(filled)
        started = time.thread_time()
        answer, statements, seconds = timed(client, address)
        processor = time.thread_time() - started
        if answer.status_code != 200:
            print(f"| {visit.name} | {address} answered {answer.status_code} ||||||")
            return False
        if turn >= WARM_UP:
            request.append(seconds * 1_000)
            database.append(statements.seconds * 1_000)
            drawing.append(processor * 1_000)
            counts.add(statements.count)
    for sql, params in statements.sent:
        scanned |= _read_from_end_to_end(sql, params)
    times = [percentile(values, share) for values in (database, request) for share in (0.5, 0.95)]
    figures = " | ".join(f"{value:.1f}" for value in (*times, percentile(drawing, 0.5)))
    print(f"| {visit.name} | {told_count(counts)} | {figures} | {', '.join(sorted(scanned))} |")
    return times[-1] <= AT_MOST_MILLISECONDS and len(counts) == 1 and not scanned


def _read_from_end_to_end(sql: str, params: object) -> set[str]:
    """The large tables that the statement's plan reads whole; it is planned, and not run again."""
    if not sql.lstrip().startswith(("SELECT", "WITH")):
        return set()
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {sql}", params)  # type: ignore[arg-type]  # as Django sent it
        return {table for (line,) in cursor.fetchall() for table in END_TO_END.findall(line)}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
