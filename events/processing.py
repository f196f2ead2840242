"""A batch of events, from the lock of its lanes to the commit of its outcomes.

One transaction claims what waits, decides it and writes orders and outcomes: exactly once by construction (promise 2).
It holds its lanes, so the events of an order are applied in the order in which they were accepted. Statements are per
batch, never per event. When a batch raises, it is done again event by event in savepoints, so that the culprit ends as
`failed` with its traceback and holds up nobody.
"""

import time
import traceback
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from types import MappingProxyType

import structlog
from django.db import InterfaceError, OperationalError, transaction
from django.utils import timezone

from contacts.cast import Seeker, buyer_of, sender_of
from contacts.creation import match_or_create
from contacts.matching import Candidate, candidates_of
from contract.reasons import Reason, Status
from contract.request_facts import describe_events
from events import folding, lanes, listeners, outcomes
from events.basis import DecisionBasis, current_basis
from events.envelope import Envelope, parse_envelope
from events.floors import Floors
from events.folding import Decided, KnownOrder, ReadEvent
from events.lanes import ClaimedEvent
from events.listeners import Ended
from events.models import LANES
from events.schemas import violations_of
from orders import customer_counts, ledger, summaries
from orders.ledger import HistoryRow, OrderWrite, StoredOrder
from orders.rules import WHOLE_ORDER_TYPES, telling_parameters

log = structlog.get_logger(__name__)

BATCH_EVENTS = 500  # per transaction, over all its lanes; see docs/benchmarks.md for the rates at other sizes
LEAST_PER_LANE = 16
LANES_AT_ONCE = 16  # that a wake-up leads to; no more, so that other workers find lanes of their own


NOTHING_KNOWN: Mapping[int, KnownOrder] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Batch:
    """What one transaction did: the lanes it held, and the events it ended, in the order of their application."""

    lanes: list[int]
    event_ids: list[int]

    @property
    def size(self) -> int:
        return len(self.event_ids)


_floors = Floors()


def drain_lanes(wanted: Collection[int], *, thorough: bool = False) -> int:
    """Applies all that waits in these lanes, batch by batch; returns the number of events.

    `thorough` looks from the beginning of each lane, not from where nothing lower is expected (events/floors.py).

    Lanes that another process holds are left to it. After letting go of a lane it looks once more: an event that was
    stored meanwhile, and whose wake-up met the held lock, would else wait for the sweep.
    """
    return _drain(_still_waiting(wanted, thorough), thorough)


def drain_woken(woken: Collection[int]) -> int:
    """Applies what waits in the lanes that a wake-up names, and takes a few other waiting lanes along.

    A batch of one event costs a worker nearly as much as one of ten, and single events each come with a wake-up for a
    lane of their own. So a worker that falls behind takes more with each batch, and catches up; the wake-ups of what it
    took along then find nothing. Measured at 100 events/s on two busy cores: half of the events waited for a second
    and more when each wake-up was worked off alone.
    """
    waiting = _still_waiting(range(LANES), thorough=False)
    named = [lane for lane in waiting if lane in woken]
    others = [lane for lane in waiting if lane not in woken]
    return _drain([*named, *others[: max(0, LANES_AT_ONCE - len(named))]], thorough=False)


def _drain(pending: Collection[int], thorough: bool) -> int:
    total = 0
    while pending:
        batch = drain_batch(pending, thorough=thorough)
        total += batch.size
        pending = _still_waiting(batch.lanes, thorough)
    return total


def _still_waiting(wanted: Collection[int], thorough: bool) -> list[int]:
    return lanes.lanes_with_waiting(wanted, _floors_of(wanted, thorough)) if wanted else []


def _floors_of(wanted: Collection[int], thorough: bool) -> dict[int, int]:
    now = time.monotonic()
    return {lane: 0 if thorough else _floors.floor(lane, now) for lane in wanted}


def drain_batch(wanted: Collection[int], *, thorough: bool = False) -> Batch:
    """One transaction of `drain_lanes`. Raises only what the database raises when it is not there."""
    started = time.perf_counter()
    try:
        batch = _apply_batch(wanted, thorough)
    except (OperationalError, InterfaceError):
        raise  # the machinery and not an event: all of it still waits, and the sweep comes again
    except Exception:  # whatever an event makes our code raise must not hold up its lane: it is set aside below
        log.exception("batch.failed", lanes=sorted(wanted))
        batch = _apply_one_by_one(wanted, thorough)
    if batch.size:
        milliseconds = round((time.perf_counter() - started) * 1000, 1)
        log.info(
            "batch.applied",
            lanes=len(batch.lanes),
            **describe_events(batch.event_ids),
            milliseconds=milliseconds,
        )
    return batch


def _apply_batch(wanted: Collection[int], thorough: bool) -> Batch:
    with transaction.atomic(durable=True):
        held, events = _claim(wanted, thorough)
        if events:
            apply_events(events, current_basis())
    return Batch(held, [event.event_id for event in events])


def _apply_one_by_one(wanted: Collection[int], thorough: bool) -> Batch:
    with transaction.atomic(durable=True):
        held, events = _claim(wanted, thorough)
        if events:
            apply_one_by_one(events, current_basis())
    return Batch(held, [event.event_id for event in events])


def _claim(wanted: Collection[int], thorough: bool) -> tuple[list[int], list[ClaimedEvent]]:
    """Locks the lanes, then reads what waits in them: in this order, or the read could miss the last holder's work."""
    held = lanes.try_lock_lanes(wanted)
    if not held:
        return [], []
    limit = max(BATCH_EVENTS // len(held), LEAST_PER_LANE)
    events = lanes.claim_waiting(held, limit, _floors_of(held, thorough))
    _note_first_positions(events)
    return held, events


def _note_first_positions(events: Sequence[ClaimedEvent]) -> None:
    now = time.monotonic()
    for lane, in_lane in groupby(events, key=attrgetter("lane")):
        _floors.saw_first(lane, next(in_lane).position, now)


def apply_one_by_one(events: Sequence[ClaimedEvent], basis: DecisionBasis) -> None:
    """What apply_events() does, after it has raised: the culprits end as `failed`, with their tracebacks."""
    for event in events:
        _apply_or_set_aside(event, basis)


def _apply_or_set_aside(event: ClaimedEvent, basis: DecisionBasis) -> None:
    try:
        with transaction.atomic():
            apply_events([event], basis)
    except (OperationalError, InterfaceError):
        raise
    except Exception:  # see drain_batch: the traceback is kept with the event
        log.exception("event.failed", event_id=event.event_id)
        lanes.remove_waiting([event])
        outcomes.store_failure(event, traceback.format_exc(), basis, timezone.now())
        reason = Reason.INTERNAL_ERROR.value
        failed = Ended(event.event_id, event.event_type_key, event.attempt, Status.FAILED, reason, None)
        listeners.tell_listeners([failed])


def apply_events(
    events: Sequence[ClaimedEvent], basis: DecisionBasis, known: Mapping[int, KnownOrder] = NOTHING_KNOWN
) -> list[Decided]:
    """Decides the events in order and writes all that follows. The caller holds their lanes, in a transaction.

    `known` are whole orders that have been read already, by event id.
    """
    reads = read_events(events, basis, known)
    stored = ledger.load_orders({event.order_key for event in events if event.order_key})
    decided = folding.fold(reads, {key: order.state for key, order in stored.items()}, basis)
    _store(decided, stored, basis)
    lanes.remove_waiting(events)
    return decided


def read_events(
    events: Sequence[ClaimedEvent], basis: DecisionBasis, known: Mapping[int, KnownOrder] = NOTHING_KNOWN
) -> list[ReadEvent]:
    """Reads the bodies and finds everybody's contact, as if one event came after the other.

    Statements are for the whole batch. A contact made for one of the events is there from that event on.
    """
    orders = [_still_known(event, known) for event in events]
    envelopes = [
        order.envelope if order else parse_envelope(event.body, basis)
        for event, order in zip(events, orders, strict=True)
    ]
    seekers = [seeker_of(event, envelope, basis) for event, envelope in zip(events, envelopes, strict=True)]
    matches = match_or_create(seekers)
    readings = [order.reading if order and order.time_zone == basis.time_zone else None for order in orders]
    violations = [
        violations_of(event.event_type_key, event.schema_at, envelope.parameters)
        for event, envelope in zip(events, envelopes, strict=True)
    ]
    return [ReadEvent(*read) for read in zip(events, envelopes, matches, readings, violations, strict=True)]


def _still_known(event: ClaimedEvent, known: Mapping[int, KnownOrder]) -> KnownOrder | None:
    """What is known of the event, unless it stands in the log otherwise by now: a person may have been erased."""
    order = known.get(event.event_id)
    return order if order is not None and order.envelope.body == event.body else None


VERSIONS_THAT_CREATE = (2, 3)  # docs/rules.md, section 2: only these paths of the original do


def seeker_of(event: ClaimedEvent, envelope: Envelope, basis: DecisionBasis) -> Seeker:
    """What an event says of its contact, and whether it may create or fill it."""
    candidates = candidates_for(envelope, basis)
    if envelope.event_type_key in BUYING_TYPES:
        parameters = telling_parameters(envelope.event_type_key, envelope.parameters)
        return Seeker(candidates, buyer_of(event.event_id, parameters, candidates, basis.phone_region))
    if basis.creates_missing_contacts and event.api_version in VERSIONS_THAT_CREATE:
        return Seeker(candidates, sender_of(event.event_id, candidates))
    return Seeker(candidates)


def candidates_for(envelope: Envelope, basis: DecisionBasis) -> tuple[Candidate, ...]:
    parameters = telling_parameters(envelope.event_type_key, envelope.parameters)
    return candidates_of(parameters, envelope.event_type_key, basis.rules, basis.phone_region)


BUYING_TYPES = frozenset(WHOLE_ORDER_TYPES.values())


def _store(decided: Sequence[Decided], stored: dict[str, StoredOrder], basis: DecisionBasis) -> None:
    now = timezone.now()
    final = folding.final_orders(decided)
    gone = {stored[key].id for key, order in final.items() if order.was_deleted and key in stored}
    writes = [
        OrderWrite(None, None, order.after)
        if order.was_deleted or key not in stored
        else OrderWrite(stored[key].id, order.before, order.after)
        for key, order in final.items()
        if order.after is not None
    ]
    lasting = folding.not_undone(decided)
    history = [
        HistoryRow(one.decision.order.external_order_id, one.read.event.event_id, one.decision.changes)
        for one in lasting
        if one.decision.order is not None and one.decision.changes
    ]
    if gone:
        outcomes.forget_orders(gone)
        ledger.delete_orders(gone)
    ids = ledger.store_orders(writes, history, now)
    ids |= {key: order.id for key, order in stored.items() if key not in ids and order.id not in gone}
    of_events = {one.read.event.event_id: ids.get(one.read.event.order_key) for one in lasting}
    outcomes.store_outcomes(decided, of_events, basis, now)
    listeners.tell_listeners(_ended(one, of_events.get(one.read.event.event_id)) for one in decided)
    summaries.leave_marks(
        moment for order in final.values() for moment in summaries.moments_touched(order.before, order.after)
    )
    customer_counts.leave_marks(
        (stored[key].id if key in stored else None, order.before, ids.get(key), order.after)
        for key, order in final.items()
    )


def _ended(one: Decided, order_id: int | None) -> Ended:
    event, decision = one.read.event, one.decision
    return Ended(
        event_id=event.event_id,
        event_type_key=event.event_type_key,
        attempt=event.attempt,
        status=decision.status,
        reason=decision.reason.value if decision.reason else "",
        order_id=order_id,
        order_status=decision.order.status if decision.order is not None and decision.changes else "",
    )
