"""The revenue of each day by source, by store and by item category, derived from the orders.

When a day's own revenue is computed again (orders/summaries.py), the day is marked here in the same transaction, and a
task computes its splits again: that reads the day's orders and items themselves, so it follows at its own pace. Readers
compute live what is still marked (orders/revenue_splits.py).
"""

from math import inf
from time import monotonic

from django.db import connection, transaction

from account.current import load_account
from contract.advisory_locks import try_lock, wait_for_lock

ADVISORY_SPACE = 0x53504C54  # “SPLT”: one rebuild at a time
DAYS_AT_ONCE = 20  # some 100 ms each at 14,000 orders a day

# What `marked (day, currency)` comes to by source, store and category. A day's orders are found as in summaries.py;
# items by order_item_position_is_unique. An item belongs to what its custom field `category` says.
ORDERS_OF_MARKED_DAY = """
                     o.status = 'DELIVERED' AND o.currency = marked.currency
                 AND o.date >= (marked.day::timestamp AT TIME ZONE %(zone)s) - interval '4 hours'
                 AND o.date < ((marked.day + 1)::timestamp AT TIME ZONE %(zone)s)
                 AND (o.date AT TIME ZONE %(zone)s)::date = marked.day
"""
SPLITS: dict[str, str] = {
    "source": f"""
              SELECT o.source AS value, sum(o.total_cost) AS revenue, count(*) AS orders
                FROM orders_order AS o
               WHERE {ORDERS_OF_MARKED_DAY}
               GROUP BY 1""",  # noqa: S608 - constants of our own
    "store": f"""
              SELECT o.store_id AS value, sum(o.total_cost) AS revenue, count(*) AS orders
                FROM orders_order AS o
               WHERE {ORDERS_OF_MARKED_DAY}
               GROUP BY 1""",  # noqa: S608 - constants of our own
    "category": f"""
              SELECT coalesce(item.custom_fields ->> 'category', '') AS value,
                     coalesce(sum(item.cost * item.quantity), 0) AS revenue,
                     count(DISTINCT item.order_id) AS orders
                FROM orders_order AS o
                JOIN orders_orderitem AS item ON item.order_id = o.id
               WHERE {ORDERS_OF_MARKED_DAY}
               GROUP BY 1""",  # noqa: S608 - constants of our own
}

STATE_ZONE = "SELECT time_zone FROM orders_summarystate WHERE id = 1"
TAKE_DAYS = """
    WITH taken AS (
        DELETE FROM orders_splitmark
         WHERE (day, currency) IN (SELECT DISTINCT day, currency FROM orders_splitmark
                                    ORDER BY day DESC, currency LIMIT %(limit)s)
        RETURNING day, currency
    )
    SELECT DISTINCT day, currency FROM taken
"""
DELETE_SPLITS = """
    DELETE FROM orders_revenuesplit AS s     -- index: revenue_split_by_day
     USING unnest(%(days)s::date[], %(currencies)s::text[]) AS marked (day, currency)
     WHERE s.split = ANY(%(splits)s) AND s.day = marked.day AND s.currency = marked.currency
"""
COMPUTE_SPLITS = "\n     UNION ALL\n".join(
    f"""
    SELECT '{name}' AS split, marked.day, marked.currency, part.value, part.revenue, part.orders
      FROM unnest(%(days)s::date[], %(currencies)s::text[]) AS marked (day, currency)
     CROSS JOIN LATERAL ({statement}) AS part"""  # noqa: S608
    for name, statement in SPLITS.items()
)
INSERT_SPLITS = f"""
    INSERT INTO orders_revenuesplit (split, day, currency, value, revenue, orders)
    {COMPUTE_SPLITS}
"""
# A day may have several marks: one that is being taken away says nothing of a change that comes meanwhile.
MARK_DAYS = """
    INSERT INTO orders_splitmark (day, currency)
    SELECT day, currency FROM unnest(%(days)s::date[], %(currencies)s::text[]) AS marked (day, currency)
"""


def rebuild_split_days() -> int:
    """Computes the splits of some marked days again, the newest days first; returns how many.

    Does nothing while another process is at it, and while the days are those of another time zone.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        if not try_lock(ADVISORY_SPACE):
            return 0
        zone = load_account().time_zone.key
        cursor.execute(STATE_ZONE)
        if cursor.fetchone()[0] != zone:
            return 0  # summaries.py marks every day anew when it has built them
        cursor.execute(TAKE_DAYS, {"limit": DAYS_AT_ONCE})
        marked = cursor.fetchall()
        if marked:
            days = {"days": [day for day, _ in marked], "currencies": [currency for _, currency in marked]}
            cursor.execute(DELETE_SPLITS, {**days, "splits": list(SPLITS)})
            cursor.execute(INSERT_SPLITS, {**days, "zone": zone})
        return len(marked)


def rebuild_all_marked(seconds: float = inf) -> int:
    """Computes the splits of all marked days again, some at a time and for about so many seconds; returns how many."""
    total, until = 0, monotonic() + seconds
    while monotonic() < until and (done := rebuild_split_days()):
        total += done
    return total


def mark_days(days: dict[str, list[object]]) -> None:
    """Marks these days in these currencies, in the caller's transaction: one statement."""
    with connection.cursor() as cursor:
        cursor.execute(MARK_DAYS, days)


def mark_all_days() -> None:
    """Drops every split and marks all days of DailyRevenue, in the caller's transaction."""
    with connection.cursor() as cursor:
        wait_for_lock(ADVISORY_SPACE)  # or who is at it could leave days of the former zone
        cursor.execute("DELETE FROM orders_revenuesplit")
        cursor.execute("DELETE FROM orders_splitmark")
        cursor.execute("INSERT INTO orders_splitmark (day, currency) SELECT day, currency FROM orders_dailyrevenue")
