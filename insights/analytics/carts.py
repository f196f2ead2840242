"""What came of abandoned carts: of orders that were ABANDONED_SHOPPING_CART at some time. docs/insights.md, Carts.

One statement, so that the figures are of one moment.
"""

from enum import StrEnum
from typing import Any

from django.db import connection

from insights.analytics.spans import DaySpan

DEFAULT_WITHIN_DAYS, MAX_WITHIN_DAYS = 7, 90


class CartFate(StrEnum):
    """What came of a cart; the first that holds. Stable codes."""

    BOUGHT = "bought"  # the order itself went on, and is not cancelled
    BOUGHT_ELSE = "bought_else"  # another order of the same person, dated within the days after it
    CANCELLED = "cancelled"
    LOST = "lost"  # nothing until now
    UNKNOWN = "unknown"  # nothing, and nobody is known whose other orders could be looked for


# The carts of a span with what came of each. Orders by order_by_date, changes by order_change_by_order, another order
# of the person by order_by_contact.
CARTS = """
    SELECT cart.id, cart.currency, cart.total_cost, cart.date,
           CASE WHEN cart.status IN ('INITIALIZED', 'IN_PROGRESS', 'DELIVERED') THEN 'bought'
                WHEN other.id IS NOT NULL THEN 'bought_else'
                WHEN cart.status = 'CANCELLED' THEN 'cancelled'
                WHEN cart.contact_id IS NULL THEN 'unknown'
                ELSE 'lost' END AS fate,
           CASE WHEN cart.status = 'DELIVERED' THEN cart.total_cost
                WHEN cart.status IN ('INITIALIZED', 'IN_PROGRESS') THEN NULL
                WHEN other.status = 'DELIVERED' AND other.currency = cart.currency THEN other.total_cost
           END AS revenue
      FROM orders_order AS cart
      LEFT JOIN LATERAL (
               SELECT id, status, total_cost, currency
                 FROM orders_order AS later
                WHERE later.contact_id = cart.contact_id
                  AND later.date > cart.date
                  AND later.date <= cart.date + %(within)s::interval
                  AND later.id <> cart.id
                  AND later.status IN ('INITIALIZED', 'IN_PROGRESS', 'DELIVERED')
                ORDER BY later.date, later.id
                LIMIT 1
           ) AS other ON cart.status NOT IN ('INITIALIZED', 'IN_PROGRESS', 'DELIVERED')
     WHERE cart.date >= %(start)s AND cart.date < %(end)s
       AND (
               cart.status = 'ABANDONED_SHOPPING_CART'
               OR (  -- of one order at a time, where OR EXISTS would read all histories that there are
                      SELECT true
                        FROM orders_orderchange AS change
                       WHERE change.order_id = cart.id
                         AND change.fields -> 'status' ->> 'to' = 'ABANDONED_SHOPPING_CART'
                       LIMIT 1
                  )
           )
"""
SUM_UP = f"""
    SELECT currency, fate, count(*), sum(total_cost), coalesce(sum(revenue), 0)
      FROM ({CARTS}) AS carts
     GROUP BY currency, fate
     ORDER BY currency, fate
"""  # noqa: S608 - a constant of our own


def compute_carts(span: DaySpan, within_days: int) -> dict[str, Any]:
    """{currency: {fate: {"carts", "value", "revenue"}}}: how many, what was in them, and the DELIVERED revenue of it.

    The revenue is of the orders that came of them: of the order itself, or of the person's first other one.
    """
    parameters: dict[str, Any] = {"start": span.start, "end": span.end, "within": f"{within_days} days"}
    figures: dict[str, Any] = {}
    with connection.cursor() as cursor:
        cursor.execute(SUM_UP, parameters)
        for currency, fate, carts, value, revenue in cursor.fetchall():
            figures.setdefault(currency, {})[fate] = {"carts": carts, "value": value, "revenue": revenue}
    return figures
