"""Reads from the API what became of the shop, and compares it with what was expected, event by event and sum by sum."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from demo.client import ShopClient
from demo.expectations import Cell, Expected, ExpectedOrder, Fate, Sum
from demo.memory import Memory
from demo.record import Channel
from demo.shop import Shop

NOTHING = Sum()


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What the API answered. `others` is the DELIVERED revenue of the orders that are not the demo's."""

    fates: list[Fate]  # of the demo's events, in the order they were posted; ("", "") for one that is not there
    conflicts: int
    orders: dict[str, tuple[str, Decimal, str]]  # the demo's: status, total and currency
    mismatched_orders: int
    revenue: dict[Cell, Sum]
    sdk_initialized: dict[Cell, Sum]
    time_zone: str
    others: dict[Cell, Sum]

    @property
    def by_fate(self) -> Counter[Fate]:
        return Counter(self.fates)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One figure, expected and answered."""

    name: str
    expected: int
    answered: int

    @property
    def agrees(self) -> bool:
        return self.expected == self.answered


@dataclass(frozen=True, slots=True, kw_only=True)
class RevenueLine:
    """One month and currency, or a currency in all."""

    cell: Cell | None
    currency: str
    expected: Sum
    answered: Sum

    @property
    def agrees(self) -> bool:
        return self.expected == self.answered


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Everything that is compared. `revenue` has a line for each month and currency that either side names."""

    time_zone: str
    events: list[Line]
    orders: list[Line]
    revenue: list[RevenueLine]
    sdk_initialized: list[RevenueLine]
    has_others: bool  # orders that are not the demo's stand in the revenue

    @property
    def agrees(self) -> bool:
        counts = all(line.agrees for line in [*self.events, *self.orders])
        return counts and all(line.agrees for line in [*self.revenue, *self.sdk_initialized])


def read_figures(
    client: ShopClient, sources: Mapping[Channel, str], shop: Shop, memory: Memory, expected: Expected
) -> Figures:
    """Pages through the events of the demo's sources and through the orders, and asks for the revenue by month."""
    events = {int(event["id"]): event for channel, name in sources.items() for event in client.events_of(channel, name)}
    ours = [events.get(event_id, {}) for event_id in memory.event_ids]
    orders = {order["externalOrderId"]: order for order in client.orders()}
    answer = client.revenue(shop.first_day, shop.last_day)
    return Figures(
        fates=[(event.get("outcome") or "", event.get("reason") or "") for event in ours],
        conflicts=sum(event.get("outcome") == "applied" and _warns(event, "identifier_conflict") for event in ours),
        orders={
            key: (order["status"], Decimal(order["totalCost"]), order["currency"])
            for key, order in orders.items()
            if key in expected.orders
        },
        mismatched_orders=sum(_warns(orders[key], "total_mismatch") for key in expected.orders if key in orders),
        revenue={(row.period, row.currency): Sum(amount=row.revenue, orders=row.orders) for row in answer.rows},
        sdk_initialized={
            (row.period, row.currency): Sum(amount=row.sdk_initialized, orders=row.sdk_initialized_orders)
            for row in answer.rows
        },
        time_zone=answer.time_zone,
        others=_revenue_of_others(orders, expected.orders, shop),
    )


def compare(expected: Expected, figures: Figures) -> Comparison:
    """Each figure beside its expectation; the revenue of orders that are not the demo's is expected on top."""
    reasons = sorted({*expected.by_fate, *figures.by_fate})
    waiting = ("waiting", "")
    fates = [*[fate for fate in reasons if fate != waiting], waiting]
    agreeing = sum(there == here for there, here in zip(figures.fates, expected.fates, strict=True))
    return Comparison(
        time_zone=figures.time_zone,
        has_others=bool(figures.others),
        events=[
            *[
                Line(name=_name(fate), expected=expected.by_fate[fate], answered=figures.by_fate[fate])
                for fate in fates
            ],
            Line(name="each event as expected", expected=len(expected.fates), answered=agreeing),
            Line(name="warning identifier_conflict", expected=expected.conflicts, answered=figures.conflicts),
        ],
        orders=[
            Line(name="orders", expected=len(expected.orders), answered=len(figures.orders)),
            Line(
                name="status, total and currency as expected",
                expected=len(expected.orders),
                answered=_same(expected, figures),
            ),
            Line(
                name="warning total_mismatch", expected=expected.mismatched_orders, answered=figures.mismatched_orders
            ),
        ],
        revenue=_by_cell(_added(expected.revenue, figures.others), figures.revenue),
        sdk_initialized=_by_cell(expected.sdk_initialized, figures.sdk_initialized),
    )


def totals(lines: list[RevenueLine]) -> list[RevenueLine]:
    """One line for each currency: months are added, currencies never."""
    result = []
    for currency in sorted({line.currency for line in lines}, reverse=True):
        of_currency = [line for line in lines if line.currency == currency]
        result.append(
            RevenueLine(
                cell=None,
                currency=currency,
                expected=sum((line.expected for line in of_currency), NOTHING),
                answered=sum((line.answered for line in of_currency), NOTHING),
            )
        )
    return result


def _name(fate: Fate) -> str:
    outcome, reason = fate
    return f"{outcome or 'not there'} {reason}".strip()


def _warns(record: Mapping[str, Any], code: str) -> bool:
    return any(warning["code"] == code for warning in record.get("warnings", []))


def _same(expected: Expected, figures: Figures) -> int:
    wanted = {key: (order.status, order.total, order.currency) for key, order in expected.orders.items()}
    return sum(figures.orders.get(key) == order for key, order in wanted.items())


def _by_cell(expected: Mapping[Cell, Sum], answered: Mapping[Cell, Sum]) -> list[RevenueLine]:
    return [
        RevenueLine(
            cell=cell, currency=cell[1], expected=expected.get(cell, NOTHING), answered=answered.get(cell, NOTHING)
        )
        for cell in sorted({*expected, *answered})
        if expected.get(cell, NOTHING) != NOTHING or answered.get(cell, NOTHING) != NOTHING
    ]


def _added(one: Mapping[Cell, Sum], other: Mapping[Cell, Sum]) -> dict[Cell, Sum]:
    return {cell: one.get(cell, NOTHING) + other.get(cell, NOTHING) for cell in {*one, *other}}


def _revenue_of_others(
    orders: Mapping[str, Mapping[str, Any]], ours: Mapping[str, ExpectedOrder], shop: Shop
) -> dict[Cell, Sum]:
    sums: defaultdict[Cell, Sum] = defaultdict(Sum)
    for key, order in orders.items():
        day = datetime.fromisoformat(order["date"]).date()  # answers carry the account's zone
        if key not in ours and order["status"] == "DELIVERED" and shop.first_day <= day <= shop.last_day:
            sums[_month(day), order["currency"]] += Sum(amount=Decimal(order["totalCost"]), orders=1)
    return dict(sums)


def _month(day: date) -> date:
    return day.replace(day=1)
