"""Counts events by day, type and outcome, block by block of their ids, so that a page adds up a few thousand rows.

A count is never added to: a block is counted anew from its events. That is due while events may still come into it,
while any of its events waits, and when a replay has set one of its outcomes aside. All other blocks are settled. One
run after the other, by the beat task; a block of 50,000 events takes a quarter of a second.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import connection, transaction
from django.utils import timezone

from account.current import load_account
from contract.advisory_locks import try_lock
from insights.analytics.models import EventCountState

ADVISORY_SPACE = 0x45564354  # “EVCT”: one run at a time
BLOCK = 50_000
# Ids are given in an order and become visible in another, by as much as an open transaction lasts.
LATE = "10 minutes"
LATE_ATTEMPTS = 5_000

FIRST_AND_LAST = """
    SELECT (SELECT id FROM events_event ORDER BY id LIMIT 1),
           (SELECT id FROM events_event ORDER BY id DESC LIMIT 1)
"""
UNSETTLE = """
    UPDATE insights_eventblock AS block
       SET is_settled = false
      FROM (
               SELECT event_id / %(size)s AS number, max(replayed_at) AS replayed_at
                 FROM events_attempt
                WHERE id > %(after)s AND id <= %(until)s
                GROUP BY 1
           ) AS replayed
     WHERE replayed.number = block.number AND replayed.replayed_at > block.counted_at - %(late)s::interval
"""
MISSING = """
    SELECT number
      FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS number
     WHERE NOT EXISTS (SELECT FROM insights_eventblock AS block WHERE block.number = number.number AND is_settled)
     ORDER BY number DESC
"""
FORGET_BLOCK = "DELETE FROM insights_eventcount WHERE block = %(block)s"
COUNT_BLOCK = """
    INSERT INTO insights_eventcount (block, day, event_type_id, outcome, events)
    SELECT %(block)s,
           (received_at AT TIME ZONE %(zone)s)::date,
           event_type_id,
           coalesce(outcome.status, 'waiting'),
           count(*)
      FROM events_event AS event
      LEFT JOIN events_outcome AS outcome
             ON outcome.event_id = event.id AND outcome.event_id >= %(low)s AND outcome.event_id < %(high)s
     WHERE event.id >= %(low)s AND event.id < %(high)s
     GROUP BY 2, 3, 4
"""
# Whether the block is over and all is decided.
STORE_BLOCK = """
    INSERT INTO insights_eventblock (number, is_settled, counted_at)
    SELECT %(block)s,
           %(is_full)s
               AND NOT EXISTS (
                       SELECT FROM insights_eventcount WHERE block = %(block)s AND outcome = 'waiting'
                   )
               AND (
                       SELECT received_at FROM events_event WHERE id < %(high)s ORDER BY id DESC LIMIT 1
                   ) < %(now)s - %(late)s::interval,
           %(now)s
        ON CONFLICT (number) DO UPDATE SET is_settled = EXCLUDED.is_settled, counted_at = EXCLUDED.counted_at
"""


def count_due() -> int:
    """Counts the blocks that are due, the newest first; returns how many. Each in a transaction of its own."""
    started = timezone.now()
    state = _prepare()
    if state is None:
        return 0
    numbers = _due_blocks()
    for number in numbers:
        if not _count_block(number, state.time_zone):
            return 0
    EventCountState.objects.filter(pk=1, time_zone=state.time_zone).update(counted_at=started)
    return len(numbers)


def _prepare() -> EventCountState | None:
    """The state for this run, with blocks unsettled that replays have reached into; None while another one runs.

    In another time zone the days are others, and everything is counted anew.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        if not try_lock(ADVISORY_SPACE):
            return None
        zone = load_account().time_zone.key
        state, _ = EventCountState.objects.get_or_create(pk=1, defaults={"time_zone": zone})
        if state.time_zone != zone:
            cursor.execute("DELETE FROM insights_eventblock")
            cursor.execute("DELETE FROM insights_eventcount")
            state.time_zone, state.counted_at = zone, None
        cursor.execute("SELECT max(id) FROM events_attempt")
        until = cursor.fetchone()[0] or 0
        after = max(0, state.last_attempt_id - LATE_ATTEMPTS)
        cursor.execute(UNSETTLE, {"size": BLOCK, "after": after, "until": until, "late": LATE})
        state.last_attempt_id = until
        state.save()
    return state


def _due_blocks() -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(FIRST_AND_LAST)
        first, last = cursor.fetchone()
        if last is None:
            return []
        cursor.execute(MISSING, {"first": first // BLOCK, "last": last // BLOCK})
        return [number for (number,) in cursor.fetchall()]


def _count_block(number: int, zone: str) -> bool:
    """False when another run has come in between, which may have begun anew in another time zone."""
    with transaction.atomic(), connection.cursor() as cursor:
        if not try_lock(ADVISORY_SPACE) or not EventCountState.objects.filter(pk=1, time_zone=zone).exists():
            return False
        cursor.execute("SELECT id FROM events_event ORDER BY id DESC LIMIT 1")
        [last] = cursor.fetchone()
        parameters = {
            "block": number,
            "zone": zone,
            "low": number * BLOCK,
            "high": (number + 1) * BLOCK,
            "is_full": last // BLOCK > number,
            "now": timezone.now(),
            "late": LATE,
        }
        for statement in (FORGET_BLOCK, COUNT_BLOCK, STORE_BLOCK):
            cursor.execute(statement, parameters)
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class DayCount:
    day: date
    event_type: str
    outcome: str
    events: int


LOAD_COUNTS = """
    SELECT counted.day, type.key, counted.outcome, counted.events
      FROM (
               SELECT day, event_type_id, outcome, sum(events)::bigint AS events  -- index: event_count_by_day
                 FROM insights_eventcount
                WHERE day BETWEEN %(first_day)s AND %(last_day)s
                GROUP BY day, event_type_id, outcome
           ) AS counted
      JOIN events_eventtype AS type ON type.id = counted.event_type_id
     ORDER BY counted.day, type.key, counted.outcome
"""


def load_counts(first_day: date, last_day: date) -> Sequence[DayCount]:
    """The counts of the days, both included: one statement."""
    with connection.cursor() as cursor:
        cursor.execute(LOAD_COUNTS, {"first_day": first_day, "last_day": last_day})
        return [
            DayCount(day=day, event_type=key, outcome=outcome, events=events)
            for day, key, outcome, events in cursor.fetchall()
        ]


def counted_at() -> datetime | None:
    """The moment that the counts are of; None while not everything has been counted."""
    return EventCountState.objects.filter(pk=1).values_list("counted_at", flat=True).first()
