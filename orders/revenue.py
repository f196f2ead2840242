"""Tells revenue: DELIVERED orders by day, week or month and currency (docs/rules.md, section 4).

Every figure equals the sum over its orders at the moment of the query, though most of it is read from DailyRevenue:
one statement, so one snapshot, reads the days that are built and computes those with a mark (orders/summaries.py) from
the orders. While the table holds the days of another time zone, another statement computes all of them.
"""

from datetime import date
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from django.db import connection

from orders.calendar import MONDAY, Calendar, Granularity
from orders.summaries import FIGURES_OF_MARKED_DAYS

IN_SPAN = """
       day BETWEEN coalesce(%(first_day)s::date, '-infinity') AND coalesce(%(last_day)s::date, 'infinity')
       AND currency = coalesce(%(currency)s::text, currency)
"""
# There is one row of figures for each day and currency, so days are told as they stand: it takes half the time.
DAYS = f"""
    SELECT day AS period, currency, trim_scale(revenue) AS revenue, orders,
           trim_scale(initialized_revenue) AS initialized_revenue, initialized_orders
      FROM figures
     WHERE {IN_SPAN}
       AND (orders > 0 OR (%(shows_mobile_sdk)s AND initialized_orders > 0))
"""  # noqa: S608 - a constant of our own
PERIODS = f"""
    SELECT date_trunc(%(by)s, (day + %(shift)s::int)::timestamp)::date - %(shift)s::int AS period,
           currency,
           trim_scale(sum(revenue)) AS revenue,
           sum(orders)::bigint AS orders,
           trim_scale(sum(initialized_revenue)) AS initialized_revenue,
           sum(initialized_orders)::bigint AS initialized_orders
      FROM figures
     WHERE {IN_SPAN}
     GROUP BY 1, 2
    HAVING sum(orders) > 0 OR (%(shows_mobile_sdk)s AND sum(initialized_orders) > 0)
"""  # noqa: S608
# Parts: built days without a mark, and marked days. Both are empty while the table is not built for this zone, which
# the first column tells of each row; there is one at least.
REVENUE = """
    WITH state AS (
        SELECT EXISTS (SELECT FROM orders_summarystate WHERE time_zone = %(zone)s) AS is_built
    ),
    marked AS (
        SELECT DISTINCT (date AT TIME ZONE %(zone)s)::date AS day, currency
          FROM orders_revenuemark
         WHERE (SELECT is_built FROM state)
    ),
    figures AS (
        SELECT day, currency, revenue, orders,
               mobile_sdk_initialized_revenue AS initialized_revenue,
               mobile_sdk_initialized_orders AS initialized_orders
          FROM orders_dailyrevenue
         WHERE (SELECT is_built FROM state)
           AND (day, currency) NOT IN (SELECT day, currency FROM marked)
         UNION ALL
        SELECT marked.day, marked.currency, delivered.total, delivered.orders, initialized.total, initialized.orders
          FROM marked {figures_of_marked_days}
    )
    SELECT is_built, periods.*
      FROM state
      LEFT JOIN ({periods}) AS periods ON true
     ORDER BY period, currency
"""
# A statement of its own: as a part that is not run it still made PostgreSQL start two workers for each look at revenue.
REVENUE_OF_ALL_ORDERS = """
    WITH figures AS (
        SELECT (date AT TIME ZONE %(zone)s)::date AS day,
               currency,
               coalesce(sum(total_cost) FILTER (WHERE status = 'DELIVERED'), 0) AS revenue,
               count(*) FILTER (WHERE status = 'DELIVERED') AS orders,
               coalesce(sum(total_cost) FILTER (WHERE status = 'INITIALIZED'), 0) AS initialized_revenue,
               count(*) FILTER (WHERE status = 'INITIALIZED') AS initialized_orders
          FROM orders_order
         WHERE status = 'DELIVERED' OR (status = 'INITIALIZED' AND from_mobile_sdk)
         GROUP BY 1, 2
    )
    {periods}
     ORDER BY period, currency
"""


class PeriodRevenue(msgspec.Struct, frozen=True, kw_only=True, gc=False):  # years of days are thousands of these
    """The revenue of one period in one currency; `period` is its first day. Amounts have no zeros at their ends.

    `revenue` and `orders` are DELIVERED only. INITIALIZED orders of mobile-SDK sources are never part of them.
    """

    period: date
    currency: str
    revenue: Decimal
    orders: int
    mobile_sdk_initialized_revenue: Decimal
    mobile_sdk_initialized_orders: int


def load_revenue(
    *,
    time_zone: ZoneInfo,
    by: Granularity,
    first_weekday: int = MONDAY,
    first_day: date | None = None,
    last_day: date | None = None,
    currency: str | None = None,
    shows_mobile_sdk: bool = True,
) -> list[PeriodRevenue]:
    """The periods that have orders, by period and currency; days are cut in `time_zone`. One query, or two while
    the days are not built in this zone.

    Weeks begin on `first_weekday` (orders/calendar.py).
    Both days belong to the span, and a week or month at its border counts only its days inside. A period with nothing
    but mobile-SDK INITIALIZED orders is there only when these are shown.
    """
    parameters: dict[str, Any] = {
        "zone": time_zone.key,
        "by": by,
        "shift": Calendar(time_zone=time_zone, first_weekday=first_weekday).shift(by),
        "first_day": first_day,
        "last_day": last_day,
        "currency": currency,
        "shows_mobile_sdk": shows_mobile_sdk,
    }
    return [
        PeriodRevenue(
            period=period,
            currency=code,
            revenue=revenue,
            orders=orders,
            mobile_sdk_initialized_revenue=initialized_revenue,
            mobile_sdk_initialized_orders=initialized_orders,
        )
        for period, code, revenue, orders, initialized_revenue, initialized_orders in _load_rows(parameters)
    ]


def _load_rows(parameters: dict[str, Any]) -> list[Any]:
    periods = DAYS if parameters["by"] == "day" else PERIODS
    with connection.cursor() as cursor:
        cursor.execute(REVENUE.format(periods=periods, figures_of_marked_days=FIGURES_OF_MARKED_DAYS), parameters)
        rows = cursor.fetchall()
        if rows[0][0]:
            return [row for _, *row in rows if row[0] is not None]  # a period that is null: there is none
        cursor.execute(REVENUE_OF_ALL_ORDERS.format(periods=periods), parameters)
        return cursor.fetchall()
