"""Tells the revenue of periods by source, by store or by item category, per currency (docs/revenue.md).

By source and store each DELIVERED order counts once, where its own `source` and `storeId` say; the parts add up to the
revenue. By category its items count, at cost times quantity; what an order's total has beyond its items (shipping,
taxes, discounts, items without a cost) belongs to no category, and is told as such by `not_in_items()`.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Literal, get_args

from django.db import connection

from contract.postgres import one_snapshot
from orders.calendar import IN_SPAN, Calendar, Granularity, period_of_day
from orders.split_summaries import SPLITS

type Split = Literal["source", "store", "category"]
SPLIT_NAMES: tuple[Split, ...] = get_args(Split.__value__)
MOST_LIVE_DAYS = 62  # days and currencies that a reader computes itself: below 0.1 s for most shops

THE_WHOLE_SPAN = "'0001-01-01'::date"  # date.min, for parts that are not of periods
# Taken out of revenue marks, so that a change counts before its day is marked by the rebuild.
MARKED = f"""
    marked AS MATERIALIZED (
        SELECT day, currency
          FROM (SELECT (date AT TIME ZONE %(zone)s)::date AS day, currency FROM orders_revenuemark
                 UNION
                SELECT day, currency FROM orders_splitmark) AS mark
         WHERE {IN_SPAN} AND (%(currency)s::text IS NULL OR currency = %(currency)s)
    )
"""  # noqa: S608 - constants of our own
STATE = f"""
    WITH {MARKED}
    SELECT (SELECT count(*) FROM marked),
           EXISTS (SELECT FROM orders_summarystate WHERE time_zone = %(zone)s)
"""  # noqa: S608
BUILT_PARTS = f"""
        SELECT day, currency, value, revenue, orders
          FROM orders_revenuesplit             -- index: revenue_split_by_day
         WHERE split = %(split)s AND {IN_SPAN}
           AND (%(currency)s::text IS NULL OR currency = %(currency)s)
"""  # noqa: S608
LIVE_PARTS = """
           AND (day, currency) NOT IN (SELECT day, currency FROM marked)
         UNION ALL
        SELECT marked.day, marked.currency, live.value, live.revenue, live.orders::int
          FROM marked
         CROSS JOIN LATERAL ({live}) AS live
"""
# Summed up before they are sorted: asked for both at once, PostgreSQL sorts what it sums up, which is far more.
READ_PARTS = """
    WITH {marked},
    summed AS MATERIALIZED (
        SELECT {period} AS period, currency, value, sum(revenue) AS revenue, sum(orders)::bigint AS orders
          FROM ({parts}) AS part
         GROUP BY 1, 2, 3
    )
    SELECT period, currency, value, revenue, orders FROM summed ORDER BY period, currency, revenue DESC, value
"""


class SplitsNotBuiltError(Exception):
    """More days are still to be computed again than a reader can do itself; `days` of them."""

    def __init__(self, days: int) -> None:
        super().__init__(days)
        self.days = days


@dataclass(frozen=True, slots=True, kw_only=True)
class PartRevenue:
    """What one source, store or category has of a period's revenue in one currency; `value` "" names none. The period
    of parts of the whole span is date.min.

    By category `orders` are those with an item of it, so an order may stand in several.
    """

    period: date
    currency: str
    value: str
    revenue: Decimal
    orders: int


def load_parts(
    split: Split,
    *,
    calendar: Calendar,
    by: Granularity | None,
    first_day: date | None = None,
    last_day: date | None = None,
    currency: str | None = None,
) -> list[PartRevenue]:
    """The parts of each period, or of the whole span where `by` is None, by period, currency and falling revenue; both
    days belong to the span. Two queries.

    Raises SplitsNotBuiltError rather than answer with a figure that is not true, or after seconds.
    """
    parameters: dict[str, Any] = {
        "split": split,
        "zone": calendar.time_zone.key,
        "shift": calendar.shift(by) if by else 0,
        "first_day": first_day,
        "last_day": last_day,
        "currency": currency,
    }
    with one_snapshot(), connection.cursor() as cursor:  # whether they are built says so of what is read then
        cursor.execute(STATE, parameters)
        days, is_built = cursor.fetchone()
        if days > MOST_LIVE_DAYS or not is_built:
            raise SplitsNotBuiltError(days)
        cursor.execute(_parts_statement(split, by, has_marks=days > 0), parameters)
        rows = cursor.fetchall()
    return [
        PartRevenue(period=period, currency=code, value=value, revenue=revenue, orders=orders)
        for period, code, value, revenue, orders in rows
    ]


def _parts_statement(split: Split, by: Granularity | None, *, has_marks: bool) -> str:
    """Without marks nothing is looked for among them."""
    return READ_PARTS.format(
        marked=MARKED,
        period=period_of_day(by) if by else THE_WHOLE_SPAN,
        parts=BUILT_PARTS + (LIVE_PARTS.format(live=SPLITS[split]) if has_marks else ""),
    )


FEW_DAYS = 60
DAYS_OF_CATEGORY = f"""
    WITH {MARKED}
    SELECT day
      FROM orders_revenuesplit                 -- index: revenue_split_by_day
     WHERE split = 'category' AND value = %(value)s AND {IN_SPAN}
     UNION
    SELECT day FROM marked
     LIMIT %(limit)s
"""  # noqa: S608


def days_of_category(
    value: str, calendar: Calendar, first_day: date | None, last_day: date | None
) -> list[date] | None:
    """The days of the span on which items of the category may have been sold; None when they are many, or not known."""
    parameters: dict[str, Any] = {
        "zone": calendar.time_zone.key,
        "first_day": first_day,
        "last_day": last_day,
        "currency": None,
        "value": value,
        "limit": FEW_DAYS + 1,
    }
    with connection.cursor() as cursor:
        cursor.execute(STATE, parameters)
        _, is_built = cursor.fetchone()
        cursor.execute(DAYS_OF_CATEGORY, parameters)
        days = [day for (day,) in cursor.fetchall()]
    return days if is_built and len(days) <= FEW_DAYS else None


def not_in_items(revenue: Decimal, parts: Collection[PartRevenue]) -> Decimal:
    """What totals have beyond their items: shipping and taxes less discounts, and items without a cost. May be
    negative.
    """
    return revenue - sum((part.revenue for part in parts), Decimal(0))
