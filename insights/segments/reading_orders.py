"""Reads what stands under "orders". Pure; see reading.py."""

from collections.abc import Mapping
from typing import Any

from contract.currencies import CURRENCIES
from contract.reasons import Problem
from insights.segments.conditions import PURCHASES, OrderCondition, Range
from insights.segments.reading_values import Members, problem
from insights.segments.vocabulary import Vocabulary

MEMBERS = ("item", "category", "status", "currency", "lastDays", "from", "to", "count", "sum")
STATUSES = ("INITIALIZED", "IN_PROGRESS", "DELIVERED", "CANCELLED", "ABANDONED_SHOPPING_CART")
EXAMPLE = 'an object such as {"item": "200600", "lastDays": 7}; {} is any purchase'


def read_orders(value: Any, pointer: str, _: Vocabulary, problems: list[Problem]) -> OrderCondition | None:
    """The condition, or None after telling every problem of it."""
    if not isinstance(value, Mapping):
        problems.append(problem(pointer, "wrong_type", EXAMPLE, value))
        return None
    before = len(problems)
    members = Members(value, pointer, problems)
    members.only(MEMBERS)
    currency = members.text("currency")
    if currency and currency not in CURRENCIES:
        members.tell("currency", "unknown_currency", "three capital letters of ISO 4217, such as UAH")
    condition = OrderCondition(
        pointer=pointer,
        items=members.texts("item"),
        categories=members.texts("category"),
        statuses=members.texts("status", STATUSES) or PURCHASES,
        currency=currency,
        window=members.window(),
        count=members.count(),
        total=_read_sum(members),
    )
    return condition if len(problems) == before else None


def _read_sum(members: Members) -> Range | None:
    inner = members.inside("sum", '{"atLeast": 1000}')
    if inner is None:
        return None
    inner.only(("atLeast", "atMost"))
    if not members.has("currency"):
        members.tell("currency", "missing", "a currency of ISO 4217 beside “sum”: amounts of several are never added")
    return inner.bounds(whole=False)
