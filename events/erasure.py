"""Carries erasures on until nothing in the database names the person: docs/rules.md, section 6.

First what is the person's own, found by index: their orders with all their events, then their other events. Then the
whole log of events, from its beginning to where it ended when the erasure began, for events of others that name the
person; all erasures that are due share one walk. Then what else was kept of requests. A step is short, may be done
twice, and writes down how far it came: a worker that is killed costs the step it was at.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import structlog
from django.db import InterfaceError, OperationalError, connection, transaction

from contacts.erasure import finish_erasures, person_of, waits_for_imports
from contacts.models import Erasure, ErasureStage
from events.erasure_events import LANE_SECONDS, erase_in_events, mentions_somebody, search_for
from events.erasure_rest import erase_in_rest
from events.lanes import LaneBusyError, wait_for_lane
from events.models import LANES

log = structlog.get_logger(__name__)

ADVISORY_SPACE = 0x45524153  # “ERAS”: one process at a time carries erasures on
SECONDS_AT_ONCE = 5.0  # for which one task goes on, so that its worker applies events as well
# A step waits for each of its lanes, behind workers that are busy for a tenth of a second: few large steps wait less.
ORDERS_AT_ONCE = 500
EVENTS_AT_ONCE = 2_000
WALKED_AT_ONCE = 5_000  # events of the log, of WALKED_BYTES together at most
WALKED_BYTES = 16_000_000
MOST_PEOPLE = 50  # in one walk: looking for one of them takes some 10 µs for each event


def advance_erasures(seconds: float = SECONDS_AT_ONCE) -> None:
    """Does steps of the erasures that are under way, for at most so many seconds and at least one step.

    Does nothing while another process is at it. An erasure whose step raises is tried again the next time, and holds up
    none of the others.
    """
    end = time.monotonic() + seconds
    if not Erasure.objects.exclude(stage=ErasureStage.DONE).exists():
        return
    with _alone() as is_alone:
        raised = _Raised()
        try:
            while is_alone and _step(raised) and time.monotonic() < end:
                pass
        except LaneBusyError:
            log.warning("erasure.lane_busy", seconds=LANE_SECONDS)


@contextmanager
def _alone() -> Iterator[bool]:
    """Whether no other process is at it. The lock is the connection's: it ends with a process that is killed."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, 0)", [ADVISORY_SPACE])
        (is_alone,) = cursor.fetchone()
        try:
            yield is_alone
        finally:
            if is_alone:
                cursor.execute("SELECT pg_advisory_unlock(%s, 0)", [ADVISORY_SPACE])


@dataclass(frozen=True, slots=True)
class _Raised:
    """Erasures whose step has raised in this run: of several in one step each is done `alone`, one alone is `left`."""

    alone: set[int] = field(default_factory=set)
    left: set[int] = field(default_factory=set)

    def note(self, erasures: Sequence[Erasure]) -> None:
        (self.left if len(erasures) == 1 else self.alone).update(one.pk for one in erasures)

    def of_one_step(self, erasures: Sequence[Erasure]) -> list[Erasure]:
        """Those that may share a step with the first of them."""
        if erasures[0].pk in self.alone:
            return [erasures[0]]
        return [one for one in erasures if one.pk not in self.alone]


def _step(raised: _Raised) -> bool:
    """The next step; False when nothing is left to do in this run."""
    chosen = _choose(raised)
    if chosen is None:
        return False
    do, erasures = chosen
    try:
        do(erasures)
    except (OperationalError, InterfaceError, LaneBusyError):
        raise  # the machinery and nobody's values: the next run goes on
    except Exception:  # whatever one person's values make our code raise must not keep others from being erased
        log.exception("erasure.step_failed", contact_ids=[one.pk for one in erasures])
        raised.note(erasures)
    return True


def _choose(raised: _Raised) -> tuple[Callable[[Sequence[Erasure]], None], list[Erasure]] | None:
    """What to do next and for whom. What is a person's own goes first, then the walk that is under way."""
    under_way = Erasure.objects.exclude(stage=ErasureStage.DONE).exclude(pk__in=raised.left)
    own = under_way.filter(stage__in=[ErasureStage.ORDERS, ErasureStage.EVENTS]).order_by("requested_at", "pk").first()
    if own is not None:
        return _erase_own, [own]
    walking = list(under_way.filter(stage=ErasureStage.LOG).order_by("-position", "pk")[:MOST_PEOPLE])
    if walking:
        return _walk, raised.of_one_step([one for one in walking if one.position == walking[0].position])
    last = under_way.filter(stage=ErasureStage.REST).order_by("pk")[:MOST_PEOPLE]
    resting = [one for one in last if not waits_for_imports(one.requested_at)]
    return (_erase_rest, raised.of_one_step(resting)) if resting else None


def _go_on(erasures: Sequence[Erasure], *, stage: str | None = None, position: int = 0) -> None:
    columns: dict[str, object] = {"position": position} if stage is None else {"stage": stage, "position": 0}
    Erasure.objects.filter(pk__in=[one.pk for one in erasures]).update(**columns)


# --- what is the person's own ---

ORDERS_OF = """
    SELECT id, external_order_id
      FROM orders_order                       -- index: order_by_contact
     WHERE contact_id = %(contact_id)s AND id > %(after)s
     ORDER BY id LIMIT %(limit)s
"""
EVENTS_OF_ORDERS = """
    SELECT id FROM events_event               -- index: event_by_order_key
     WHERE order_key = ANY(%(keys)s) AND order_key <> '' AND id <= %(last)s
"""
EVENTS_OF_CONTACT = """
    SELECT event_id FROM events_outcome       -- index: outcome_by_contact
     WHERE contact_id = %(contact_id)s AND event_id > %(after)s AND event_id <= %(last)s
     ORDER BY event_id LIMIT %(limit)s
"""


def _erase_own(erasures: Sequence[Erasure]) -> None:
    (erasure,) = erasures
    if erasure.last_event_id is None:
        _begin(erasure)
    elif erasure.stage == ErasureStage.ORDERS:
        _erase_orders(erasure)
    else:
        _erase_events_of_contact(erasure)


def _begin(erasure: Erasure) -> None:
    """Waits until every batch that may have found the contact before it was deleted has ended.

    Whoever holds a lane after that has looked the contact up after the deletion was committed, and has not found it.
    """
    for lane in range(LANES):
        with transaction.atomic():
            wait_for_lane(lane, LANE_SECONDS)
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(max(id), 0) FROM events_event")
        (last_event_id,) = cursor.fetchone()
    Erasure.objects.filter(pk=erasure.pk).update(last_event_id=last_event_id)
    log.info("erasure.began", contact_id=erasure.pk, last_event_id=last_event_id)


def _erase_orders(erasure: Erasure) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            ORDERS_OF, {"contact_id": erasure.pk, "after": erasure.position, "limit": ORDERS_AT_ONCE}
        )  # fmt: skip
        orders = cursor.fetchall()
        if not orders:
            _go_on([erasure], stage=ErasureStage.EVENTS)
            return
        keys = [key for _, key in orders]
        cursor.execute(EVENTS_OF_ORDERS, {"keys": keys, "last": erasure.last_event_id})
        ids = [event_id for (event_id,) in cursor.fetchall()]
    search = search_for([person_of(erasure)])
    erase_in_events(ids, search)
    _go_on([erasure], position=orders[-1][0])


def _erase_events_of_contact(erasure: Erasure) -> None:
    bounds = {"contact_id": erasure.pk, "after": erasure.position, "last": erasure.last_event_id}
    with connection.cursor() as cursor:
        cursor.execute(EVENTS_OF_CONTACT, {**bounds, "limit": EVENTS_AT_ONCE})
        ids = [event_id for (event_id,) in cursor.fetchall()]
    if not ids:
        _go_on([erasure], stage=ErasureStage.LOG)
        return
    erase_in_events(ids, search_for([person_of(erasure)]))
    _go_on([erasure], position=ids[-1])


# --- the log ---

NEXT_SIZES = """
    SELECT id, octet_length(body) FROM events_event
     WHERE id > %(after)s AND id <= %(last)s
     ORDER BY id LIMIT %(limit)s
"""
BODIES = "SELECT id, body FROM events_event WHERE id > %(after)s AND id <= %(upto)s"
TRACEBACKS = """
    SELECT event_id FROM events_outcome
     WHERE event_id > %(after)s AND event_id <= %(upto)s AND traceback <> ''
"""


def _walk(erasures: Sequence[Erasure]) -> None:
    """Looks through the next events of the log for these people."""
    after, last = erasures[0].position, max(one.last_event_id or 0 for one in erasures)
    upto = _next_stop(after, last)
    if upto is None:
        _go_on(erasures, stage=ErasureStage.REST)
        return
    search = search_for([person_of(one) for one in erasures])
    with connection.cursor() as cursor:
        cursor.execute(BODIES, {"after": after, "upto": upto})
        found = {event_id for event_id, body in cursor.fetchall() if mentions_somebody(body, search)}
        cursor.execute(TRACEBACKS, {"after": after, "upto": upto})
        found |= {event_id for (event_id,) in cursor.fetchall()}
    if found:
        erase_in_events(found, search)
    _go_on(erasures, position=upto)


def _next_stop(after: int, last: int) -> int | None:
    """The id up to which the next step looks; None at the end. A step never reads more than WALKED_BYTES and one."""
    with connection.cursor() as cursor:
        cursor.execute(NEXT_SIZES, {"after": after, "last": last, "limit": WALKED_AT_ONCE})
        total, stop = 0, None
        for event_id, size in cursor.fetchall():
            total += size
            if stop is not None and total > WALKED_BYTES:
                break
            stop = event_id
        return stop


# --- what else there is ---


def _erase_rest(erasures: Sequence[Erasure]) -> None:
    erase_in_rest([person_of(one) for one in erasures])
    with transaction.atomic():
        finish_erasures([one.pk for one in erasures])
    for one in erasures:
        log.info("erasure.done", contact_id=one.pk, events=one.events, orders=one.orders)
