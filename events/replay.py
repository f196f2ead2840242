"""Hands ignored and failed events to the workers again (promise 4), as if they had come now: docs/rules.md, section 6.

Deleting the outcome is the token: whoever deletes it puts the event back into the queue, in the same statement. So two
replays of one event at the same time hand it over once, and an applied event is never replayed. The old outcome is kept
as an attempt.
"""

from collections.abc import Sequence
from functools import partial
from itertools import batched

from django.db import connection, transaction

from account.audit import AuditAction, record_audit
from events.intake_models import BLOCK_EVENTS
from events.wake import wake_lanes

EVENTS_AT_ONCE = 1_000

REPLAY = f"""
    WITH wanted AS MATERIALIZED (
        SELECT event_id FROM events_outcome
         WHERE event_id = ANY(%(ids)s) AND status IN ('ignored', 'failed')
         ORDER BY event_id                 -- one order for all replays: none waits for another that waits for it
           FOR UPDATE
    ), taken AS (
        DELETE FROM events_outcome AS o USING wanted WHERE o.event_id = wanted.event_id
        RETURNING o.event_id, o.attempt, o.status, o.reason, o.problems, o.trace, o.decided_at
    ), kept AS (
        INSERT INTO events_attempt (event_id, replay_id, attempt, status, reason, problems, trace, decided_at)
        SELECT event_id, %(replay_id)s, attempt, status, reason, problems, trace, decided_at FROM taken
    ), marked AS (                         -- their blocks are to be counted again: events/intake.py
        INSERT INTO events_intakemark (block) SELECT DISTINCT event_id / {BLOCK_EVENTS} FROM taken
    ), ordered AS (
        SELECT e.lane, e.id, taken.attempt + 1 AS attempt
          FROM taken
          JOIN events_event AS e ON e.id = taken.event_id
         ORDER BY e.id                     -- replayed events keep the order in which they were accepted
    )
    INSERT INTO events_waiting (lane, position, event_id, attempt)
    SELECT lane, nextval('events_event_id_seq'), id, attempt FROM ordered
    RETURNING lane
"""  # noqa: S608 - a constant of our own


def replay_events(event_ids: Sequence[int], replay_id: int | None = None) -> int:
    """Puts those of the events back into the queue that were ignored or failed; returns how many. Idempotent.

    `replay_id` is the stored replay that hands them over, if one does.
    """
    replayed = 0
    for ids in batched(event_ids, EVENTS_AT_ONCE, strict=False):
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(REPLAY, {"ids": list(ids), "replay_id": replay_id})
            lanes = [lane for (lane,) in cursor.fetchall()]
            transaction.on_commit(partial(wake_lanes, lanes))
        replayed += len(lanes)
    return replayed


def replay_one(event_id: int, actor: str) -> bool:
    """Replays one event on behalf of `actor` (account/audit.py); False for one that is applied or waits already."""
    with transaction.atomic():
        is_replayed = replay_events([event_id]) == 1
        if is_replayed:
            record_audit(actor, AuditAction.EVENTS_REPLAYED, f"event {event_id}")
    return is_replayed
