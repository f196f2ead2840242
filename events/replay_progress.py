"""How far replays are: what became of the events that each has handed over.

What the first of them became is added up in the replay's row (events/replay_jobs.py); only those after the first that
still waits are looked at: a replay hands nothing over while these are many.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection

from contract.reasons import Status
from events.api_shapes import OutcomeCountsShape, ReplayShape
from events.fates import instant
from events.models import Replay

type Counts = Mapping[str, int]  # "applied", or outcome and reason with a blank between them → how many


@dataclass(frozen=True, slots=True)
class Progress:
    """`outcomes` counts all that ended, `settled` those of them up to the attempt `settled_through`.

    `unsettled` are the events behind that one, whether they still wait or not.
    """

    waiting: int
    unsettled: int
    outcomes: Counts
    settled: Counts
    settled_through: int


# What an attempt was replaced by: the next attempt, when it was replayed once more, or the outcome as it stands.
NEW_OUTCOMES = """
    WITH handed_over AS MATERIALIZED (
        SELECT a.replay_id, a.id, coalesce(later.status, o.status) AS status, coalesce(later.reason, o.reason) AS reason
          FROM unnest(%(ids)s::bigint[], %(settled)s::bigint[]) AS replay (id, settled_through)
          JOIN events_attempt AS a                               -- index: attempt_by_replay
            ON a.replay_id = replay.id AND a.id > replay.settled_through
          LEFT JOIN events_attempt AS later                      -- index: attempt_number_is_unique
            ON later.event_id = a.event_id AND later.attempt = a.attempt + 1
          LEFT JOIN events_outcome AS o
            ON o.event_id = a.event_id AND later.id IS NULL
    ), firsts AS (
        SELECT replay_id, min(id) FILTER (WHERE status IS NULL) AS waiting_id FROM handed_over GROUP BY replay_id
    )
    SELECT replay_id, status, reason, waiting_id IS NULL OR id < waiting_id AS is_settled, count(*), max(id)
      FROM handed_over JOIN firsts USING (replay_id)
     GROUP BY 1, 2, 3, 4
"""


def load_progress(replays: Sequence[Replay]) -> dict[int, Progress]:
    """The progress of each replay by its id: one statement, and none when all of them have ended."""
    rows: dict[int, list[Any]] = {replay.pk: [] for replay in replays}
    if under_way := [replay for replay in replays if replay.ended_at is None]:
        parameters = {
            "ids": [replay.pk for replay in under_way],
            "settled": [replay.settled_through for replay in under_way],
        }
        with connection.cursor() as cursor:
            cursor.execute(NEW_OUTCOMES, parameters)
            for replay_id, *row in cursor.fetchall():
                rows[replay_id].append(row)
    return {replay.pk: _progress_of(replay, rows[replay.pk]) for replay in replays}


def _progress_of(replay: Replay, rows: Sequence[Sequence[Any]]) -> Progress:
    waiting = unsettled = 0
    through = replay.settled_through
    outcomes, settled = Counter(replay.settled), Counter(replay.settled)
    for status, reason, is_settled, count, last_id in rows:
        unsettled += 0 if is_settled else count
        if status is None:
            waiting = count
            continue
        name = f"{status} {reason}".strip()
        outcomes[name] += count
        if is_settled:
            settled[name] += count
            through = max(through, last_id)
    return Progress(waiting, unsettled, outcomes, settled, through)


def present_replay(replay: Replay, progress: Progress, zone: ZoneInfo) -> ReplayShape:
    """A replay in the API's shape (docs/api.md, Replay); moments are in the zone."""
    return {
        "id": str(replay.pk),
        "status": status_of(replay),
        "filters": replay.filters,
        "matched": replay.matched,
        "replayed": replay.replayed,
        "waiting": progress.waiting,
        "outcomes": count_by_outcome(progress.outcomes),
        "reasons": count_by_reason(progress.outcomes),
        "startedBy": replay.started_by,
        "startedAt": instant(replay.started_at, zone) or "",
        "cancelledBy": replay.cancelled_by or None,
        "cancelledAt": instant(replay.cancelled_at, zone),
        "endedAt": instant(replay.ended_at, zone),
    }


def status_of(replay: Replay) -> str:
    """“cancelled” from then on, also while events that were handed over before still wait."""
    if replay.cancelled_at is not None:
        return "cancelled"
    return "running" if replay.ended_at is None else "finished"


def count_by_outcome(counts: Counts) -> OutcomeCountsShape:
    by_status: Counter[str] = Counter()
    for name, count in counts.items():
        by_status[name.partition(" ")[0]] += count
    return {
        "applied": by_status[Status.APPLIED],
        "ignored": by_status[Status.IGNORED],
        "failed": by_status[Status.FAILED],
    }


def count_by_reason(counts: Counts) -> dict[str, int]:
    return {name.partition(" ")[2]: count for name, count in sorted(counts.items()) if " " in name}
