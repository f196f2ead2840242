"""Tells revenue: DELIVERED orders by day, week or month and currency (docs/rules.md, section 4).

Every figure equals the sum over its orders at the moment of the query, though most of it is read from DailyRevenue:
one statement, so one snapshot, reads the days that are built and computes those with a mark (orders/summaries.py) from
the orders. While the table holds the days of another time zone, another statement computes all of them.
"""

from datetime import date
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from django.db import connection

from contract.currencies import smallest_amount
from orders.calendar import IN_SPAN, MONDAY, Calendar, Granularity, period_of_day
from orders.summaries import FIGURES_OF_MARKED_DAYS

EXACT = Context(prec=100)  # sums and quotients of amounts keep all their digits
ASKED = f"{IN_SPAN} AND currency = coalesce(%(currency)s::text, currency)"
# There is one row of figures for each day and currency, so days are told as they stand: it takes half the time.
DAYS = f"""
    SELECT day AS period, currency, trim_scale(revenue) AS revenue, orders,
           trim_scale(initialized_revenue) AS initialized_revenue, initialized_orders
      FROM figures
     WHERE {ASKED}
       AND (orders > 0 OR (%(shows_mobile_sdk)s AND initialized_orders > 0))
"""  # noqa: S608 - a constant of our own
PERIODS = f"""
    SELECT {{period}} AS period,
           currency,
           trim_scale(sum(revenue)) AS revenue,
           sum(orders)::bigint AS orders,
           trim_scale(sum(initialized_revenue)) AS initialized_revenue,
           sum(initialized_orders)::bigint AS initialized_orders
      FROM figures
     WHERE {ASKED}
     GROUP BY 1, 2
    HAVING sum(orders) > 0 OR (%(shows_mobile_sdk)s AND sum(initialized_orders) > 0)
"""  # noqa: S608
# Parts: built days without a mark, and marked days. While the table is not built for this zone both are empty, and one
# row of nothing says so.
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
    {periods}
     UNION ALL
    SELECT NULL, NULL, NULL, NULL, NULL, NULL FROM state WHERE NOT is_built
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


class Sums(msgspec.Struct, frozen=True, kw_only=True, gc=False):  # years of days are thousands of these
    """What a span comes to in one currency. Mobile-SDK INITIALIZED orders are never part of `revenue` and `orders`.
    Amounts have no zeros at their ends.
    """

    revenue: Decimal = Decimal(0)
    orders: int = 0
    sdk_revenue: Decimal = Decimal(0)
    sdk_orders: int = 0

    def average(self, currency: str) -> Decimal | None:
        """Revenue by orders, rounded half up to the currency's decimals; None without an order."""
        if not self.orders:
            return None
        return EXACT.divide(self.revenue, Decimal(self.orders)).quantize(
            smallest_amount(currency), ROUND_HALF_UP, EXACT
        )


NOTHING = Sums()


class PeriodRevenue(msgspec.Struct, frozen=True, gc=False):
    """What one period comes to in one currency; `period` is its first day."""

    period: date
    currency: str
    sums: Sums


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
        "shift": Calendar(time_zone=time_zone, first_weekday=first_weekday).shift(by),
        "first_day": first_day,
        "last_day": last_day,
        "currency": currency,
        "shows_mobile_sdk": shows_mobile_sdk,
    }
    periods = DAYS if by == "day" else PERIODS.format(period=period_of_day(by))
    return [
        PeriodRevenue(
            period, code, Sums(revenue=revenue, orders=orders, sdk_revenue=sdk_revenue, sdk_orders=sdk_orders)
        )
        for period, code, revenue, orders, sdk_revenue, sdk_orders in _load_rows(periods, parameters)
    ]


def _load_rows(periods: str, parameters: dict[str, Any]) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(REVENUE.format(periods=periods, figures_of_marked_days=FIGURES_OF_MARKED_DAYS), parameters)
        rows = cursor.fetchall()
        if not rows or rows[0][0] is not None:
            return rows
        cursor.execute(REVENUE_OF_ALL_ORDERS.format(periods=periods), parameters)
        return cursor.fetchall()
