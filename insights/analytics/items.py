"""What sells best: the items of DELIVERED orders, by revenue and by quantity, each currency on its own."""

from typing import Any

from django.db import connection

from insights.analytics.spans import DaySpan

SHOWN = 25  # of each currency and each order

# The orders of a span by order_by_status, their items by order_item_position_is_unique.
ITEMS = """
    WITH sold AS (
        SELECT orders.currency,
               item.external_item_id,
               (array_agg(item.name ORDER BY orders.date DESC, orders.id DESC)
                   FILTER (WHERE item.name <> ''))[1] AS name,
               count(DISTINCT orders.id) AS orders,
               sum(item.quantity) AS quantity,
               coalesce(sum(item.quantity * item.cost), 0) AS revenue,
               count(*) FILTER (WHERE item.cost IS NULL) AS without_cost
          FROM orders_order AS orders
          JOIN orders_orderitem AS item ON item.order_id = orders.id
         WHERE orders.status = 'DELIVERED' AND orders.date >= %(start)s AND orders.date < %(end)s
         GROUP BY orders.currency, item.external_item_id
    ),
    ranked AS (
        SELECT sold.*,
               row_number() OVER (PARTITION BY currency ORDER BY revenue DESC, external_item_id) AS by_revenue,
               row_number() OVER (PARTITION BY currency ORDER BY quantity DESC, external_item_id) AS by_quantity,
               count(*) OVER (PARTITION BY currency) AS items
          FROM sold
    )
    SELECT currency, external_item_id, coalesce(name, ''), orders, quantity, revenue, without_cost,
           by_revenue, by_quantity, items
      FROM ranked
     WHERE by_revenue <= %(shown)s OR by_quantity <= %(shown)s
     ORDER BY currency, by_revenue
"""


def compute_items(span: DaySpan) -> dict[str, Any]:
    """{currency: {"items": how many there are, "byRevenue": […], "byQuantity": […]}}, the greatest first.

    Each is {"externalItemId", "name", "orders", "quantity", "revenue", "withoutCost"}. The revenue of an item is its
    cost times its quantity; shipping, taxes and discounts are of the order and not in it. `withoutCost`: how many of
    its lines have no cost, and so add nothing.
    """
    figures: dict[str, Any] = {}
    with connection.cursor() as cursor:
        cursor.execute(ITEMS, {"start": span.start, "end": span.end, "shown": SHOWN})
        rows = cursor.fetchall()
    for currency, item_id, name, orders, quantity, revenue, without_cost, *places, items in rows:
        told = {
            "externalItemId": item_id,
            "name": name,
            "orders": orders,
            "quantity": quantity,
            "revenue": revenue,
            "withoutCost": without_cost,
        }
        of_currency = figures.setdefault(currency, {"items": items, "byRevenue": {}, "byQuantity": {}})
        for name_of_list, place in zip(("byRevenue", "byQuantity"), places, strict=True):
            if place <= SHOWN:
                of_currency[name_of_list][place] = told
    for of_currency in figures.values():
        for name_of_list in ("byRevenue", "byQuantity"):
            of_currency[name_of_list] = [told for _, told in sorted(of_currency[name_of_list].items())]
    return figures
