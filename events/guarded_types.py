"""Decides who may send an event of a type that does more than the four of an order's life: docs/rules.md, section 6.

A whole order (`orderDELIVERED`, …) is what Add orders stores; it may create contacts, so it takes that call's scope
wherever it comes in. A deletion is made by DELETE /api/v1/orders only, which keeps a record of who asked for it.
"""

from collections.abc import Collection

from contract.reasons import Problem
from contract.scopes import Scope
from events.envelope import Envelope
from orders.rules import DELETION_TYPE, WHOLE_ORDER_TYPES

POINTER = "/eventTypeKey"
RESERVED, NOT_ALLOWED = "reserved_event_type", "permission_denied"
_WHOLE_ORDERS = frozenset(WHOLE_ORDER_TYPES.values())


def find_type_fault(envelope: Envelope, scopes: Collection[str]) -> Problem | None:
    """Why a key with these scopes may not send an event of this type; None when it may."""
    type_key = envelope.event_type_key
    if type_key == DELETION_TYPE:
        detail = f"Nobody sends {DELETION_TYPE}: delete orders with DELETE /api/v1/orders."
        expected = "another event type"
        return Problem(pointer=POINTER, code=RESERVED, detail=detail, found=type_key, expected=expected)
    if type_key in _WHOLE_ORDERS and Scope.ORDERS_WRITE not in scopes:
        scope = Scope.ORDERS_WRITE.value
        detail = f"An event of the type {type_key} is a whole order: it needs a key with the scope “{scope}”."
        return Problem(pointer=POINTER, code=NOT_ALLOWED, detail=detail, found=type_key, expected=f"the scope {scope}")
    return None
