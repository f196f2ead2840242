"""The history of one order: docs/architecture.md, “orders, items, changes”."""

from collections.abc import Collection

from django.db import connection

from orders.models import OrderChange

MOST_CHANGES = 200  # on one page; an order that changed more often shows its latest


def load_changes(order_id: int, limit: int = MOST_CHANGES) -> list[OrderChange]:
    """The order's latest changes, newest first: one query (index: order_change_by_order)."""
    return list(OrderChange.objects.filter(order_id=order_id).order_by("-id")[:limit])


LOAD_FIRST_CHANGES = """
    SELECT change.event_id,
           NOT EXISTS (SELECT FROM orders_orderchange AS earlier   -- index: order_change_by_order
                        WHERE earlier.order_id = change.order_id AND earlier.id < change.id)
      FROM orders_orderchange AS change                            -- index: order_change_once_per_event
     WHERE change.event_id = ANY(%(event_ids)s)
"""


def load_first_changes(event_ids: Collection[int]) -> dict[int, bool]:
    """Whether each of these events created its order; those that changed nothing are not in it. One query."""
    with connection.cursor() as cursor:
        cursor.execute(LOAD_FIRST_CHANGES, {"event_ids": list(event_ids)})
        return dict(cursor.fetchall())


def load_changes_of_events(event_ids: Collection[int]) -> dict[int, OrderChange]:
    """The change that each of these events made, by event id; events that changed nothing are not in it. One query."""
    return {change.event_id: change for change in OrderChange.objects.filter(event_id__in=event_ids)}
