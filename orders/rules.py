"""Decides what an event does to an order: docs/rules.md, section 3, in its order, and section 6 for whole orders.

Pure: no Django, no clock, no I/O. The shell passes everything in; replay and dry run call the same functions.
Never raises for bad input: what is wrong with an event is a Decision, and all of it is reported at once.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from contacts.matching import Match
from contract.json_values import excerpt
from contract.moments import present_moment
from contract.parameters import Parameters
from contract.reasons import SENTENCES, Caution, Problem, Reason, Status, pick_reason
from orders.changes import are_same_items, changes_between, merge_custom_fields
from orders.conditions import conditions_of, conditions_told_by, conflict_caution
from orders.fields import (
    CANCELLED,
    DELIVERED,
    EVENT_REQUIREMENTS,
    ORDER_ID,
    STATUSES,
    WHOLE_ORDER_REQUIREMENTS,
    Requirements,
)
from orders.parameters import Reading, read_order, read_order_id, without_empty
from orders.state import OrderState


@dataclass(frozen=True, slots=True, kw_only=True)
class _Type:
    """What one type of order event does. `status`: all that it sets; None: it takes all of its parameters."""

    creates: bool = False
    changes_existing: bool = True
    status: str | None = None
    deletes: bool = False
    is_whole: bool = False  # it holds a whole order, may be a guest's, and an empty text in it counts as absent
    requirements: Requirements = EVENT_REQUIREMENTS


# The types of the events that Add orders makes, by the status of the order in them.
WHOLE_ORDER_TYPES: Mapping[str, str] = {status: f"order{status}" for status in STATUSES}
DELETION_TYPE = "orderDELETED"  # of the events that deleting orders makes; nobody may send one

_TYPES: Mapping[str, _Type] = {
    "orderCreated": _Type(creates=True, changes_existing=False),
    "orderUpdated": _Type(creates=True),
    "orderDelivered": _Type(status=DELIVERED),
    "orderCancelled": _Type(status=CANCELLED),
    **{
        type_key: _Type(creates=True, is_whole=True, requirements=WHOLE_ORDER_REQUIREMENTS)
        for type_key in WHOLE_ORDER_TYPES.values()
    },
    DELETION_TYPE: _Type(deletes=True),
}
ORDER_EVENT_TYPES = frozenset(_TYPES)

MAX_PROBLEMS = 500  # listed of one event's parameters
NOTHING_CHANGED = "Nothing changed: the order already stood as this event says."
DELETED = "The order was deleted, with its items and its history; its events stay."
NOTHING_DELETED = "Nothing changed: there was no such order."


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderEvent:
    """All that the rules need of an event whose type is one of ORDER_EVENT_TYPES."""

    event_type_key: str
    parameters: Parameters
    match: Match
    received_at: datetime
    occurred_at: datetime | None = None
    from_mobile_sdk: bool = False
    time_zone: ZoneInfo
    default_currency: str
    reading: Reading | None = None  # what read_whole_order() gave for these parameters and this zone, if it is known


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What is to happen. `order` is the order after an applied event and None otherwise.

    `problems` lists all that speaks against an ignored event, `reason` the one that stands for it. `changes` maps the
    API's field names ("totalCost", "items", …) to {"from": …, "to": …} in JSON values, and is empty when nothing
    changed; the order may still carry a newer `last_occurred_at`. `warnings` are those of the event itself.
    `deletes_order`: there is no such order any more.
    """

    status: Status
    reason: Reason | None = None
    note: str = ""
    problems: tuple[Problem, ...] = ()
    warnings: tuple[Caution, ...] = ()
    order: OrderState | None = None
    deletes_order: bool = False
    changes: Mapping[str, Any] = field(default_factory=dict)


def decide(event: OrderEvent, order: OrderState | None) -> Decision:
    """The decision for one event on the order as it stands (None: there is no such order)."""
    kind = _TYPES[event.event_type_key]
    reading = _read(event, kind, order)
    refusals = tuple(_refusals(event, kind, order, reading))
    if reading.problems or refusals:
        return _ignored(event, order, reading.problems, refusals)
    if kind.deletes:
        return _delete(order)
    after = _create(event, reading) if order is None else _change(event, order, reading)
    conditions = conditions_of(after, event.received_at)
    if conditions != after.warnings:
        after = replace(after, warnings=conditions)
    return _applied(event, kind, order, after, reading)


def read_whole_order(parameters: Parameters, time_zone: ZoneInfo) -> Reading:
    """A whole order, as Add orders takes it; all that keeps it from being taken is among the `problems`."""
    return read_order(
        parameters,
        time_zone,
        required=WHOLE_ORDER_REQUIREMENTS.order,
        required_of_items=WHOLE_ORDER_REQUIREMENTS.item,
        empty_is_absent=True,
    )


def telling_parameters(event_type_key: str, parameters: Parameters) -> Parameters:
    """The parameters that say something: in a whole order an empty text says nothing."""
    kind = _TYPES.get(event_type_key)
    return without_empty(parameters) if kind is not None and kind.is_whole else parameters


def _read(event: OrderEvent, kind: _Type, order: OrderState | None) -> Reading:
    if kind.deletes:
        return read_order_id(event.parameters, event.time_zone)
    if kind.status is not None:
        reading = read_order_id(event.parameters, event.time_zone)
        return replace(reading, values={**reading.values, "status": kind.status})
    if kind.is_whole:
        return event.reading or read_whole_order(event.parameters, event.time_zone)
    return read_order(
        event.parameters,
        event.time_zone,
        required=kind.requirements.order if order is None else (ORDER_ID.name,),
        required_of_items=kind.requirements.item,
    )


# What speaks against it


def _refusals(event: OrderEvent, kind: _Type, order: OrderState | None, reading: Reading) -> Iterator[Problem]:
    """What else than its parameters' values speaks against an event."""
    names_an_order = ORDER_ID.attribute in reading.values  # else nobody can tell which one is meant
    if order is not None:
        if names_an_order and not kind.changes_existing:
            yield _problem_of_order(event, Reason.ORDER_EXISTS, expected="the id of an order that is not there yet")
        if _is_stale(event, order):
            yield _stale(event, order)
    elif kind.creates:
        if event.match.contact_id is None and not kind.is_whole:
            yield _contact_missing(event.match)
    elif names_an_order and not kind.deletes:
        yield _problem_of_order(event, Reason.ORDER_NOT_FOUND, expected="the id of an order that is there")


def _is_stale(event: OrderEvent, order: OrderState) -> bool:
    if event.occurred_at is None or order.last_occurred_at is None:
        return False
    return event.occurred_at < order.last_occurred_at


def _problem_of_order(event: OrderEvent, reason: Reason, expected: str) -> Problem:
    sent = event.parameters[ORDER_ID.name]
    return Problem(
        pointer=sent.pointer, code=reason, detail=SENTENCES[reason], found=excerpt(sent.value), expected=expected
    )


def _stale(event: OrderEvent, order: OrderState) -> Problem:
    assert event.occurred_at is not None
    assert order.last_occurred_at is not None
    return Problem(
        pointer="/occurred",
        code=Reason.STALE,
        detail=SENTENCES[Reason.STALE],
        found=present_moment(event.occurred_at, event.time_zone),
        expected=f"{present_moment(order.last_occurred_at, event.time_zone)} or later",
    )


def _contact_missing(match: Match) -> Problem:
    """Why there is no contact to create the order for."""
    reason = Reason.CONTACT_NOT_FOUND if match.has_identifier else Reason.CONTACT_IDENTIFIER_MISSING
    tried = ", ".join(f"{step.parameter} {excerpt(step.value)}" for step in match.trace)
    return Problem(
        pointer="/params",
        code=reason,
        detail=SENTENCES[reason],
        found=tried,
        expected="externalCustomerId, email, phone or another parameter of a matching rule, naming a contact",
    )


def _ignored(
    event: OrderEvent, order: OrderState | None, of_parameters: tuple[Problem, ...], refusals: tuple[Problem, ...]
) -> Decision:
    return Decision(
        status=Status.IGNORED,
        reason=pick_reason({Reason(problem.code) for problem in (*of_parameters, *refusals)}),
        problems=(*shorten(of_parameters), *refusals),
        warnings=conflict_caution(event.match, _contact_kept(event, order)),
    )


def shorten(problems: tuple[Problem, ...], most: int = MAX_PROBLEMS) -> tuple[Problem, ...]:
    """The problems that are told: a thousand empty items in each event of a bulk would be a gigabyte of them."""
    if len(problems) <= most:
        return problems
    rest, last = len(problems) - most, problems[most - 1]
    return (*problems[: most - 1], replace(last, detail=f"{last.detail} {rest:,} more problems are not listed."))


# What it does


def _create(event: OrderEvent, reading: Reading) -> OrderState:
    return OrderState(
        contact_id=event.match.contact_id,
        items=reading.items or (),
        custom_fields=reading.custom_fields,
        from_mobile_sdk=event.from_mobile_sdk,
        last_occurred_at=event.occurred_at,
        **{"currency": event.default_currency, **reading.values},
    )


def _change(event: OrderEvent, order: OrderState, reading: Reading) -> OrderState:
    """The order with what is there replaced; what already stood so stays the same object, in the digits it had."""
    values = {name: value for name, value in reading.values.items() if getattr(order, name) != value}
    if reading.items is not None and not are_same_items(order.items, reading.items):
        values["items"] = reading.items
    return replace(
        order,
        contact_id=_contact_kept(event, order),
        custom_fields=merge_custom_fields(order.custom_fields, reading.custom_fields),
        last_occurred_at=event.occurred_at or order.last_occurred_at,
        **values,
    )


def _contact_kept(event: OrderEvent, order: OrderState | None) -> int | None:
    """The order's own contact; an order without one joins the contact that the event names."""
    if order is None or order.contact_id is None:
        return event.match.contact_id
    return order.contact_id


def _delete(order: OrderState | None) -> Decision:
    """Applied where there is no such order, too: a replay must never delete an order that came later."""
    note = NOTHING_DELETED if order is None else DELETED
    return Decision(status=Status.APPLIED, note=note, deletes_order=order is not None)


def _applied(
    event: OrderEvent, kind: _Type, before: OrderState | None, after: OrderState, reading: Reading
) -> Decision:
    changes = changes_between(before, after)
    conflict = conflict_caution(event.match, after.contact_id)
    told = after.warnings
    if before is not None:
        told = conditions_told_by(reading, after.warnings, tells_whose=kind.is_whole)
    return Decision(
        status=Status.APPLIED,
        note="" if changes else NOTHING_CHANGED,
        warnings=(*conflict, *told),
        order=after,
        changes=changes,
    )
