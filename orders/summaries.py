"""Daily revenue, derived from the orders themselves (docs/architecture.md, “Derived tables are derived”).

Who changes an order that counts leaves marks in the same transaction: “the revenue around this moment, in this
currency, is to be computed again”. Marks are only inserted and deleted, so no two writers ever meet in one row. One
task at a time takes marks away and computes their days again in one transaction; readers compute live what is still
marked (orders/revenue.py). So every figure equals the sum over its orders at every moment, and nothing is ever added
to a total.
"""

from collections.abc import Iterable
from datetime import datetime

from django.db import connection, transaction

from account.current import load_account
from contract.advisory_locks import try_lock, wait_for_lock
from contract.postgres import as_recordset
from orders import split_summaries
from orders.models import OrderStatus
from orders.state import OrderState

ADVISORY_SPACE = 0x53554D53  # “SUMS”: one rebuild at a time; an older one could else overwrite a newer figure
MARKS_AT_ONCE = 20_000

type Moment = tuple[datetime, str]  # (an order's date, its currency)


def counts(state: OrderState | None) -> bool:
    """Whether the order stands in a revenue figure: DELIVERED, or INITIALIZED from a mobile SDK (rules.md, 4)."""
    if state is None:
        return False
    return state.status == OrderStatus.DELIVERED or (state.from_mobile_sdk and state.status == OrderStatus.INITIALIZED)


def moments_touched(before: OrderState | None, after: OrderState | None) -> list[Moment]:
    """The moments whose revenue a change of an order may move; none when no figure can have moved."""
    if before is not None and after is not None and _figure(before) == _figure(after):
        return []
    return [(state.date, state.currency) for state in (before, after) if state is not None and counts(state)]


def _figure(state: OrderState) -> tuple[object, ...]:
    amounts = (state.status, state.from_mobile_sdk, state.total_cost, state.currency, state.date)
    return (*amounts, state.source, state.store_id, state.items)  # what the splits of a day look at


INSERT_MARKS = """
    INSERT INTO orders_revenuemark (date, currency)
    SELECT date, currency FROM json_to_recordset(%(marks)s::json) AS mark (date timestamptz, currency text)
"""


def leave_marks(moments: Iterable[Moment]) -> None:
    """Marks these moments for a rebuild, in the caller's transaction: at most one statement."""
    by_quarter = {(_quarter(moment), currency): (moment, currency) for moment, currency in moments}
    if not by_quarter:
        return
    rows = [{"date": moment, "currency": currency} for moment, currency in by_quarter.values()]
    with connection.cursor() as cursor:
        cursor.execute(INSERT_MARKS, {"marks": as_recordset(rows)})


QUARTERS_SINCE = 1973  # from this year on every zone's days begin at a quarter of an hour; before, local mean times


def _quarter(moment: datetime) -> object:
    """What moments share that fall into the same day in every time zone: one mark is enough for them."""
    return moment if moment.year < QUARTERS_SINCE else moment.timestamp() // 900


STATE_ZONE = "SELECT time_zone FROM orders_summarystate WHERE id = 1"
TAKE_MARKS = """
    WITH taken AS (
        DELETE FROM orders_revenuemark
         WHERE id IN (SELECT id FROM orders_revenuemark ORDER BY id LIMIT %(limit)s)
        RETURNING date, currency
    )
    SELECT DISTINCT (date AT TIME ZONE %(zone)s)::date, currency FROM taken
"""
DELETE_DAYS = """
    DELETE FROM orders_dailyrevenue AS d
     USING unnest(%(days)s::date[], %(currencies)s::text[]) AS marked (day, currency)
     WHERE d.day = marked.day AND d.currency = marked.currency
"""
# What `marked (day, currency)` comes to, from its orders: one index-only scan for each day and part, in
# order_delivered_figures and order_sdk_initialized_revenue. The moments of a day are those whose local date it is; the
# span only serves the index. Where clocks go back at midnight (Azores, Havana), midnight comes twice and PostgreSQL
# means the second, so the span begins earlier: no zone has gone back by more than 3 hours.
FIGURES_OF_MARKED_DAYS = """
     CROSS JOIN LATERAL (
               SELECT coalesce(sum(total_cost), 0) AS total, count(*) AS orders
                 FROM orders_order
                WHERE status = 'DELIVERED' AND currency = marked.currency
                  AND date >= (marked.day::timestamp AT TIME ZONE %(zone)s) - interval '4 hours'
                  AND date < ((marked.day + 1)::timestamp AT TIME ZONE %(zone)s)
                  AND (date AT TIME ZONE %(zone)s)::date = marked.day
           ) AS delivered
     CROSS JOIN LATERAL (
               SELECT coalesce(sum(total_cost), 0) AS total, count(*) AS orders
                 FROM orders_order
                WHERE status = 'INITIALIZED' AND from_mobile_sdk AND currency = marked.currency
                  AND date >= (marked.day::timestamp AT TIME ZONE %(zone)s) - interval '4 hours'
                  AND date < ((marked.day + 1)::timestamp AT TIME ZONE %(zone)s)
                  AND (date AT TIME ZONE %(zone)s)::date = marked.day
           ) AS initialized
"""
COMPUTE_DAYS = f"""
    INSERT INTO orders_dailyrevenue
           (day, currency, revenue, orders, mobile_sdk_initialized_revenue, mobile_sdk_initialized_orders)
    SELECT marked.day, marked.currency, delivered.total, delivered.orders, initialized.total, initialized.orders
      FROM unnest(%(days)s::date[], %(currencies)s::text[]) AS marked (day, currency)
           {FIGURES_OF_MARKED_DAYS}
     WHERE delivered.orders > 0 OR initialized.orders > 0
"""  # noqa: S608 - a constant of our own


def rebuild_marked() -> int:
    """Computes marked days again; returns how many. Builds everything when the account's time zone has changed.

    Does nothing while another process is at it: the marks stay until somebody has taken them.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        if not try_lock(ADVISORY_SPACE):
            return 0
        zone = load_account().time_zone.key
        cursor.execute(STATE_ZONE)
        if cursor.fetchone()[0] != zone:
            return _build_all(zone)
        cursor.execute(TAKE_MARKS, {"zone": zone, "limit": MARKS_AT_ONCE})
        marked = cursor.fetchall()
        if marked:
            days = {"days": [day for day, _ in marked], "currencies": [currency for _, currency in marked]}
            cursor.execute(DELETE_DAYS, days)
            cursor.execute(COMPUTE_DAYS, {**days, "zone": zone})
            split_summaries.mark_days(days)
        return len(marked)


BUILD_ALL = """
    INSERT INTO orders_dailyrevenue
           (day, currency, revenue, orders, mobile_sdk_initialized_revenue, mobile_sdk_initialized_orders)
    SELECT (date AT TIME ZONE %(zone)s)::date,
           currency,
           coalesce(sum(total_cost) FILTER (WHERE status = 'DELIVERED'), 0),
           count(*) FILTER (WHERE status = 'DELIVERED'),
           coalesce(sum(total_cost) FILTER (WHERE status = 'INITIALIZED'), 0),
           count(*) FILTER (WHERE status = 'INITIALIZED')
      FROM orders_order
     WHERE status = 'DELIVERED' OR (status = 'INITIALIZED' AND from_mobile_sdk)
     GROUP BY 1, 2
"""


def rebuild_all() -> int:
    """Builds the daily revenue of all orders in the account's time zone; returns the number of rows."""
    with transaction.atomic():
        wait_for_lock(ADVISORY_SPACE)
        return _build_all(load_account().time_zone.key)


def _build_all(zone: str) -> int:
    """Marks go first: one that is set after this statement's snapshot stays, and its day is computed once more."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM orders_revenuemark")
        cursor.execute("DELETE FROM orders_dailyrevenue")
        cursor.execute(BUILD_ALL, {"zone": zone})
        built = cursor.rowcount
        cursor.execute("UPDATE orders_summarystate SET time_zone = %s WHERE id = 1", [zone])
    split_summaries.mark_all_days()
    return built
