"""Lanes: who may apply which waiting events, and in which order (docs/architecture.md, “Lanes keep order”).

A lane is a hash bucket of order keys. Its lock is an advisory lock of PostgreSQL that ends with the transaction, and it
covers every order of the lane: whoever changes an order holds the lane of its key. Locks are taken in one statement,
before what they protect is read, so that the next statement's snapshot sees all that the last holder committed.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

import psycopg
import xxhash
from django.db import OperationalError, connection

from events.intake_models import BLOCK_EVENTS
from events.models import LANES

FROM_ZERO: Mapping[int, int] = MappingProxyType({})
ADVISORY_SPACE = 0x4C4F4F4D  # “LOOM”: keeps our lane locks apart from other users of advisory locks


def lane_of(key: str) -> int:
    """The lane of an order key (or of a custom event's key value). Fixed: it is stored with each event."""
    return xxhash.xxh3_64_intdigest(key.encode()) % LANES


@dataclass(frozen=True, slots=True)
class ClaimedEvent:
    """A waiting event, as it is handed to the rules. `position` is its place in its lane.

    `schema_at`: when the schema of its type was last changed; None without one (events/schemas.py).
    """

    lane: int
    position: int
    attempt: int
    event_id: int
    event_type_key: str
    key_value: str
    order_key: str
    api_version: int
    body: str
    occurred_at: datetime | None
    received_at: datetime
    source_kind: str
    schema_at: datetime | None = None


TRY_LOCK_LANES = """
    SELECT lane
      FROM unnest(%(lanes)s::int[]) AS lane
     WHERE pg_try_advisory_xact_lock(%(space)s, lane)
"""


def try_lock_lanes(lanes: Collection[int]) -> list[int]:
    """Those of the lanes whose lock this transaction has now. Never waits: who holds a lane drains what is there."""
    with connection.cursor() as cursor:
        cursor.execute(TRY_LOCK_LANES, {"lanes": sorted(lanes), "space": ADVISORY_SPACE})
        return [lane for (lane,) in cursor.fetchall()]


LIMIT_WAIT = "SELECT set_config('lock_timeout', %(milliseconds)s, true)"
LOCK_LANE = "SELECT pg_advisory_xact_lock(%(space)s, %(lane)s)"


class LaneBusyError(Exception):
    """A lane was held by others for all the time that was to be waited; the caller's transaction must end."""


def wait_for_lane(lane: int, seconds: float) -> None:
    """Waits for a lane's lock, while this transaction holds none. Raises LaneBusyError.

    Who waits gets the lane next: nobody is given a lane without waiting while somebody waits for it.
    """
    milliseconds = str(max(1, int(seconds * 1000)))
    with connection.cursor() as cursor:
        cursor.execute(LIMIT_WAIT, {"milliseconds": milliseconds})
        try:
            cursor.execute(LOCK_LANE, {"space": ADVISORY_SPACE, "lane": lane})
        except OperationalError as error:
            if isinstance(error.__cause__, psycopg.errors.LockNotAvailable):
                raise LaneBusyError from error
            raise
        cursor.execute(LIMIT_WAIT, {"milliseconds": "0"})


CLAIM_WAITING = """
    SELECT w.lane, w.position, w.attempt, e.id, t.key, e.key_value, e.order_key, e.api_version, e.body,
           e.occurred_at, e.received_at, s.kind, p.changed_at
      FROM unnest(%(lanes)s::int[], %(floors)s::bigint[]) AS l (lane, floor)
     CROSS JOIN LATERAL (
               SELECT lane, position, attempt, event_id
                 FROM events_waiting                    -- index: its primary key (lane, position)
                WHERE lane = l.lane AND position >= l.floor
                ORDER BY position
                LIMIT %(limit)s
           ) AS w
      JOIN events_event AS e ON e.id = w.event_id
      JOIN events_eventtype AS t ON t.id = e.event_type_id
      JOIN events_source AS s ON s.id = e.source_id
      LEFT JOIN events_parameterschema AS p ON p.event_type_id = e.event_type_id
     ORDER BY w.lane, w.position
"""


def claim_waiting(lanes: Collection[int], limit: int, floors: Mapping[int, int] = FROM_ZERO) -> list[ClaimedEvent]:
    """The first `limit` waiting events of each lane, by lane and position. The caller holds the lanes' locks.

    `floors` maps lanes to the position at which each is read from: events/floors.py.
    """
    with connection.cursor() as cursor:
        cursor.execute(CLAIM_WAITING, {**_lanes_and_floors(lanes, floors), "limit": limit})
        return [ClaimedEvent(*row) for row in cursor.fetchall()]


# An event without an outcome waits. It stands in the queue at its own id, and elsewhere when it is a replay; so what
# else waits in the lane is looked at for replays only, and what was taken out of the queue is not looked at at all.
CLAIM_OF_ORDERS = """
    SELECT w.lane, w.position, w.attempt, e.id, t.key, e.key_value, e.order_key, e.api_version, e.body,
           e.occurred_at, e.received_at, s.kind
      FROM unnest(%(keys)s::text[]) AS wanted (order_key)
     CROSS JOIN LATERAL (
               SELECT *
                 FROM events_event AS found             -- index: event_by_order_key
                WHERE found.order_key = wanted.order_key
                  AND found.order_key <> ''
                  AND NOT EXISTS (SELECT FROM events_outcome AS o WHERE o.event_id = found.id)
           ) AS e
     CROSS JOIN LATERAL (
               (SELECT lane, position, attempt
                  FROM events_waiting                   -- index: its primary key (lane, position)
                 WHERE lane = e.lane AND position = e.id AND event_id = e.id)
                UNION ALL
               (SELECT lane, position, attempt
                  FROM events_waiting
                 WHERE lane = e.lane AND position > e.id AND event_id = e.id)
                LIMIT 1
           ) AS w
      JOIN events_eventtype AS t ON t.id = e.event_type_id
      JOIN events_source AS s ON s.id = e.source_id
     WHERE w.lane = ANY(%(lanes)s::int[])
     ORDER BY w.lane, w.position
     LIMIT %(limit)s
"""


def claim_of_orders(lanes: Collection[int], order_keys: Collection[str], limit: int) -> list[ClaimedEvent]:
    """The first `limit` waiting events of these orders, by lane and position. The caller holds the lanes' locks."""
    parameters: dict[str, Any] = {"lanes": sorted(lanes), "keys": sorted(order_keys), "limit": limit}
    with connection.cursor() as cursor:
        cursor.execute(CLAIM_OF_ORDERS, parameters)
        return [ClaimedEvent(*row) for row in cursor.fetchall()]


REMOVE_WAITING = f"""
    WITH decided AS (
        DELETE FROM events_waiting AS w
         USING unnest(%(lanes)s::int[], %(positions)s::bigint[]) AS done (lane, position)
         WHERE w.lane = done.lane AND w.position = done.position
        RETURNING w.event_id
    )
    INSERT INTO events_intakemark (block) SELECT DISTINCT event_id / {BLOCK_EVENTS} FROM decided
"""  # noqa: S608 - a constant of our own


def remove_waiting(events: Sequence[ClaimedEvent]) -> None:
    """Takes the events out of the queue, in the transaction that writes their outcomes, and marks their blocks.

    The marks are those of events/intake.py: the outcomes of these blocks are to be counted again.
    """
    parameters = {"lanes": [event.lane for event in events], "positions": [event.position for event in events]}
    with connection.cursor() as cursor:
        cursor.execute(REMOVE_WAITING, parameters)


STILL_WAITING = """
    SELECT lane
      FROM unnest(%(lanes)s::int[], %(floors)s::bigint[]) AS l (lane, floor)
     WHERE EXISTS (SELECT FROM events_waiting AS w WHERE w.lane = l.lane AND w.position >= l.floor)
"""


def lanes_with_waiting(lanes: Collection[int], floors: Mapping[int, int] = FROM_ZERO) -> list[int]:
    """Those of the lanes in which something waits, ascending: one index probe for each lane."""
    with connection.cursor() as cursor:
        cursor.execute(STILL_WAITING, _lanes_and_floors(lanes, floors))
        return [lane for (lane,) in cursor.fetchall()]


def _lanes_and_floors(lanes: Collection[int], floors: Mapping[int, int]) -> dict[str, list[int]]:
    ordered = sorted(lanes)
    return {"lanes": ordered, "floors": [floors.get(lane, 0) for lane in ordered]}
