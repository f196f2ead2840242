"""What deserves a look though it was taken: docs/rules.md, sections 3 and 5.

An order carries the warnings that hold of it as it stands; an event carries those that its own parameters speak of.
Pure: no Django, no clock, no I/O.
"""

from datetime import datetime
from decimal import Context, Decimal, Inexact

from contacts.matching import Match
from contract.currencies import format_money
from contract.json_values import excerpt
from contract.reasons import Caution, WarningCode
from orders.parameters import Reading
from orders.state import OrderState

# 1,000 items, each a product of two numbers of 18 digits, fit many times over; should they not, we want to hear of it.
_EXACT = Context(prec=100, traps=[Inexact])
_AMOUNTS = frozenset({"total_cost", "shipping", "taxes", "discount"})


def conditions_of(order: OrderState, received_at: datetime) -> tuple[Caution, ...]:
    """The warnings of an order as an event received at `received_at` left it."""
    mismatch = _total_mismatch(order) if order.items else None
    future = _date_in_future(order) if order.date > received_at else None
    nobody = _NOBODY if order.contact_id is None else None
    if mismatch is None and future is None and nobody is None:
        return ()
    return tuple(caution for caution in (mismatch, future, nobody) if caution is not None)


_NOBODY = Caution(
    code=WarningCode.CONTACT_IDENTIFIER_MISSING,
    detail="The order has no contact. It counts as revenue, and joins the contact that a later message about it names.",
)


def conditions_told_by(reading: Reading, conditions: tuple[Caution, ...], *, tells_whose: bool) -> tuple[Caution, ...]:
    """Those of an order's warnings that are about something the event itself said.

    `tells_whose`: the event is of a type that tells whose order it is.
    """
    told = {WarningCode.DATE_IN_FUTURE} if "date" in reading.values else set()
    if tells_whose:
        told.add(WarningCode.CONTACT_IDENTIFIER_MISSING)
    if reading.items is not None or not _AMOUNTS.isdisjoint(reading.values):
        told.add(WarningCode.TOTAL_MISMATCH)
    return tuple(caution for caution in conditions if caution.code in told)


def expected_total(order: OrderState) -> Decimal | None:
    """What the items, shipping and taxes less the discount come to, exactly; None when an item has no cost."""
    total = Decimal(0)
    for item in order.items:
        if item.cost is None:
            return None
        total = _EXACT.add(total, _EXACT.multiply(item.cost, item.quantity))
    for extra in (order.shipping, order.taxes):
        total = total if extra is None else _EXACT.add(total, extra)
    return total if order.discount is None else _EXACT.subtract(total, order.discount)


def _total_mismatch(order: OrderState) -> Caution | None:
    total = expected_total(order)
    if total is None or total == order.total_cost:
        return None
    terms = [f"{name} {format_money(amount, order.currency)}" for name, amount in _extras(order) if amount is not None]
    with_extras = f" with {', '.join(terms)}" if terms else ""
    shown = format_money(_EXACT.normalize(total), order.currency)
    return Caution(
        code=WarningCode.TOTAL_MISMATCH,
        detail=f"The items{with_extras} come to {shown} {order.currency}, "
        f"and totalCost is {format_money(order.total_cost, order.currency)} {order.currency}.",
    )


def _extras(order: OrderState) -> tuple[tuple[str, Decimal | None], ...]:
    return ("shipping", order.shipping), ("taxes", order.taxes), ("less discount", order.discount)


def _date_in_future(order: OrderState) -> Caution:
    """Does not name the moment of receipt: the order's warning must stay the same while it holds."""
    return Caution(
        code=WarningCode.DATE_IN_FUTURE,
        detail=f"The order's date {order.date.isoformat()} was still to come when the event was received.",
    )


def conflict_caution(match: Match, kept: int | None) -> tuple[Caution, ...]:
    """The warning that identifiers name other contacts than the one that the order has, if they do."""
    others = [step for step in match.trace if step.contact_id not in (None, kept)]
    if not others and match.contact_id in (None, kept):
        return ()
    named = ", ".join(f"{step.parameter} {excerpt(step.value)} names contact {step.contact_id}" for step in others)
    detail = f"The order's contact is {kept}, but {named or f'the event names contact {match.contact_id}'}."
    return (Caution(code=WarningCode.IDENTIFIER_CONFLICT, detail=detail),)
