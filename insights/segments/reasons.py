"""Why a person is in a segment, or is not: what each condition finds, and the orders and events that it finds it by."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from contacts.models import Contact
from events.models import Event
from insights.rfm.membership import load_scores
from insights.segments.bounded import bounded
from insights.segments.compiling import compile_leaf
from insights.segments.compiling_events import event_rows
from insights.segments.compiling_orders import order_rows
from insights.segments.conditions import (
    EventCondition,
    FieldCondition,
    Leaf,
    Node,
    OrderCondition,
    RfmLeaf,
    holds,
    leaves_of,
)
from insights.segments.facts import Facts
from insights.segments.loading import load_facts
from insights.segments.sql import Sql
from orders.models import Order

SHOWN = 10  # orders or events of a condition
CONTACT_COLUMNS = {"firstName": "first_name", "lastName": "last_name", "createdAt": "created_at"}


@dataclass(slots=True, kw_only=True)
class Reason:
    """A condition, whether it is fulfilled, and by what: the newest orders or events, of `number` in all.

    `value`: what the field holds, or the scores of RFM.
    """

    leaf: Leaf
    is_fulfilled: bool
    orders: Sequence[Order] = ()
    events: Sequence[Event] = ()
    number: int = 0
    value: Any = None
    ids: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """`is_found`: whether the segment finds the person at this moment."""

    is_found: bool
    reasons: list[Reason]


def explain(node: Node, contact: Contact) -> Explanation:
    """What each condition of the tree says of a contact now. Raises TookTooLongError.

    One statement for all conditions and one more for each that is about orders, events or RFM; two that load the rows.
    """
    leaves = list(leaves_of(node))
    facts = load_facts(leaves)
    with bounded() as cursor:
        is_among = Sql.joined(", ", [_is_among(leaf, contact.pk, facts) for leaf in leaves])
        cursor.execute(f"SELECT {is_among.text}", is_among.params)
        reasons = [
            Reason(leaf=leaf, is_fulfilled=fulfilled) for leaf, fulfilled in zip(leaves, cursor.fetchone(), strict=True)
        ]
        for reason in reasons:
            if (evidence := _evidence(reason.leaf, contact.pk, facts)) is not None:
                cursor.execute(evidence.text, evidence.params)
                rows = cursor.fetchall()
                reason.ids, reason.number = [row[0] for row in rows], rows[0][1] if rows else 0
    _load_rows(reasons)
    for reason in reasons:
        reason.value = _value_of(reason.leaf, contact)
    truth = {reason.leaf.pointer: reason.is_fulfilled for reason in reasons}
    return Explanation(is_found=contact.deleted_at is None and holds(node, truth), reasons=reasons)


def _is_among(leaf: Leaf, contact_id: int, facts: Facts) -> Sql:
    people = compile_leaf(leaf, facts)
    before = "NOT EXISTS (SELECT FROM (" if people.is_complement else "EXISTS (SELECT FROM ("
    rows = people.rows.inside(before, ") AS found (contact_id) WHERE found.contact_id = %s)")
    return Sql(rows.text, (*rows.params, contact_id))


def _evidence(leaf: Leaf, contact_id: int, facts: Facts) -> Sql | None:
    """The newest rows of a condition that are this person's, each with how many there are.

    Indexes: order_by_contact, outcome_by_contact.
    """
    if isinstance(leaf, OrderCondition):
        rows = order_rows(leaf, facts).inside("SELECT o.id, count(*) OVER () FROM ", "")
        tail = " AND o.contact_id = %s ORDER BY o.date DESC, o.id DESC LIMIT %s"
    elif isinstance(leaf, EventCondition):
        rows = event_rows(leaf, facts).inside("SELECT e.id, count(*) OVER () FROM ", "")
        tail = " AND outcome.contact_id = %s ORDER BY outcome.event_id DESC LIMIT %s"
    else:
        return None
    return Sql(rows.text + tail, (*rows.params, contact_id, SHOWN))


def _load_rows(reasons: Sequence[Reason]) -> None:
    of_orders = [reason for reason in reasons if isinstance(reason.leaf, OrderCondition)]
    of_events = [reason for reason in reasons if isinstance(reason.leaf, EventCondition)]
    orders = Order.objects.in_bulk({pk for reason in of_orders for pk in reason.ids})
    found = Event.objects.select_related("event_type").defer("body")
    events = found.in_bulk({pk for reason in of_events for pk in reason.ids})
    for reason in of_orders:
        reason.orders = [orders[pk] for pk in reason.ids if pk in orders]
    for reason in of_events:
        reason.events = [events[pk] for pk in reason.ids if pk in events]


def _value_of(leaf: Leaf, contact: Contact) -> Any:
    if isinstance(leaf, FieldCondition):
        column = CONTACT_COLUMNS.get(leaf.field)
        return getattr(contact, column) if column else contact.fields.get(leaf.field)
    if isinstance(leaf, RfmLeaf):
        return load_scores([contact.pk], leaf.condition.currency).get(contact.pk)
    return None
