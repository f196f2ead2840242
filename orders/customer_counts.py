"""How many contacts bought in each day, week and month, derived from the orders like the revenue beside it.

Customers of days do not add up to those of a week, so each period is counted by itself. To count a month anew for each
change would cost too much, so readers correct instead: who changes an order leaves a mark with what the order was
before (its contact, currency and date, if it counted). The counts as they are built know each marked order as its
oldest mark tells it. A reader takes the contacts of marked orders out of the counts as they were then, and puts them
back as they are now (orders/revenue_customers.py). The builder adds nothing to any count: it takes all marks away and
counts the periods that they touch again, in one statement. One statement is one snapshot: a mark that it does not see
belongs to a change that it has not counted.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from time import monotonic
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from account.current import load_account
from contract.advisory_locks import try_lock, wait_for_lock
from contract.postgres import copy_rows
from orders.calendar import PERIOD_OF_DAY, Calendar, calendar_of
from orders.models import OrderStatus
from orders.revenue_models import CustomerState
from orders.state import OrderState

ADVISORY_SPACE = 0x43555354  # “CUST”: one build at a time
MARKS_THAT_CANNOT_WAIT = 2_000  # a reader corrects so many in some 40 ms
WAIT_SECONDS = 30.0
MOST_OF_THE_TIME = 5  # a build begins only after so many times what the last one took

type Buying = tuple[int, str, datetime]  # (contact, currency, date)


def buying_of(state: OrderState | None) -> Buying | None:
    """How an order counts among customers, or None: a DELIVERED order of a contact."""
    if state is None or state.status != OrderStatus.DELIVERED or state.contact_id is None:
        return None
    return state.contact_id, state.currency, state.date


def leave_marks(changes: Iterable[tuple[int | None, OrderState | None, int | None, OrderState | None]]) -> None:
    """Marks the orders whose buying changed, in the caller's transaction: at most one statement, a COPY.

    A change is (id, state) before and (id, state) after; the ids differ where an order was deleted and made again.
    """
    rows: list[tuple[Any, ...]] = []
    for old_id, before, new_id, after in changes:
        was, now = buying_of(before), buying_of(after)
        if old_id == new_id:
            if was != now:
                rows.append((new_id, *(was or NOTHING)))
            continue
        if was is not None:
            rows.append((old_id, *was))
        if now is not None:
            rows.append((new_id, *NOTHING))
    if rows:
        copy_rows("orders_customermark", ("order_id", "contact_id", "currency", "date"), rows)


NOTHING = (None, "", None)

# From `mark` (id, order_id, contact_id, currency, date): what the contacts of marked orders bought, as the counts know
# it (`built`) and as it is (`live`). Indexes: the key of orders, and order_delivered_by_contact.
MARKED_PEOPLE = """
    marked_order AS (
        SELECT DISTINCT ON (order_id) order_id, contact_id, currency, date FROM mark ORDER BY order_id, id
    ),
    people AS (
        SELECT contact_id FROM marked_order WHERE contact_id IS NOT NULL
         UNION
        SELECT o.contact_id
          FROM marked_order
          JOIN orders_order AS o ON o.id = marked_order.order_id
         WHERE o.status = 'DELIVERED' AND o.contact_id IS NOT NULL
    ),
    live AS MATERIALIZED (
        SELECT o.id, o.contact_id, o.currency, o.date, (o.date AT TIME ZONE %(zone)s)::date AS day
          FROM people
          JOIN orders_order AS o ON o.contact_id = people.contact_id
         WHERE o.status = 'DELIVERED'
    ),
    built AS MATERIALIZED (
        SELECT id, contact_id, currency, date, day FROM live WHERE id NOT IN (SELECT order_id FROM marked_order)
         UNION ALL
        SELECT order_id, contact_id, currency, date, (date AT TIME ZONE %(zone)s)::date
          FROM marked_order
         WHERE contact_id IS NOT NULL
    ),
    live_first AS (
        SELECT DISTINCT ON (contact_id) day, currency FROM live ORDER BY contact_id, date, id
    ),
    built_first AS (
        SELECT DISTINCT ON (contact_id) day, currency FROM built ORDER BY contact_id, date, id
    )
"""
KINDS = "(VALUES ('day', 0), ('week', %(shift)s::int), ('month', 0)) AS kind (by, shift)"
IN_TOUCHED_PERIOD = """
                    o.status = 'DELIVERED' AND o.currency = touched.currency AND o.contact_id IS NOT NULL
                AND o.date >= (touched.period::timestamp AT TIME ZONE %(zone)s) - interval '4 hours'
                AND o.date < (touched.next_period::timestamp AT TIME ZONE %(zone)s)
                AND (o.date AT TIME ZONE %(zone)s)::date >= touched.period
                AND (o.date AT TIME ZONE %(zone)s)::date < touched.next_period
"""
# Whose first order it is: nobody's earlier one, and of two at the same moment the one with the lower id.
IS_FIRST_ORDER = """
                    NOT EXISTS (SELECT FROM orders_order AS e
                                 WHERE e.contact_id = o.contact_id AND e.status = 'DELIVERED' AND e.date < o.date)
                AND NOT EXISTS (SELECT FROM orders_order AS e
                                 WHERE e.contact_id = o.contact_id AND e.status = 'DELIVERED' AND e.date = o.date
                                   AND e.id < o.id)
"""
COUNT_TOUCHED = f"""
    WITH mark AS (
        DELETE FROM orders_customermark RETURNING id, order_id, contact_id, currency, date
    ),
    {MARKED_PEOPLE},
    touched_period AS (
        SELECT kind.by, {PERIOD_OF_DAY.format(by="kind.by", shift="kind.shift")} AS period, currency
          FROM {KINDS}
         CROSS JOIN (
                   SELECT day, currency FROM built WHERE id IN (SELECT order_id FROM marked_order)
                    UNION
                   SELECT day, currency FROM live WHERE id IN (SELECT order_id FROM marked_order)
               ) AS moved
         UNION
        SELECT 'day', day, currency FROM live_first
         UNION
        SELECT 'day', day, currency FROM built_first
    ),
    touched AS (
        SELECT by, period, currency, (period::timestamp + ('1 ' || by)::interval)::date AS next_period
          FROM touched_period
    )
    INSERT INTO orders_customercount (by, period, currency, customers, new_customers)
    SELECT touched.by,
           touched.period,
           touched.currency,
           (SELECT count(DISTINCT o.contact_id) FROM orders_order AS o WHERE {IN_TOUCHED_PERIOD}),
           CASE WHEN touched.by = 'day'
                THEN (SELECT count(*) FROM orders_order AS o WHERE {IN_TOUCHED_PERIOD} AND {IS_FIRST_ORDER})
                ELSE 0
           END
      FROM touched
        ON CONFLICT (by, period, currency)
        DO UPDATE SET customers = EXCLUDED.customers, new_customers = EXCLUDED.new_customers
"""  # noqa: S608 - constants of our own
COUNT_ALL = f"""
    WITH mark AS (
        DELETE FROM orders_customermark
    ),
    bought AS MATERIALIZED (
        SELECT DISTINCT contact_id, currency, (date AT TIME ZONE %(zone)s)::date AS day
          FROM orders_order                    -- index: order_delivered_by_contact
         WHERE status = 'DELIVERED' AND contact_id IS NOT NULL
    ),
    first_order AS (
        SELECT DISTINCT ON (contact_id) (date AT TIME ZONE %(zone)s)::date AS day, currency
          FROM orders_order
         WHERE status = 'DELIVERED' AND contact_id IS NOT NULL
         ORDER BY contact_id, date, id
    ),
    counted AS (
        SELECT by, period, currency, count(*) AS customers, 0 AS new_customers
          FROM (SELECT DISTINCT kind.by, contact_id, currency,
                       {PERIOD_OF_DAY.format(by="kind.by", shift="kind.shift")} AS period
                  FROM bought
                 CROSS JOIN {KINDS}) AS buyers
         GROUP BY 1, 2, 3
         UNION ALL
        SELECT 'day', day, currency, 0, count(*) FROM first_order GROUP BY 2, 3
    )
    INSERT INTO orders_customercount (by, period, currency, customers, new_customers)
    SELECT by, period, currency, sum(customers), sum(new_customers) FROM counted GROUP BY 1, 2, 3
"""  # noqa: S608

HAS_MANY_MARKS = "SELECT count(*) FROM (SELECT FROM orders_customermark LIMIT %(limit)s) AS mark"


def rebuild_due() -> bool:
    """Counts again what is marked, once enough is or has waited for long; returns whether it did.

    Everything is counted when the account's calendar has changed. Does nothing while another process is at it.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        if not try_lock(ADVISORY_SPACE):
            return False
        state, calendar = CustomerState.objects.get(pk=1), current_calendar()
        cursor.execute(HAS_MANY_MARKS, {"limit": MARKS_THAT_CANNOT_WAIT})
        marks = cursor.fetchone()[0]
        if state.calendar == calendar.key and not _is_due(state, marks, timezone.now()):
            return False
        _build(calendar, counts_all=state.calendar != calendar.key)
        return True


def _is_due(state: CustomerState, marks: int, now: datetime) -> bool:
    if marks == 0 or state.built_at is None:
        return marks > 0
    rest = now - state.built_at
    waits = WAIT_SECONDS if marks < MARKS_THAT_CANNOT_WAIT else 0.0
    return rest >= timedelta(seconds=max(waits, MOST_OF_THE_TIME * state.build_seconds))


def rebuild(*, counts_all: bool = False) -> None:
    """Counts what is marked, or everything, now; waits for who is at it."""
    with transaction.atomic():
        wait_for_lock(ADVISORY_SPACE)
        calendar = current_calendar()
        _build(calendar, counts_all=counts_all or CustomerState.objects.get(pk=1).calendar != calendar.key)


def current_calendar() -> Calendar:
    """The account's calendar as it stands in the database now."""
    account = load_account()
    return calendar_of(account.time_zone, account.phone_region)


def _build(calendar: Calendar, *, counts_all: bool) -> None:
    started = monotonic()
    with connection.cursor() as cursor:
        if counts_all:
            cursor.execute("DELETE FROM orders_customercount")
        parameters: dict[str, Any] = {"zone": calendar.time_zone.key, "shift": calendar.shift("week")}
        cursor.execute(COUNT_ALL if counts_all else COUNT_TOUCHED, parameters)
    CustomerState.objects.filter(pk=1).update(
        calendar=calendar.key, built_at=timezone.now(), build_seconds=monotonic() - started
    )
