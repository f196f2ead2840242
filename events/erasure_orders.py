"""Brings orders and their history in line with their events, after a person was taken out of those.

An order is folded again from its applied events by the functions that made it, so the log still gives the ledger,
digit by digit. Where that does not give the same money, dates and items (an order that no event made, a log that was
cut), nothing of the fold is taken: the order itself is treated as its events would have been.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import structlog
from django.db import connection
from django.utils import timezone

from contacts.erasure_values import ErasedPerson
from contract.postgres import as_recordset, load_json
from events.verification import fold_applied
from orders import ledger, summaries
from orders.changes import is_same_order
from orders.erasure import erase_changes, erase_order, has_same_figures
from orders.ledger import OrderWrite, StoredOrder
from orders.state import OrderState

log = structlog.get_logger(__name__)

LOAD_HISTORY = """
    SELECT event_id, order_id, fields
      FROM orders_orderchange            -- index: order_change_by_order
     WHERE order_id = ANY(%(ids)s)
"""
UPDATE_HISTORY = """
    UPDATE orders_orderchange AS c
       SET fields = new.fields
      FROM json_to_recordset(%(rows)s::json) AS new (event_id bigint, fields jsonb)
     WHERE c.event_id = new.event_id     -- index: order_change_once_per_event
"""


def erase_in_orders(keys: Collection[str], people: Sequence[ErasedPerson]) -> int:
    """Writes the orders of these keys and their history anew; returns how many orders there were.

    Twelve statements at most for any number of orders. The caller holds their lanes.
    """
    stored = ledger.load_orders(keys)
    if not stored:
        return 0
    folded: dict[str, OrderState] = {}
    history = {one.read.event.event_id: one.decision.changes for one in fold_applied(stored.keys(), folded)}
    cut = {key: order for key, order in stored.items() if not _gives(folded.get(key), order.state)}
    if cut:
        log.warning("erasure.orders_without_their_log", orders=len(cut))
    after = {key: _erase(order.state, people) if key in cut else folded[key] for key, order in stored.items()}
    writes = [
        OrderWrite(order.id, order.state, after[key])
        for key, order in stored.items()
        if not is_same_order(order.state, after[key])
    ]
    ledger.store_orders(writes, [], timezone.now())
    summaries.leave_marks(moment for one in writes for moment in summaries.moments_touched(one.before, one.after))
    _rewrite_history(stored, cut, history, people)
    return len(stored)


def _gives(folded: OrderState | None, stored: OrderState) -> bool:
    return folded is not None and has_same_figures(folded, stored)


def _erase(order: OrderState, people: Sequence[ErasedPerson]) -> OrderState:
    for person in people:
        order = erase_order(order, person)
    return order


def _rewrite_history(
    stored: dict[str, StoredOrder],
    cut: dict[str, StoredOrder],
    history: Mapping[int, Mapping[str, Any]],
    people: Sequence[ErasedPerson],
) -> None:
    cut_contacts = {order.id: order.state.contact_id for order in cut.values()}
    with connection.cursor() as cursor:
        cursor.execute(LOAD_HISTORY, {"ids": [order.id for order in stored.values()]})
        rows = []
        for event_id, order_id, text in cursor.fetchall():
            before = load_json(text)
            fields = history.get(event_id, before)
            if order_id in cut_contacts or event_id not in history:
                fields = before
                for person in people:
                    fields = erase_changes(fields, person, is_own=cut_contacts.get(order_id) == person.contact_id)
            if fields != before:
                rows.append({"event_id": event_id, "fields": fields})
        if rows:
            cursor.execute(UPDATE_HISTORY, {"rows": as_recordset(rows)})
