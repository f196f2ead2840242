"""Keeps the names under which items are sold, so that orders are found by a word of one (orders/search.py).

Millions of items share some thousand names. Those are read from the items beside the work of events, in spans,
and noted once each; so the ledger, which writes items, pays nothing for them, and the index of words stays small.
Derived: emptied and read anew from 0, the table is the same again.
"""

import time

from django.db import connection, transaction

from orders.models import ITEM_NAME_LENGTH, ItemNameState

ITEMS_AT_ONCE = 100_000  # some tenths of a second
# An id is drawn before its row can be seen. What was drawn and not yet committed when the span was read is read again.
OVERLAP = 20_000
SECONDS_AT_ONCE = 1.0

NOTE_NAMES = """
    INSERT INTO orders_itemname (external_item_id, name)
    SELECT DISTINCT external_item_id, left(name, %(length)s)
      FROM orders_orderitem AS item                 -- index: its primary key
     WHERE id > %(after)s AND id <= %(last)s AND name <> ''
       AND NOT EXISTS (SELECT FROM orders_itemname AS noted     -- index: item_name_by_item
                        WHERE noted.external_item_id = item.external_item_id
                          AND noted.name = left(item.name, %(length)s))
"""


def note_item_names(seconds: float = SECONDS_AT_ONCE) -> None:
    """Reads the items that came since the last call, for at most so many seconds and at least one span."""
    end = time.monotonic() + seconds
    while _note_span() and time.monotonic() < end:
        pass


# Ids have gaps, so a span is counted in rows.
END_OF_SPAN = """
    SELECT max(id)
      FROM (SELECT id FROM orders_orderitem WHERE id > %(read_to)s ORDER BY id LIMIT %(limit)s) AS span
"""


def _note_span() -> bool:
    """Reads one span; False when there is nothing more to read, or another process is at it."""
    with transaction.atomic(), connection.cursor() as cursor:
        state = ItemNameState.objects.select_for_update(skip_locked=True).filter(pk=1).first()
        if state is None:
            return False
        cursor.execute(END_OF_SPAN, {"read_to": state.read_to, "limit": ITEMS_AT_ONCE})
        last = cursor.fetchone()[0]
        if last is None:
            return False
        after = max(state.read_to - OVERLAP, 0)
        cursor.execute(NOTE_NAMES, {"length": ITEM_NAME_LENGTH, "after": after, "last": last})
        state.read_to = last
        state.save(update_fields=["read_to"])
    return True
