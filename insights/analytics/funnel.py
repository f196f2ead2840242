"""How the orders of a span went on: INITIALIZED, IN_PROGRESS, DELIVERED, and how long each step took.

docs/insights.md says what the figures mean. One statement, so that they are of one moment.
"""

from typing import Any

from django.db import connection

from contract.postgres import load_json
from insights.analytics.spans import DaySpan
from orders.models import OrderStatus

STAGES = (OrderStatus.INITIALIZED, OrderStatus.IN_PROGRESS, OrderStatus.DELIVERED)
STEPS = (("INITIALIZED", "IN_PROGRESS"), ("IN_PROGRESS", "DELIVERED"), ("INITIALIZED", "DELIVERED"))

# When each order of the span first had each status: when the shop says that the event happened, or else when it was
# received. An order that has it now has had it, also where no change tells of it. The orders by order_by_date, their
# changes by order_change_by_order.
FUNNEL = """
    WITH cohort AS MATERIALIZED (
        SELECT id, status FROM orders_order WHERE date >= %(start)s AND date < %(end)s
    ),
    entered AS MATERIALIZED (
        SELECT cohort.id,
               min(cohort.status) AS status,
               min(event.at) FILTER (WHERE change.entered = 'INITIALIZED') AS initialized_at,
               min(event.at) FILTER (WHERE change.entered = 'IN_PROGRESS') AS in_progress_at,
               min(event.at) FILTER (WHERE change.entered = 'DELIVERED') AS delivered_at,
               coalesce(bool_or(change.entered = 'INITIALIZED'), false)
                   OR min(cohort.status) = 'INITIALIZED' AS was_initialized,
               coalesce(bool_or(change.entered = 'IN_PROGRESS'), false)
                   OR min(cohort.status) = 'IN_PROGRESS' AS was_in_progress,
               coalesce(bool_or(change.entered = 'DELIVERED'), false)
                   OR min(cohort.status) = 'DELIVERED' AS was_delivered
          FROM cohort
          LEFT JOIN LATERAL (
                   SELECT event_id, fields -> 'status' ->> 'to' AS entered
                     FROM orders_orderchange
                    WHERE order_id = cohort.id AND fields ? 'status'
               ) AS change ON true
          LEFT JOIN LATERAL (
                   SELECT coalesce(occurred_at, received_at) AS at FROM events_event WHERE id = change.event_id
               ) AS event ON true
         GROUP BY cohort.id
    ),
    steps AS (
        SELECT 'INITIALIZED' AS began, 'IN_PROGRESS' AS reached, in_progress_at - initialized_at AS took FROM entered
         UNION ALL
        SELECT 'IN_PROGRESS', 'DELIVERED', delivered_at - in_progress_at FROM entered
         UNION ALL
        SELECT 'INITIALIZED', 'DELIVERED', delivered_at - initialized_at FROM entered
    )
    SELECT json_build_object(
               'orders', (SELECT count(*) FROM entered),
               'reached', (
                   SELECT json_build_object(
                              'INITIALIZED',
                              count(*) FILTER (WHERE was_initialized OR was_in_progress OR was_delivered),
                              'IN_PROGRESS', count(*) FILTER (WHERE was_in_progress OR was_delivered),
                              'DELIVERED', count(*) FILTER (WHERE was_delivered)
                          )
                     FROM entered
               ),
               'now', (
                   SELECT json_object_agg(status, orders)
                     FROM (SELECT status, count(*) AS orders FROM entered GROUP BY status) AS by_status
               ),
               'cancelledAfterDelivery', (
                   SELECT count(*) FROM entered WHERE was_delivered AND status = 'CANCELLED'
               ),
               'steps', (
                   SELECT json_agg(
                              json_build_object(
                                  'from', began, 'to', reached, 'orders', orders,
                                  'medianSeconds', median::text, 'p90Seconds', p90::text
                              )
                          )
                     FROM (
                              SELECT began, reached, count(*) AS orders,
                                     extract(epoch FROM percentile_disc(0.5) WITHIN GROUP (ORDER BY took)) AS median,
                                     extract(epoch FROM percentile_disc(0.9) WITHIN GROUP (ORDER BY took)) AS p90
                                FROM steps
                               WHERE took >= interval '0'
                               GROUP BY began, reached
                          ) AS by_step
               )
           )
"""


def compute_funnel(span: DaySpan) -> dict[str, Any]:
    """{"orders", "reached": {stage: orders}, "now": {status: orders}, "cancelledAfterDelivery", "steps": […]}.

    Each step is {"from", "to", "orders", "medianSeconds", "p90Seconds"}, seconds as text; one that nobody took is left
    out.
    """
    with connection.cursor() as cursor:
        cursor.execute(FUNNEL, {"start": span.start, "end": span.end})
        told = dict(_json_of(cursor.fetchone()[0]))
    steps = {(step["from"], step["to"]): step for step in told["steps"] or ()}
    return {**told, "steps": [steps[step] for step in STEPS if step in steps]}


def _json_of(value: Any) -> Any:
    """What PostgreSQL gave as JSON, which psycopg has decoded for `json` and Django leaves as text for `jsonb`."""
    return load_json(value) if isinstance(value, str) else value
