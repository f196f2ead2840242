"""What the API is asked in the benchmark of reads and in docs/plans.md: each filter alone, and as they are combined.

Each read draws its values anew, so that pages come from all over the tables and not from what was just read. The values
are those of benchmarks/read_set.py.
"""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from benchmarks import payloads
from benchmarks.filling import FIRST_ID, filled_order_id
from benchmarks.read_set import EVENTS_PER_ORDER, PRODUCTS, STORES
from contract.paging import Cursor

ORDERS, EVENTS = "/api/v1/orders", "/api/v1/events"


# What a database is filled with, without the one order that was multiplied: the first members of Filled.
CONTENT = f"""
    SELECT (SELECT count(*) FROM orders_order WHERE id > {FIRST_ID} AND external_order_id LIKE 'A%'),
           (SELECT count(*) FROM contacts_contact),
           (SELECT received_at FROM events_event WHERE id > {FIRST_ID} ORDER BY id LIMIT 1)
"""  # noqa: S608 - a number of our own


@dataclass(frozen=True, slots=True)
class Filled:
    """How much there is, when it began, and where the numbers of its values come from."""

    orders: int
    contacts: int
    beginning: datetime
    numbers: random.Random

    def order_number(self) -> int:
        return self.numbers.randint(1, self.orders)

    def order(self) -> str:
        return filled_order_id(self.order_number())

    def person(self) -> int:
        """The number of a contact who has ordered, counted from 0."""
        return payloads.contact_number(self.order_number(), self.contacts)

    def day(self) -> str:
        return self.moment().date().isoformat()

    def moment(self) -> datetime:
        span = datetime.now(UTC) - self.beginning
        return self.beginning + timedelta(seconds=self.numbers.randrange(int(span.total_seconds())))

    def product(self, share: float = 1.0) -> str:
        """A product; a share below 1 keeps to those that are in the most carts."""
        place = int(self.numbers.random() * share * PRODUCTS)
        return str(200_000 + place * place // PRODUCTS)

    def store(self) -> str:
        place = self.numbers.random()
        return f"store{round(place * place * (STORES - 1))}"

    def amount(self) -> int:
        return self.numbers.randrange(1, 10_000)

    def order_cursor(self) -> str:
        """The place of an order anywhere in the list, newest first."""
        return _cursor("-date", self.moment().isoformat(), FIRST_ID + self.order_number())

    def event_cursor(self) -> str:
        event_id = FIRST_ID + self.numbers.randint(1, EVENTS_PER_ORDER * self.orders)
        return _cursor("-receivedAt", str(event_id), event_id)


def _cursor(ordering: str, value: str, row_id: int) -> str:
    return Cursor(ordering=ordering, is_backward=False, value=value, row_id=row_id).encode()


type Query = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Read:
    """One kind of request. `ask` gives its query; `path` may hold a number, of an order or an event."""

    name: str
    path: str
    ask: Callable[[Filled], Query] = lambda _: {}

    def address(self, filled: Filled) -> str:
        path = self.path.format(number=FIRST_ID + filled.order_number())
        query = urlencode(self.ask(filled))
        return f"{path}?{query}" if query else path


def _orders(name: str, ask: Callable[[Filled], Query]) -> Read:
    return Read(f"orders: {name}", ORDERS, ask)


def _events(name: str, ask: Callable[[Filled], Query]) -> Read:
    return Read(f"events: {name}", EVENTS, ask)


READS: tuple[Read, ...] = (
    Read("orders: newest", ORDERS),
    _orders("anywhere in the list", lambda of: {"cursor": of.order_cursor()}),
    _orders("externalOrderId", lambda of: {"externalOrderId": of.order()}),
    _orders("status, of most", lambda _: {"status": "DELIVERED"}),
    _orders("status, of few", lambda _: {"status": "ABANDONED_SHOPPING_CART"}),
    _orders("status, two", lambda _: {"status": "ABANDONED_SHOPPING_CART,CANCELLED"}),
    _orders("status, anywhere in the list", lambda of: {"status": "CANCELLED", "cursor": of.order_cursor()}),
    _orders("currency, of most", lambda _: {"currency": "UAH"}),
    _orders("currency, of few", lambda _: {"currency": "JPY"}),
    _orders("contactId", lambda of: {"contactId": 1 + of.person()}),
    _orders("contactId and status", lambda of: {"contactId": 1 + of.person(), "status": "DELIVERED"}),
    _orders("externalCustomerId", lambda of: {"externalCustomerId": payloads.customer_id(of.person())}),
    _orders("email", lambda of: {"email": payloads.email(of.person())}),
    _orders("email and status", lambda of: {"email": payloads.email(of.person()), "status": "CANCELLED"}),
    _orders("phone", lambda of: {"phone": payloads.phone(of.person())}),
    _orders("dateFrom and dateTo, a day", lambda of: {"dateFrom": (day := of.day()), "dateTo": day}),
    _orders(
        "a day and status",
        lambda of: {"dateFrom": (day := of.day()), "dateTo": day, "status": "ABANDONED_SHOPPING_CART"},
    ),
    _orders("totalFrom", lambda of: {"totalFrom": of.amount()}),
    _orders("totalFrom and totalTo, narrow", lambda of: {"totalFrom": (low := of.amount()), "totalTo": low + 1}),
    _orders("currency and totalFrom", lambda of: {"currency": "USD", "totalFrom": of.amount()}),
    _orders("ordering=-totalCost", lambda _: {"ordering": "-totalCost"}),
    _orders("ordering=totalCost, totalFrom", lambda of: {"ordering": "totalCost", "totalFrom": of.amount()}),
    _orders("ordering=-totalCost, status", lambda _: {"ordering": "-totalCost", "status": "CANCELLED"}),
    _orders(
        "ordering=-totalCost, a day", lambda of: {"ordering": "-totalCost", "dateFrom": (d := of.day()), "dateTo": d}
    ),
    _orders("ordering=-updatedAt", lambda _: {"ordering": "-updatedAt"}),
    _orders("ordering=updatedAt, status", lambda _: {"ordering": "updatedAt", "status": "IN_PROGRESS"}),
    _orders("storeId", lambda of: {"storeId": of.store()}),
    _orders("storeId and status", lambda of: {"storeId": of.store(), "status": "CANCELLED"}),
    _orders("storeId and a day", lambda of: {"storeId": of.store(), "dateFrom": (day := of.day()), "dateTo": day}),
    _orders("storeId, ordering=-totalCost", lambda of: {"storeId": of.store(), "ordering": "-totalCost"}),
    _orders("source, of most", lambda _: {"source": "web"}),
    _orders("source, of few", lambda _: {"source": "kiosk"}),
    _orders("itemId, in most carts", lambda of: {"itemId": of.product(0.001)}),
    _orders("itemId", lambda of: {"itemId": of.product()}),
    _orders("itemId and status", lambda of: {"itemId": of.product(), "status": "CANCELLED"}),
    _orders("warning, of many", lambda _: {"warning": "total_mismatch"}),
    _orders("warning, of few", lambda _: {"warning": "date_in_future"}),
    _orders("warning and status", lambda _: {"warning": "total_mismatch", "status": "CANCELLED"}),
    _orders("search, an order id", lambda of: {"search": of.order()}),
    _orders("search, an e-mail address", lambda of: {"search": payloads.email(of.person())}),
    Read("orders: one", f"{ORDERS}/{{number}}"),
    Read("orders: changes of one", f"{ORDERS}/{{number}}/changes"),
    Read("events: newest", EVENTS),
    _events("anywhere in the list", lambda of: {"cursor": of.event_cursor()}),
    _events("eventTypeKey, of most", lambda _: {"eventTypeKey": "orderCreated"}),
    _events("eventTypeKey, of few", lambda _: {"eventTypeKey": "askedForHelp"}),
    _events("keyValue, an order", lambda of: {"keyValue": of.order()}),
    _events("keyValue, a phone number", lambda of: {"keyValue": payloads.phone(of.person())}),
    _events("externalOrderId", lambda of: {"externalOrderId": of.order()}),
    _events("contactId", lambda of: {"contactId": 1 + of.person()}),
    _events("source, of most", lambda _: {"source": "shop"}),
    _events("source, of few", lambda _: {"source": "till"}),
    _events("outcome=applied", lambda _: {"outcome": "applied"}),
    _events("outcome=ignored", lambda _: {"outcome": "ignored"}),
    _events("outcome=ignored, anywhere", lambda of: {"outcome": "ignored", "cursor": of.event_cursor()}),
    _events("outcome=failed", lambda _: {"outcome": "failed"}),
    _events("outcome=waiting", lambda _: {"outcome": "waiting"}),
    _events("reason, of many", lambda _: {"reason": "contact_not_found"}),
    _events("reason, of few", lambda _: {"reason": "stale"}),
    _events("reason, a day", lambda of: {"reason": "order_exists", "receivedFrom": (d := of.day()), "receivedTo": d}),
    _events("warning, of many", lambda _: {"warning": "total_mismatch"}),
    _events("warning, of few", lambda _: {"warning": "duplicate_parameter"}),
    _events("receivedFrom and receivedTo, a day", lambda of: {"receivedFrom": (day := of.day()), "receivedTo": day}),
    _events("eventTypeKey and outcome", lambda _: {"eventTypeKey": "orderUpdated", "outcome": "ignored"}),
    _events("eventTypeKey of few and outcome", lambda _: {"eventTypeKey": "askedForHelp", "outcome": "applied"}),
    _events("source and reason", lambda _: {"source": "app", "reason": "contact_not_found"}),
    _events(
        "eventTypeKey and a day",
        lambda of: {"eventTypeKey": "viewedProduct", "receivedFrom": (day := of.day()), "receivedTo": day},
    ),
    Read("events: one", f"{EVENTS}/{{number}}"),
    Read("event-types", "/api/v1/event-types"),
    Read("stats", "/api/v1/stats"),
    Read("metrics", "/metrics"),
)
