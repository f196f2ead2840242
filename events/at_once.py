"""Applies certain events now, for a caller that answers with what became of them (docs/architecture.md, decision 4).

The same functions apply them as in the workers, under the same locks; only what is claimed differs: not all that waits
in the lanes, but what waits of the orders at hand. So what was accepted earlier for one of these orders is applied
before, and the rest of a backlog is left to the workers.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import structlog
from django.db import InterfaceError, OperationalError, connection, transaction

from events import lanes
from events.basis import DecisionBasis, current_basis
from events.folding import KnownOrder
from events.lanes import ClaimedEvent, LaneBusyError
from events.processing import NOTHING_KNOWN, apply_events, apply_one_by_one
from events.wake import wake_lanes

log = structlog.get_logger(__name__)

PATIENCE_SECONDS = 5.0  # a worker holds a lane for some tenths of a second; longer means that something is stuck
EVENTS_AT_ONCE = 2_000  # in one transaction: more than a request brings, so a second one is for a backlog of its orders


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a waiting event stands."""

    lane: int
    order_key: str


type Waiting = Mapping[int, _Place]  # by event id


def apply_at_once(
    event_ids: Sequence[int],
    seconds: float = PATIENCE_SECONDS,
    known: Mapping[int, KnownOrder] = NOTHING_KNOWN,
) -> None:
    """Applies these order events, and what waits before them of the same orders. `known`: see apply_events().

    Returns when all of them have an outcome, whoever gave it, or when `seconds` are over: the workers are then told of
    the rest. Lanes that others hold are waited for one at a time, while none is held.
    """
    deadline = time.monotonic() + seconds
    waiting = _load_waiting(event_ids)
    wait_seconds = 0.0
    try:
        while waiting and wait_seconds >= 0:
            done = _apply_some(waiting, wait_seconds, known)
            waiting = {event_id: place for event_id, place in waiting.items() if event_id not in done}
            wait_seconds = deadline - time.monotonic()
    finally:
        if waiting:
            wake_lanes({place.lane for place in waiting.values()})


LOAD_WAITING = """
    SELECT e.id, e.lane, e.order_key
      FROM unnest(%(ids)s::bigint[]) AS wanted (id)
      JOIN events_event AS e ON e.id = wanted.id
     WHERE NOT EXISTS (SELECT FROM events_outcome AS o WHERE o.event_id = e.id)
"""


def _load_waiting(event_ids: Sequence[int]) -> Waiting:
    with connection.cursor() as cursor:
        cursor.execute(LOAD_WAITING, {"ids": list(event_ids)})
        return {event_id: _Place(lane, order_key) for event_id, lane, order_key in cursor.fetchall()}


def _apply_some(waiting: Waiting, wait_seconds: float, known: Mapping[int, KnownOrder]) -> set[int]:
    """Those of the events that have an outcome now. Raises only what the database raises when it is not there."""
    try:
        return _apply(waiting, wait_seconds, partial(apply_events, known=known))
    except LaneBusyError:
        return set()
    except (OperationalError, InterfaceError):
        raise
    except Exception:  # as in processing.drain_batch: one event must not hold up the others
        log.exception("orders.batch_failed", events=len(waiting))
        return _apply(waiting, 0.0, apply_one_by_one)


def _apply(
    waiting: Waiting, wait_seconds: float, apply: Callable[[Sequence[ClaimedEvent], DecisionBasis], Any]
) -> set[int]:
    wanted = sorted({place.lane for place in waiting.values()})
    with transaction.atomic(durable=True):
        if wait_seconds:
            lanes.wait_for_lane(wanted[0], wait_seconds)
        held = set(lanes.try_lock_lanes(wanted))
        ours = {event_id: place for event_id, place in waiting.items() if place.lane in held}
        events = lanes.claim_of_orders(held, {place.order_key for place in ours.values()}, EVENTS_AT_ONCE)
        if events:
            apply(events, current_basis())
    if len(events) < EVENTS_AT_ONCE:
        return set(ours)  # what of them was not claimed had been applied by others
    return {event.event_id for event in events}
