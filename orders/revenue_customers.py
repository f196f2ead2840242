"""Tells how many customers bought in each period, and how many of them were new (docs/revenue.md).

A customer of a period and currency is a contact with a DELIVERED order in it. They are new in the period and currency
of their first DELIVERED order ever, and returning in every other: so each is new exactly once. Orders without a contact
have no customer. How counts stay equal to the orders: orders/customer_counts.py.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import connection

from orders.calendar import Calendar, Granularity, back
from orders.customer_counts import IS_FIRST_ORDER, MARKED_PEOPLE, PERIOD_OF_DAY

PERIOD = PERIOD_OF_DAY.format(by="%(by)s", shift="%(shift)s")
IS_BUILT = "(SELECT is_built FROM state)"
IN_SPAN = "day BETWEEN coalesce(%(first_day)s::date, '-infinity') AND coalesce(%(last_day)s::date, 'infinity')"
# Whole periods: the counts, less what marked contacts were in them, plus what they are. New customers add up by days.
COUNTED_CUSTOMERS = f"""
    WITH state AS (
        SELECT EXISTS (SELECT FROM orders_customerstate WHERE calendar = %(calendar)s) AS is_built
    ),
    mark AS (
        SELECT id, order_id, contact_id, currency, date FROM orders_customermark WHERE {IS_BUILT}
    ),
    {MARKED_PEOPLE},
    counted AS (
        SELECT period, currency, customers, 0 AS new_customers
          FROM orders_customercount           -- index: customer_count_one_row_a_period
         WHERE by = %(by)s AND {IS_BUILT}
         UNION ALL
        SELECT {PERIOD}, currency, 0, new_customers
          FROM (SELECT period AS day, currency, new_customers FROM orders_customercount WHERE by = 'day') AS days
         WHERE {IN_SPAN} AND new_customers > 0 AND {IS_BUILT}
         UNION ALL
        SELECT {PERIOD}, currency, count(DISTINCT contact_id), 0 FROM live GROUP BY 1, 2
         UNION ALL
        SELECT {PERIOD}, currency, -count(DISTINCT contact_id), 0 FROM built GROUP BY 1, 2
         UNION ALL
        SELECT {PERIOD}, currency, 0, 1 FROM live_first WHERE {IN_SPAN}
         UNION ALL
        SELECT {PERIOD}, currency, 0, -1 FROM built_first WHERE {IN_SPAN}
    )
    SELECT period, currency, sum(customers)::bigint, sum(new_customers)::bigint, {IS_BUILT}
      FROM counted
     WHERE period BETWEEN coalesce(%(first_period)s::date, '-infinity') AND coalesce(%(last_day)s::date, 'infinity')
     GROUP BY 1, 2
     UNION ALL
    SELECT NULL, NULL, 0, 0, false WHERE NOT {IS_BUILT}
"""  # noqa: S608 - constants of our own
# What the span begins and ends with may be less than a period: its customers are counted from the orders themselves.
IN_DAYS = """
           o.status = 'DELIVERED'
       AND o.date >= coalesce((%(first_day)s::date::timestamp AT TIME ZONE %(zone)s) - interval '4 hours', '-infinity')
       AND o.date < coalesce((%(last_day)s::date + 1)::timestamp AT TIME ZONE %(zone)s, 'infinity')
"""
CUSTOMERS_OF_ORDERS = f"""
    SELECT {PERIOD} AS period, currency, count(DISTINCT contact_id), 0
      FROM (SELECT (o.date AT TIME ZONE %(zone)s)::date AS day, o.currency, o.contact_id
              FROM orders_order AS o          -- index: order_delivered_figures
             WHERE {IN_DAYS} AND o.contact_id IS NOT NULL
               AND (%(currencies)s::text[] IS NULL OR o.currency = ANY(%(currencies)s::text[]))) AS bought
     WHERE {IN_SPAN}
     GROUP BY 1, 2
"""  # noqa: S608
NEW_CUSTOMERS_OF_ORDERS = f"""
    SELECT {PERIOD} AS period, currency, 0, count(*)
      FROM (SELECT (o.date AT TIME ZONE %(zone)s)::date AS day, o.currency
              FROM orders_order AS o
             WHERE {IN_DAYS} AND o.contact_id IS NOT NULL AND {IS_FIRST_ORDER}) AS first_order
     WHERE {IN_SPAN}
     GROUP BY 1, 2
"""  # noqa: S608
SELLS_IN = f"""
    SELECT currency
      FROM unnest(%(currencies)s::text[]) AS asked (currency)
     WHERE EXISTS (SELECT FROM orders_order AS o
                    WHERE o.currency = asked.currency AND {IN_DAYS}
                      AND (o.date AT TIME ZONE %(zone)s)::date BETWEEN %(first_day)s AND %(last_day)s)
"""  # noqa: S608

type Place = tuple[date, str]  # (a period's first day, a currency)


@dataclass(frozen=True, slots=True)
class Customers:
    """The customers of one period in one currency."""

    all: int
    new: int

    @property
    def returning(self) -> int:
        return self.all - self.new


def load_customers(
    calendar: Calendar,
    by: Granularity,
    first_day: date | None,
    last_day: date | None,
    currencies: Collection[str],
) -> Mapping[Place, Customers]:
    """The customers of each period of the span that has any, in these currencies; both days belong to the span.

    A period at the span's border counts only its days inside. One query, or up to five where the span cuts a period in
    which more was sold; all from the orders while the counts are of another calendar.
    """
    if not currencies:
        return {}
    parameters = {
        "calendar": calendar.key,
        "zone": calendar.time_zone.key,
        "by": by,
        "shift": calendar.shift(by),
        "first_day": first_day,
        "last_day": last_day,
        "first_period": None if first_day is None else calendar.start(by, first_day),
        "currencies": sorted(currencies),
    }
    rows = _fetch(COUNTED_CUSTOMERS, parameters)
    if any(not is_built for *_, is_built in rows):
        rows = [*_fetch(CUSTOMERS_OF_ORDERS, parameters), *_fetch(NEW_CUSTOMERS_OF_ORDERS, parameters)]
        return _add_up(rows)
    counted = {place: each for place, each in _add_up(rows).items() if place[1] in currencies}
    for first, last in _cut_periods(calendar, by, first_day, last_day):
        _count_inside(counted, parameters, calendar.start(by, first), first, last, calendar.last_day(by, first))
    return {place: each for place, each in counted.items() if each.all}


def _cut_periods(
    calendar: Calendar, by: Granularity, first_day: date | None, last_day: date | None
) -> set[tuple[date, date]]:
    """What of a period is inside, for those that the span cuts: first and last day."""
    ends = [day for day in (first_day, last_day) if day is not None]
    cut = set()
    for period in {calendar.start(by, day) for day in ends}:
        whole = (period, calendar.last_day(by, period))
        inside = (max(period, first_day or period), min(whole[1], last_day or whole[1]))
        if inside != whole:
            cut.add(inside)
    return cut


def _count_inside(
    counted: dict[Place, Customers], parameters: Mapping[str, Any], period: date, first: date, last: date, end: date
) -> None:
    """Puts what the orders inside say in the place of the period's counts, where the period sold outside as well."""
    asked = [currency for place, currency in counted if place == period]
    outside: set[str] = set()
    spans = [(period, back(first, 1))] if period < first else []
    spans += [(back(last, -1), end)] if last < end else []
    for span in spans:
        days = {"first_day": span[0], "last_day": span[1], "currencies": asked}
        outside |= {currency for (currency,) in _fetch(SELLS_IN, {**parameters, **days})}
    if not outside:
        return
    inside = {**parameters, "first_day": first, "last_day": last, "currencies": sorted(outside)}
    found = {currency: number for _, currency, number, _ in _fetch(CUSTOMERS_OF_ORDERS, inside)}
    for currency in outside:
        counted[period, currency] = Customers(found.get(currency, 0), counted[period, currency].new)


def _fetch(statement: str, parameters: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return list(cursor.fetchall())


def _add_up(rows: Collection[tuple[Any, ...]]) -> dict[Place, Customers]:
    numbers: dict[Place, list[int]] = defaultdict(lambda: [0, 0])
    for period, currency, customers, new, *_ in rows:
        numbers[period, currency][0] += customers
        numbers[period, currency][1] += new
    return {place: Customers(customers, new) for place, (customers, new) in numbers.items()}
