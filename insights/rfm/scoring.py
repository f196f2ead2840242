"""Scores everybody on one day: the sums of what each contact bought, the boundaries, and what they come to.

A handful of statements over temporary rows, whatever the number of people. docs/insights.md says what the figures mean.
"""

import calendar
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection

from contract.filters import day_start
from contract.postgres import as_recordset
from insights.rfm.boundaries import QUINTILES, Boundaries
from insights.rfm.cells import segments_by_cell
from insights.rfm.models import RfmSnapshot, RfmThresholds

# What everybody bought up to the end of the day, and up to the end of the day a month before. One pass over the index
# order_delivered_by_contact, which is in the order of the contacts.
SUM_UP = """
    CREATE TEMPORARY TABLE rfm_sums ON COMMIT DROP AS
    SELECT contact_id,
           currency,
           greatest(%(day)s::date - (max(date) AT TIME ZONE %(zone)s)::date, 0) AS recency_days,
           count(*)::int AS frequency,
           sum(total_cost) AS monetary,
           greatest(
               %(then)s::date - (max(date) FILTER (WHERE date < %(then_end)s) AT TIME ZONE %(zone)s)::date, 0
           ) AS then_recency_days,
           (count(*) FILTER (WHERE date < %(then_end)s))::int AS then_frequency
      FROM orders_order
     WHERE status = 'DELIVERED' AND contact_id IS NOT NULL AND date < %(end)s
       AND contact_id IN (SELECT id FROM contacts_contact WHERE deleted_at IS NULL)  -- index: contact_kept
     GROUP BY contact_id, currency
"""
FIND_QUINTILES = f"""
    SELECT currency,
           percentile_disc(ARRAY[{", ".join(QUINTILES)}]) WITHIN GROUP (ORDER BY recency_days),
           percentile_disc(ARRAY[{", ".join(QUINTILES)}]) WITHIN GROUP (ORDER BY frequency),
           percentile_disc(ARRAY[{", ".join(QUINTILES)}]) WITHIN GROUP (ORDER BY monetary)
      FROM rfm_sums
     GROUP BY currency
"""  # noqa: S608 - a constant of our own
FIND_QUINTILES_THEN = f"""
    SELECT currency,
           percentile_disc(ARRAY[{", ".join(QUINTILES)}]) WITHIN GROUP (ORDER BY then_recency_days),
           percentile_disc(ARRAY[{", ".join(QUINTILES)}]) WITHIN GROUP (ORDER BY then_frequency),
           ARRAY[0, 0, 0, 0]::numeric[]  -- nothing of a month before is scored by amounts
      FROM rfm_sums
     WHERE then_frequency > 0
     GROUP BY currency
"""  # noqa: S608 - a constant of our own
STORE_SCORES = """
    WITH boundaries AS (
        SELECT *
          FROM json_to_recordset(%(boundaries)s::json) AS given (
                   currency text,
                   r1 int, r2 int, r3 int, r4 int,
                   f1 int, f2 int, f3 int, f4 int,
                   m1 numeric, m2 numeric, m3 numeric, m4 numeric,
                   then_r1 int, then_r2 int, then_r3 int, then_r4 int,
                   then_f1 int, then_f2 int, then_f3 int, then_f4 int
               )
    ),
    scored AS (
        SELECT s.*,
               5 - (recency_days > r1)::int - (recency_days > r2)::int - (recency_days > r3)::int
                 - (recency_days > r4)::int AS r,
               1 + (frequency > f1)::int + (frequency > f2)::int + (frequency > f3)::int
                 + (frequency > f4)::int AS f,
               1 + (monetary > m1)::int + (monetary > m2)::int + (monetary > m3)::int
                 + (monetary > m4)::int AS m,
               CASE WHEN then_frequency > 0
                    THEN 5 * (5 - (then_recency_days > then_r1)::int - (then_recency_days > then_r2)::int
                                - (then_recency_days > then_r3)::int - (then_recency_days > then_r4)::int) - 4
                       + (then_frequency > then_f1)::int + (then_frequency > then_f2)::int
                       + (then_frequency > then_f3)::int + (then_frequency > then_f4)::int
               END AS then_place
          FROM rfm_sums AS s
          JOIN boundaries USING (currency)
    )
    INSERT INTO {table}
           (id, snapshot_id, contact_id, currency, recency_days, frequency, monetary,
            recency_score, frequency_score, monetary_score, segment, came_from)
    SELECT %(snapshot)s::bigint << 32 | row_number() OVER (ORDER BY contact_id, currency),
           %(snapshot)s, contact_id, currency, recency_days, frequency, monetary,
           r, f, m,
           (%(segments)s::text[])[5 * r - 5 + f],
           coalesce((%(segments)s::text[])[then_place], '')
      FROM scored
"""
STORE_CELLS = """
    INSERT INTO insights_rfmcell
           (snapshot_id, currency, recency_score, frequency_score, came_from, contacts, orders, revenue)
    SELECT snapshot_id, currency, recency_score, frequency_score, came_from,
           count(*), sum(frequency), sum(monetary)
      FROM {table}
     GROUP BY snapshot_id, currency, recency_score, frequency_score, came_from
"""
# The rows first and the indexes last, which attaching builds: a tenth of the time.
CREATE_PARTITION = "CREATE TABLE {table} (LIKE insights_rfmscore INCLUDING CONSTRAINTS)"
ATTACH_PARTITION = "ALTER TABLE insights_rfmscore ATTACH PARTITION {table} FOR VALUES IN ({snapshot})"


def partition_of(snapshot_id: int) -> str:
    """The table that holds the scores of a snapshot."""
    return f"insights_rfmscore_{snapshot_id}"


def month_before(day: date) -> date:
    """The same day of the month before, or that month's last one where it is shorter."""
    year, month = (day.year - 1, 12) if day.month == 1 else (day.year, day.month - 1)
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def store_scores(snapshot: RfmSnapshot, zone: ZoneInfo) -> dict[str, Boundaries]:
    """Writes the scores and the cells of the snapshot; returns the boundaries of each currency."""
    with connection.cursor() as cursor:
        cursor.execute(
            SUM_UP,
            {
                "zone": zone.key,
                "day": snapshot.day,
                "end": _end_of(snapshot.day, zone),
                "then": snapshot.month_before,
                "then_end": _end_of(snapshot.month_before, zone),
            },
        )
        cursor.execute("ANALYZE rfm_sums")
        by_staff = load_thresholds()
        now = {currency: by_staff.get(currency, each) for currency, each in _find_quintiles(FIND_QUINTILES).items()}
        then = {**_find_quintiles(FIND_QUINTILES_THEN), **by_staff}
        rows = [_as_row(currency, boundaries, then.get(currency)) for currency, boundaries in now.items()]
        parameters: dict[str, Any] = {
            "snapshot": snapshot.pk,
            "segments": segments_by_cell(),
            "boundaries": as_recordset(rows),
        }
        table = partition_of(snapshot.pk)
        cursor.execute(CREATE_PARTITION.format(table=table))
        cursor.execute(STORE_SCORES.format(table=table), parameters)
        cursor.execute(STORE_CELLS.format(table=table))
        cursor.execute(ATTACH_PARTITION.format(table=table, snapshot=snapshot.pk))
        cursor.execute("DROP TABLE rfm_sums")
    return now


def _end_of(day: date, zone: ZoneInfo) -> datetime:
    return day_start(day + timedelta(days=1), zone)


def _find_quintiles(statement: str) -> dict[str, Boundaries]:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return {
            currency: Boundaries(
                scored_by="quintiles", recency=tuple(recency), frequency=tuple(frequency), monetary=tuple(monetary)
            )
            for currency, recency, frequency, monetary in cursor.fetchall()
        }


def load_thresholds() -> dict[str, Boundaries]:
    return {
        row.currency: Boundaries(
            scored_by="thresholds",
            recency=tuple(row.recency_days),
            frequency=tuple(row.frequency),
            monetary=tuple(row.monetary),
        )
        for row in RfmThresholds.objects.all()
    }


def _as_row(currency: str, now: Boundaries, then: Boundaries | None) -> Mapping[str, Any]:
    row: dict[str, Any] = {"currency": currency}
    for prefix, boundaries in (("", now), ("then_", then)):
        if boundaries is not None:
            for letter, values in (("r", boundaries.recency), ("f", boundaries.frequency), ("m", boundaries.monetary)):
                row |= {f"{prefix}{letter}{place}": value for place, value in enumerate(values, start=1)}
    return row
