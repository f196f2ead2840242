"""A small shop for the property tests of segments, and what a segment means there, told plainly in Python.

The evaluation reads the JSON itself and shares no code with insights/segments: it is what the compiler is held against.
"""

import json
import re
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

KYIV = ZoneInfo("Europe/Kyiv")
NOW = datetime(2026, 3, 31, 12, 0, tzinfo=UTC)  # two days after Kyiv's clocks went forward
TODAY = NOW.astimezone(KYIV).date()
PURCHASES = ["INITIALIZED", "IN_PROGRESS", "DELIVERED"]
FIELD_TYPES = {
    "firstName": "text",
    "createdAt": "datetime",
    "city": "text",
    "age": "integer",
    "points": "decimal",
    "vip": "boolean",
    "birthday": "date",
    "lastVisit": "datetime",
}


@dataclass
class Item:
    item_id: str
    category: str | None = None


@dataclass
class Order:
    status: str
    currency: str
    total: Decimal
    date: datetime
    items: list[Item]


@dataclass
class Event:
    event_type: str
    params: Any  # as it was sent: a list of {"name", "value"} or an object
    received_at: datetime
    occurred_at: datetime | None
    status: str = "applied"


@dataclass
class Person:
    first_name: str
    created_at: datetime
    is_deleted: bool
    fields: dict[str, Any]
    groups: list[str]
    kinds: list[str]
    orders: list[Order] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    scores: dict[str, tuple[int, int, int, str]] = field(default_factory=dict)  # by currency, with the segment


def finds(segment: Any, person: Person) -> bool:
    """Whether the segment finds the person."""
    return not person.is_deleted and _holds(segment, person)


def _holds(node: Any, person: Person) -> bool:
    [(kind, inner)] = node.items()
    match kind:
        case "all":
            return all(_holds(each, person) for each in inner)
        case "any":
            return any(_holds(each, person) for each in inner)
        case "not":
            return not _holds(inner, person)
        case "orders":
            return _orders(inner, person)
        case "events":
            return _events(inner, person)
        case "rfm":
            return _rfm(inner, person)
        case _:
            return _contact(inner, person)


def _several(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _local(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=KYIV)


def _in_window(asked: Any, moment: datetime) -> bool:
    if "lastDays" in asked:
        return _local(TODAY - timedelta(days=asked["lastDays"])) <= moment <= NOW
    day = moment.astimezone(KYIV).date()
    return (
        date.fromisoformat(asked.get("from", "0001-01-01")) <= day <= date.fromisoformat(asked.get("to", "9999-01-01"))
    )


def _counts(asked: Any, number: int) -> bool:
    if "count" not in asked:
        return number >= 1
    return asked["count"].get("atLeast", 0) <= number <= asked["count"].get("atMost", 10**9)


def _orders(asked: Any, person: Person) -> bool:
    def is_meant(item: Item) -> bool:
        return ("item" not in asked or item.item_id in _several(asked["item"])) and (
            "category" not in asked or item.category in _several(asked["category"])
        )

    meant = [
        order
        for order in person.orders
        if order.status in _several(asked.get("status", PURCHASES))
        and asked.get("currency", order.currency) == order.currency
        and _in_window(asked, order.date)
        and (not asked.keys() & {"item", "category"} or any(is_meant(item) for item in order.items))
    ]
    total = sum((order.total for order in meant), Decimal(0))
    bounds = asked.get("sum", {})
    is_in_bounds = bounds.get("atLeast", 0) <= total <= bounds.get("atMost", 10**18)
    return _counts(asked, len(meant)) and is_in_bounds


def _events(asked: Any, person: Person) -> bool:
    meant = [
        event
        for event in person.events
        if event.event_type == asked["type"]
        and event.status == "applied"
        and _in_window(asked, min(event.occurred_at or event.received_at, event.received_at))
        and all(_passes(test, event.params) for test in asked.get("where", []))
    ]
    return _counts(asked, len(meant))


def _passes(test: Any, params: Any) -> bool:
    named = params if isinstance(params, dict) else {each["name"]: each.get("value") for each in params}
    value = named.get(test["parameter"])
    values = value if isinstance(value, list) else [value]
    if "member" in test:
        values = [each.get(test["member"]) for each in values if isinstance(each, dict)]
    values = [each for each in values if each is not None]
    if "exists" in test:
        return bool(values) is test["exists"]
    return any(_compares(test, each) for each in values if isinstance(each, str | int | float | bool | Decimal))


def _compares(test: Any, value: Any) -> bool:
    text = value if isinstance(value, str) else json.dumps(value, default=str).strip('"')
    number = Decimal(text) if re.fullmatch(r"-?\d+(\.\d+)?", text, re.ASCII) else None

    def equals(wanted: Any) -> bool:
        if isinstance(wanted, bool):
            return text == json.dumps(wanted)
        return text == wanted if isinstance(wanted, str) else number == wanted

    return (
        ("equals" not in test or any(equals(each) for each in _several(test["equals"])))
        and ("contains" not in test or test["contains"].lower() in text.lower())
        and ("greater" not in test or (number is not None and number > test["greater"]))
        and ("less" not in test or (number is not None and number < test["less"]))
    )


def _contact(asked: Any, person: Person) -> bool:
    if "group" in asked:
        return any(name in person.groups for name in _several(asked["group"]))
    if "has" in asked:
        return any(kind in person.kinds for kind in _several(asked["has"]))
    own = {"firstName": person.first_name or None, "createdAt": person.created_at.astimezone(KYIV).isoformat()}
    value = {**person.fields, **own}.get(asked["field"])
    if "exists" in asked:
        return (value is not None) is asked["exists"]
    if value is None:
        return False
    if FIELD_TYPES[asked["field"]] in ("date", "datetime"):
        day = date.fromisoformat(value[:10])
        return (
            ("equals" not in asked or any(day.isoformat() == each for each in _several(asked["equals"])))
            and ("greater" not in asked or day > date.fromisoformat(asked["greater"]))
            and ("less" not in asked or day < date.fromisoformat(asked["less"]))
            and ("lastDays" not in asked or TODAY - timedelta(days=asked["lastDays"]) <= day <= TODAY)
        )
    return (
        ("equals" not in asked or any(value == each for each in _several(asked["equals"])))
        and ("contains" not in asked or asked["contains"].lower() in value.lower())
        and ("greater" not in asked or value > asked["greater"])
        and ("less" not in asked or value < asked["less"])
    )


def _rfm(asked: Any, person: Person) -> bool:
    if asked["currency"] not in person.scores:
        return False
    *scores, segment = person.scores[asked["currency"]]
    named = dict(zip(("recency", "frequency", "monetary"), scores, strict=True))
    return all(value in _several(asked[name]) for name, value in {**named, "segment": segment}.items() if name in asked)
