"""Folds the log of applied events again and compares it with the orders (docs/architecture.md, “The log can rebuild
the ledger”). It is the proof behind promises 1, 2 and 5, and it changes nothing.

Each event is folded with the contact and the basis that its outcome recorded, in the sequence in which it was applied.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, fields, replace
from typing import Any

from django.db import connection, transaction

from contacts.matching import Match
from events.basis import DecisionBasis, load_bases
from events.envelope import parse_envelope
from events.folding import Decided, ReadEvent, fold
from events.lanes import ClaimedEvent
from orders import ledger
from orders.rules import ORDER_EVENT_TYPES
from orders.state import OrderState

KEYS_AT_ONCE = 2_000


@dataclass(frozen=True, slots=True)
class Difference:
    """One field in which the ledger and the fold disagree about an order; "order" when one of them has none."""

    external_order_id: str
    field: str
    ledger: Any
    fold: Any

    def __str__(self) -> str:
        return f"order {self.external_order_id}: {self.field} is {self.ledger!r}, the events give {self.fold!r}"


# Every key that an order or an order event has, in one order for both: each branch reads an index from `after` on.
NEXT_KEYS = """
    SELECT key FROM (
        (SELECT external_order_id AS key FROM orders_order
          WHERE external_order_id > %(after)s ORDER BY external_order_id LIMIT %(limit)s)
        UNION
        (SELECT order_key FROM events_event
          WHERE order_key <> '' AND order_key > %(after)s GROUP BY order_key ORDER BY order_key LIMIT %(limit)s)
    ) AS keys
    ORDER BY key LIMIT %(limit)s
"""
APPLIED_EVENTS = """
    SELECT e.lane, o.sequence, o.attempt, e.id, t.key, e.key_value, e.order_key, e.api_version, e.body,
           e.occurred_at, e.received_at, s.kind, o.contact_id, o.basis_id
      FROM events_event AS e                 -- index: event_by_order_key
      JOIN events_outcome AS o ON o.event_id = e.id
      JOIN events_eventtype AS t ON t.id = e.event_type_id
      JOIN events_source AS s ON s.id = e.source_id
     WHERE e.order_key = ANY(%(keys)s) AND e.order_key <> ''
       AND o.status = 'applied' AND t.key = ANY(%(types)s)
     ORDER BY o.sequence
"""


def verify_orders() -> Iterator[tuple[int, list[Difference]]]:
    """For each group of orders: how many were compared, and where ledger and fold disagree.

    Each group is read in one snapshot, so it may run beside the workers.
    """
    after = ""
    while True:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            cursor.execute(NEXT_KEYS, {"after": after, "limit": KEYS_AT_ONCE})
            keys = [key for (key,) in cursor.fetchall()]
            if not keys:
                return
            stored = {key: order.state for key, order in ledger.load_orders(keys).items()}
            folded: dict[str, OrderState] = {}
            for _ in fold_applied(keys, folded):
                pass
        compared = stored.keys() | folded.keys()
        yield (
            len(compared),
            [difference for key in sorted(compared) for difference in compare(key, stored.get(key), folded.get(key))],
        )
        after = keys[-1]


def fold_applied(keys: Collection[str], orders: dict[str, OrderState]) -> Iterator[Decided]:
    """Folds the applied events of these order keys again, from no orders on; `orders` holds what they give.

    Yields each decision as it is made. Two statements.
    """
    with connection.cursor() as cursor:
        cursor.execute(APPLIED_EVENTS, {"keys": list(keys), "types": list(ORDER_EVENT_TYPES)})
        rows = cursor.fetchall()
    bases = load_bases({row[13] for row in rows})
    for row in rows:
        basis = bases[row[13]]
        yield from fold([_read_again(ClaimedEvent(*row[:12]), row[12], basis)], orders, basis)


def _read_again(event: ClaimedEvent, contact_id: int | None, basis: DecisionBasis) -> ReadEvent:
    match = Match(contact_id=contact_id, has_identifier=True)
    return ReadEvent(event, parse_envelope(event.body, basis), match)


def compare(key: str, stored: OrderState | None, folded: OrderState | None) -> list[Difference]:
    """The fields in which two states of one order differ; None stands for an order that one side does not have."""
    if stored is None or folded is None:
        return [Difference(key, "order", _presence(stored), _presence(folded))]
    # The texts of warnings quote numbers as they were first written; which warnings hold is what must agree.
    stored, folded = _with_codes_only(stored), _with_codes_only(folded)
    return [
        Difference(key, field.name, getattr(stored, field.name), getattr(folded, field.name))
        for field in fields(OrderState)
        if getattr(stored, field.name) != getattr(folded, field.name)
    ]


def _presence(state: OrderState | None) -> str:
    return "missing" if state is None else "there"


def _with_codes_only(state: OrderState) -> OrderState:
    return replace(state, warnings=tuple(replace(warning, detail="") for warning in state.warnings))
