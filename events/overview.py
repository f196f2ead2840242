"""The numbers of the first page: what came in, what became of it, and what waits.

Each is an exact count of rows that the list of events can show, and none of them reads a whole big table: spans of
time are spans of ids (events/received.py), what became of them is counted by blocks of ids (events/intake.py), and the
queue is small.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from contract.reasons import Reason, Status
from events.intake import Counts, load_counts, sum_counts
from events.models import LANES
from events.received import first_ids_since

NOT_APPLIED = [reason.value for reason in Reason]


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """What became of the events that were received since a moment; the reasons add up to ignored and failed."""

    since: datetime
    taken: int
    applied: int
    ignored: int
    failed: int
    waiting: int
    by_reason: dict[str, int]


def load_spans(starts: Sequence[datetime]) -> list[Span]:
    """One span for each of the moments, which rise, up to now: two statements."""
    counts = load_counts(first_ids_since(starts))
    return [_to_span(since, sum_counts(counts[place:])) for place, since in enumerate(starts)]


def load_days(starts: Sequence[datetime]) -> list[Counts]:
    """What became of the events from each of the moments, which rise, to the next one: two statements."""
    return load_counts(first_ids_since(starts))


def _to_span(since: datetime, counts: Counts) -> Span:
    return Span(
        since=since,
        taken=counts.taken,
        applied=counts[Status.APPLIED],
        ignored=counts[Status.IGNORED],
        failed=counts[Status.FAILED],
        waiting=counts[Status.WAITING],
        by_reason={reason: counts.by_reason.get(reason, 0) for reason in NOT_APPLIED},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """What waits now. `oldest_since`: when the longest-waiting event was received, or replayed."""

    waiting: int
    oldest_event_id: int | None
    oldest_since: datetime | None


# One look-up for each lane in the queue's primary key, and one count of its narrow rows.
QUEUE = """
    SELECT (SELECT count(*) FROM events_waiting), oldest.event_id,
           greatest(e.received_at, (SELECT max(replayed_at) FROM events_attempt WHERE event_id = oldest.event_id))
      FROM (SELECT 1) AS always
      LEFT JOIN LATERAL (
               SELECT first.event_id
                 FROM generate_series(0, %(lanes)s - 1) AS lanes (number)
                CROSS JOIN LATERAL (
                          SELECT position, event_id
                            FROM events_waiting
                           WHERE lane = lanes.number
                           ORDER BY position
                           LIMIT 1
                      ) AS first
                ORDER BY first.position
                LIMIT 1
           ) AS oldest ON true
      LEFT JOIN events_event AS e ON e.id = oldest.event_id
"""


def load_queue() -> Queue:
    """What waits now and since when: one statement."""
    with connection.cursor() as cursor:
        cursor.execute(QUEUE, {"lanes": LANES})
        waiting, event_id, since = cursor.fetchone()
    return Queue(waiting=waiting, oldest_event_id=event_id, oldest_since=since)
