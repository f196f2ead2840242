"""Tells how many customers bought in each period, and how many of them were new (docs/revenue.md).

A customer of a period and currency is a contact with a DELIVERED order in it. They are new in the period and currency
of their first DELIVERED order ever, and returning in every other: so each is new exactly once. Orders without a contact
have no customer. How counts stay equal to the orders: orders/customer_counts.py.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import msgspec
from django.db import connection

from contract.postgres import one_snapshot
from orders.calendar import IN_SPAN, Calendar, Granularity, back, period_of_day
from orders.customer_counts import IS_FIRST_ORDER, MARKED_PEOPLE

# The orders `o` on the days from `{first}` to `{last}`. The span of moments only serves the index: orders/summaries.py
# says why it begins earlier. Far from its ends nobody asks which day a moment is on, which takes most of the time.
ON_DAYS = """
                  o.date >= ({first}::timestamp AT TIME ZONE %(zone)s) - interval '4 hours'
              AND o.date < (({last} + 1)::timestamp AT TIME ZONE %(zone)s)
              AND (    o.date >= ({first} + 1)::timestamp AT TIME ZONE %(zone)s
                   AND o.date < ({last}::timestamp AT TIME ZONE %(zone)s) - interval '4 hours'
                    OR (o.date AT TIME ZONE %(zone)s)::date BETWEEN {first} AND {last})
"""
OUTSIDE = ON_DAYS.format(first="cut.first_outside", last="cut.last_outside")
INSIDE = ON_DAYS.format(first="beyond.first_inside", last="beyond.last_inside")
# Whether the counts are of this calendar, and whether anything in them has changed since.
STATE = """
    SELECT EXISTS (SELECT FROM orders_customerstate WHERE calendar = %(calendar)s),
           EXISTS (SELECT FROM orders_customermark)
"""
IN_ASKED_PERIODS = """
           period BETWEEN coalesce(%(first_period)s::date, '-infinity') AND coalesce(%(last_day)s::date, 'infinity')
       AND currency = ANY(%(currencies)s::text[])
"""
COUNTS_OF_DAYS = f"""
    SELECT period, currency, customers, new_customers
      FROM orders_customercount               -- index: customer_count_one_row_a_period
     WHERE by = 'day' AND {IN_ASKED_PERIODS}
"""  # noqa: S608 - constants of our own
# New customers add up by days.
COUNTS_OF_LONGER_PERIODS = f"""
    SELECT period, currency, customers, 0 AS new_customers
      FROM orders_customercount               -- index: customer_count_one_row_a_period
     WHERE by = %(by)s AND {IN_ASKED_PERIODS}
     UNION ALL
    SELECT {{period}}, currency, 0, new_customers
      FROM (SELECT period AS day, currency, new_customers FROM orders_customercount WHERE by = 'day') AS days
     WHERE {IN_SPAN} AND new_customers > 0 AND currency = ANY(%(currencies)s::text[])
"""  # noqa: S608
# What the counts say, with what has to be added to it and taken from it.
SUMMED_COUNTS = f"""
    {{marked_people}}
    SELECT period, currency, sum(customers)::bigint, sum(new_customers)::bigint
      FROM ({{counts}}) AS counted
     WHERE {IN_ASKED_PERIODS}
     GROUP BY 1, 2
"""  # noqa: S608
MARKS = "WITH mark AS (SELECT id, order_id, contact_id, currency, date FROM orders_customermark),"
# What marked contacts were in the counts, and what they are.
CHANGES_OF_MARKED = f"""
     UNION ALL
    SELECT {{period}}, currency, count(DISTINCT contact_id)::int, 0 FROM live GROUP BY 1, 2
     UNION ALL
    SELECT {{period}}, currency, -count(DISTINCT contact_id)::int, 0 FROM built GROUP BY 1, 2
     UNION ALL
    SELECT {{period}}, currency, 0, 1 FROM live_first WHERE {IN_SPAN}
     UNION ALL
    SELECT {{period}}, currency, 0, -1 FROM built_first WHERE {IN_SPAN}
"""  # noqa: S608
# Of a period that the span cuts (`cut`, one row for each span of its days outside), those go who bought outside only.
LESS_BEYOND = f"""
         UNION ALL
        SELECT period, currency, -count(*)::int, 0
          FROM (
                SELECT DISTINCT cut.period, cut.first_inside, cut.last_inside, o.currency, o.contact_id
                  FROM unnest(%(periods)s::date[], %(first_inside)s::date[], %(last_inside)s::date[],
                              %(first_outside)s::date[], %(last_outside)s::date[])
                       AS cut (period, first_inside, last_inside, first_outside, last_outside)
                  JOIN orders_order AS o      -- index: order_delivered_figures
                    ON o.status = 'DELIVERED' AND o.currency = ANY(%(currencies)s::text[])
                      AND o.contact_id IS NOT NULL AND {OUTSIDE}
               ) AS beyond
         WHERE (SELECT TRUE FROM orders_order AS o          -- index: order_delivered_by_contact
                 WHERE o.status = 'DELIVERED' AND o.currency = beyond.currency
                   AND o.contact_id = beyond.contact_id AND {INSIDE}
                 LIMIT 1) IS NULL                           -- looked up for each, and never joined with all orders
         GROUP BY 1, 2
"""  # noqa: S608
# How much was sold in a period that the span cuts, inside and outside of it: it decides which of the two is looked
# through, and no figure. Of a month that goes on, next to nothing is outside yet.
SOLD_IN_CUT = """
    SELECT coalesce(sum(orders) FILTER (WHERE day BETWEEN %(first_inside)s AND %(last_inside)s), 0),
           coalesce(sum(orders) FILTER (WHERE day NOT BETWEEN %(first_inside)s AND %(last_inside)s), 0)
      FROM orders_dailyrevenue
     WHERE day BETWEEN %(period)s AND %(end)s
"""
CUSTOMERS_INSIDE = f"""
    SELECT currency, count(*)
      FROM (SELECT DISTINCT o.currency, o.contact_id
              FROM orders_order AS o          -- index: order_delivered_figures
             WHERE o.status = 'DELIVERED' AND o.currency = ANY(%(currencies)s::text[]) AND o.contact_id IS NOT NULL
               AND {ON_DAYS.format(first="%(first_inside)s::date", last="%(last_inside)s::date")}) AS buyer
     GROUP BY 1
"""  # noqa: S608
IN_DAYS = """
           o.status = 'DELIVERED'
       AND o.date >= coalesce((%(first_day)s::date::timestamp AT TIME ZONE %(zone)s) - interval '4 hours', '-infinity')
       AND o.date < coalesce((%(last_day)s::date + 1)::timestamp AT TIME ZONE %(zone)s, 'infinity')
"""
CUSTOMERS_OF_ORDERS = f"""
    SELECT period, currency, count(*), 0
      FROM (SELECT DISTINCT {{period}} AS period, currency, contact_id
              FROM (SELECT (o.date AT TIME ZONE %(zone)s)::date AS day, o.currency, o.contact_id
                      FROM orders_order AS o  -- index: order_delivered_figures
                     WHERE {IN_DAYS} AND o.contact_id IS NOT NULL
                       AND (%(currencies)s::text[] IS NULL OR o.currency = ANY(%(currencies)s::text[]))) AS bought
             WHERE {IN_SPAN}) AS buyer
     GROUP BY 1, 2
"""  # noqa: S608
NEW_CUSTOMERS_OF_ORDERS = f"""
    SELECT {{period}} AS period, currency, 0, count(*)
      FROM (SELECT (o.date AT TIME ZONE %(zone)s)::date AS day, o.currency
              FROM orders_order AS o
             WHERE {IN_DAYS} AND o.contact_id IS NOT NULL AND {IS_FIRST_ORDER}) AS first_order
     WHERE {IN_SPAN}
     GROUP BY 1, 2
"""  # noqa: S608
LOOKUP = 20  # so many orders inside are counted in the time in which a contact of one outside is looked up

type Place = tuple[date, str]  # (a period's first day, a currency)


class Customers(msgspec.Struct, frozen=True, gc=False):
    """The customers of one period in one currency."""

    all: int
    new: int

    @property
    def returning(self) -> int:
        return self.all - self.new


NOBODY = Customers(0, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """A period that the span cuts, and what of it is inside; all days belong to what they bound."""

    period: date
    last_day: date
    first_inside: date
    last_inside: date

    def outside(self) -> list[tuple[date, date]]:
        """The days before what is inside, and those after it, as far as there are any."""
        before, after = (self.period, back(self.first_inside, 1)), (back(self.last_inside, -1), self.last_day)
        return [span for span in (before, after) if self.period <= span[0] <= span[1] <= self.last_day]


def load_customers(
    calendar: Calendar,
    by: Granularity,
    first_day: date | None,
    last_day: date | None,
    currencies: Collection[str],
) -> Mapping[Place, Customers]:
    """The customers of each period of the span that has any, in these currencies; both days belong to the span.

    A period at the span's border counts only its days inside. Two queries, up to six where the span cuts periods; all
    from the orders while the counts are of another calendar.
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
    with one_snapshot():  # whether they are built and marked says so of what is read then
        is_built, has_marks = _fetch(STATE, parameters)[0]
        if not is_built:
            return _customers_of_orders(by, parameters)
        return _counted_customers(by, parameters, _cut_periods(calendar, by, first_day, last_day), has_marks)


def _customers_of_orders(by: Granularity, parameters: Mapping[str, Any]) -> dict[Place, Customers]:
    numbers: dict[Place, list[int]] = defaultdict(lambda: [0, 0])
    for statement in (CUSTOMERS_OF_ORDERS, NEW_CUSTOMERS_OF_ORDERS):
        for period, currency, customers, new in _fetch(statement.format(period=period_of_day(by)), parameters):
            numbers[period, currency][0] += customers
            numbers[period, currency][1] += new
    return {place: Customers(customers, new) for place, (customers, new) in numbers.items()}


def _counted_customers(
    by: Granularity, parameters: Mapping[str, Any], cuts: Sequence[Cut], has_marks: bool
) -> dict[Place, Customers]:
    counted_inside = [cut for cut in cuts if _is_cheaper_inside(cut)]
    looked_up = [cut for cut in cuts if cut not in counted_inside]
    statement = _counts_statement(by, has_marks=has_marks, cuts_periods=bool(looked_up))
    rows = _fetch(statement, {**parameters, **_columns(looked_up)})
    counted = {(period, currency): Customers(number, new) for period, currency, number, new in rows}
    for cut in counted_inside:
        days = {"first_inside": cut.first_inside, "last_inside": cut.last_inside}
        inside = dict(_fetch(CUSTOMERS_INSIDE, {**parameters, **days}))
        for place in [place for place in counted if place[0] == cut.period]:
            counted[place] = Customers(inside.get(place[1], 0), counted[place].new)
    return {place: each for place, each in counted.items() if each.all}


def _counts_statement(by: Granularity, *, has_marks: bool, cuts_periods: bool) -> str:
    """Without what is not asked for, which takes longer to plan than to run."""
    period = period_of_day(by)
    if by == "day" and not has_marks:
        return COUNTS_OF_DAYS
    counts = COUNTS_OF_DAYS if by == "day" else COUNTS_OF_LONGER_PERIODS.format(period=period)
    if has_marks:
        counts += CHANGES_OF_MARKED.format(period=period)
    if cuts_periods:
        counts += LESS_BEYOND
    return SUMMED_COUNTS.format(marked_people=MARKS + MARKED_PEOPLE if has_marks else "", counts=counts)


def _cut_periods(calendar: Calendar, by: Granularity, first_day: date | None, last_day: date | None) -> list[Cut]:
    """The periods that the span cuts, at most two."""
    cuts = []
    for period in sorted({calendar.start(by, day) for day in (first_day, last_day) if day is not None}):
        end = calendar.last_day(by, period)
        first, last = max(period, first_day or period), min(end, last_day or end)
        if (first, last) != (period, end):
            cuts.append(Cut(period=period, last_day=end, first_inside=first, last_inside=last))
    return cuts


def _is_cheaper_inside(cut: Cut) -> bool:
    days = {"first_inside": cut.first_inside, "last_inside": cut.last_inside}
    inside, outside = _fetch(SOLD_IN_CUT, {"period": cut.period, "end": cut.last_day, **days})[0]
    return bool(inside < LOOKUP * outside)


def _columns(cuts: Sequence[Cut]) -> dict[str, list[date]]:
    """The rows of `cut`, column by column."""
    rows = [(cut, span) for cut in cuts for span in cut.outside()]
    return {
        "periods": [cut.period for cut, _ in rows],
        "first_inside": [cut.first_inside for cut, _ in rows],
        "last_inside": [cut.last_inside for cut, _ in rows],
        "first_outside": [first for _, (first, _) in rows],
        "last_outside": [last for _, (_, last) in rows],
    }


def _fetch(statement: str, parameters: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return list(cursor.fetchall())
