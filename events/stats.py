"""How the work is going, in numbers: what waits and where, and what became of what came in lately.

Every number is read from the database when it is asked for, so each process gives the same answer. None of them reads a
big table: spans of time are spans of ids, and the queue is small (events/overview.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection
from django.utils import timezone

from events.overview import Span, load_spans


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingLane:
    """A lane in which something waits. `since`: when its first event was received, or replayed."""

    lane: int
    waiting: int
    oldest_event_id: int
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Stats:
    """`lanes` ascending, without those in which nothing waits; `spans` as they were asked for."""

    at: datetime
    lanes: Sequence[WaitingLane]
    spans: Sequence[Span]
    last_received_at: datetime | None
    outcomes_written: int  # since the database was made, those of replays included; never less than before

    @property
    def waiting(self) -> int:
        return sum(lane.waiting for lane in self.lanes)

    @property
    def oldest(self) -> WaitingLane | None:
        return min(self.lanes, key=lambda lane: lane.since, default=None)

    def waited_seconds(self, lane: WaitingLane | None) -> float:
        """How long the lane's first event has been waiting; 0 for no lane."""
        return max(0.0, (self.at - lane.since).total_seconds()) if lane else 0.0


def load_stats(seconds: Sequence[int]) -> Stats:
    """What is so now, and what came in during the last so many seconds, for each of them: four statements."""
    at = timezone.now()
    last_received_at, outcomes_written = _load_progress()
    longest_first = sorted(seconds, reverse=True)
    spans = load_spans([at - timedelta(seconds=length) for length in longest_first])
    by_length = dict(zip(longest_first, spans, strict=True))
    return Stats(
        at=at,
        lanes=_load_lanes(),
        spans=[by_length[length] for length in seconds],
        last_received_at=last_received_at,
        outcomes_written=outcomes_written,
    )


# The queue's narrow rows once, and two look-ups by primary key for each lane in which something waits.
WAITING_LANES = """
    SELECT w.lane, w.waiting, first.event_id,
           greatest(e.received_at, (SELECT max(replayed_at) FROM events_attempt WHERE event_id = first.event_id))
      FROM (SELECT lane, count(*) AS waiting, min(position) AS position FROM events_waiting GROUP BY lane) AS w
      JOIN events_waiting AS first ON first.lane = w.lane AND first.position = w.position
      JOIN events_event AS e ON e.id = first.event_id
     ORDER BY w.lane
"""


def _load_lanes() -> list[WaitingLane]:
    with connection.cursor() as cursor:
        cursor.execute(WAITING_LANES)
        return [
            WaitingLane(lane=lane, waiting=waiting, oldest_event_id=event_id, since=since)
            for lane, waiting, event_id, since in cursor.fetchall()
        ]


# The newest event by its primary key, and the sequence that numbers outcomes, where rolled back ones leave gaps.
PROGRESS = """
    SELECT (SELECT received_at FROM events_event ORDER BY id DESC LIMIT 1),
           (SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM events_outcome_sequence)
"""


def _load_progress() -> tuple[datetime | None, int]:
    with connection.cursor() as cursor:
        cursor.execute(PROGRESS)
        last_received_at, outcomes_written = cursor.fetchone()
    return last_received_at, outcomes_written
