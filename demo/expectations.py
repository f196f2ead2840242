"""What the sample shop must add up to, computed from its own notes and nothing else.

A second opinion: it follows docs/rules.md in its own few lines, reads no message, and shares no code with
orders/rules.py, so that a fault in either shows as a figure that does not agree.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Self

from demo.record import Act, Channel, Flaw, Naming

FOUND = {Naming.KNOWN, Naming.CONFLICTING}

type Cell = tuple[date, str]  # a month, by its first day, and a currency
type Fate = tuple[str, str]  # outcome and reason, "" for applied


@dataclass(slots=True, kw_only=True)
class ExpectedOrder:
    """One order as the notes leave it."""

    status: str
    total: Decimal
    currency: str
    placed_on: date
    adds_up: bool
    from_app: bool
    occurred: datetime | None

    @property
    def cell(self) -> Cell:
        return self.placed_on.replace(day=1), self.currency


@dataclass(frozen=True, slots=True, kw_only=True)
class Sum:
    """Money and the number of orders behind it."""

    amount: Decimal = Decimal(0)
    orders: int = 0

    def __add__(self, other: Self) -> Self:
        return replace(self, amount=self.amount + other.amount, orders=self.orders + other.orders)


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """The figures. `fates` stands in the order of the notes; `sdk_initialized` is never part of `revenue`."""

    fates: list[Fate] = field(default_factory=list)
    conflicts: int = 0
    orders: dict[str, ExpectedOrder] = field(default_factory=dict)
    revenue: dict[Cell, Sum] = field(default_factory=dict)
    sdk_initialized: dict[Cell, Sum] = field(default_factory=dict)

    @property
    def by_fate(self) -> Counter[Fate]:
        return Counter(self.fates)

    @property
    def mismatched_orders(self) -> int:
        return sum(not order.adds_up for order in self.orders.values())


def expect(acts: Iterable[Act]) -> Expected:
    """The figures that these messages give when they are taken in this order by an empty installation."""
    orders: dict[str, ExpectedOrder] = {}
    fates: list[Fate] = []
    conflicts = 0
    for act in acts:
        fate = _fate(act, orders.get(act.order))
        fates.append(fate)
        if act.order and fate == ("applied", ""):
            conflicts += act.names is Naming.CONFLICTING
            _apply(act, orders)
    return Expected(
        fates=fates,
        conflicts=conflicts,
        orders=orders,
        revenue=_sums(order for order in orders.values() if order.status == "DELIVERED"),
        sdk_initialized=_sums(o for o in orders.values() if o.from_app and o.status == "INITIALIZED"),
    )


def _fate(act: Act, order: ExpectedOrder | None) -> Fate:
    """docs/rules.md, section 3: the first reason in its order of precedence, else applied."""
    if not act.order:
        return "applied", ""
    creates = order is None and act.event in {"orderCreated", "orderUpdated"}
    reasons = {
        "missing_parameter": act.flaw is Flaw.MISSING or (creates and None in (act.total, act.status, act.placed_on)),
        "invalid_parameter": act.flaw is Flaw.INVALID,
        "order_exists": order is not None and act.event == "orderCreated",
        "order_not_found": order is None and not creates,
        "stale": order is not None and _is_late(act, order),
        "contact_identifier_missing": creates and act.names in {Naming.NOBODY, Naming.UNREADABLE},
        "contact_not_found": creates and act.names is Naming.UNKNOWN,
    }
    return next((("ignored", reason) for reason, holds in reasons.items() if holds), ("applied", ""))


def _is_late(act: Act, order: ExpectedOrder) -> bool:
    # In UTC: two wall-clock times of one zone would be compared without their offsets, an hour wrong each autumn.
    if act.occurred is None or order.occurred is None:
        return False
    return act.occurred.astimezone(UTC) < order.occurred.astimezone(UTC)


def _apply(act: Act, orders: dict[str, ExpectedOrder]) -> None:
    order = orders.get(act.order)
    if order is None:
        orders[act.order] = _new_order(act)
        return
    ended = {"orderDelivered": "DELIVERED", "orderCancelled": "CANCELLED"}
    order.status = ended.get(act.event) or act.status or order.status
    order.total = order.total if act.total is None else act.total
    order.currency = act.currency or order.currency
    order.placed_on = act.placed_on or order.placed_on
    order.adds_up = order.adds_up if act.adds_up is None else act.adds_up
    order.occurred = act.occurred or order.occurred


def _new_order(act: Act) -> ExpectedOrder:
    if act.status is None or act.total is None or act.currency is None or act.placed_on is None:
        raise ValueError(f"The note of {act.order} does not say enough to make an order: {act}")
    return ExpectedOrder(
        status=act.status,
        total=act.total,
        currency=act.currency,
        placed_on=act.placed_on,
        adds_up=act.adds_up is not False,
        from_app=act.channel is Channel.APP,
        occurred=act.occurred,
    )


def _sums(orders: Iterable[ExpectedOrder]) -> dict[Cell, Sum]:
    sums: defaultdict[Cell, Sum] = defaultdict(Sum)
    for order in orders:
        sums[order.cell] += Sum(amount=order.total, orders=1)
    return dict(sums)
