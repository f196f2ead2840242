"""Takes events: durable in PostgreSQL before anybody is answered (promise 1), then wakes the workers.

Single events of concurrent requests are stored together: each request hands its event to one committer thread and
waits; the thread writes all that has gathered in one statement and one commit. There is no timer: while one commit is
under way the next group gathers. A list of events is written with COPY by its own request.

An event may claim an idempotency key (events/idempotency.py). Key and event are written by one statement, or neither.
"""

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from queue import Empty, SimpleQueue
from typing import Any

import structlog
from django.db import InterfaceError, OperationalError, connection, transaction

from contract.idempotency import Claim
from contract.postgres import as_recordset, copy_rows, take_numbers
from contract.request_facts import tell_events
from events.event_types import event_type_ids
from events.idempotency import HeldKey, KeyHeldError, claim_keys, load_keys, lock_number
from events.lanes import lane_of
from events.wake import wake_lanes

log = structlog.get_logger(__name__)

MAX_GROUP = 256  # events in one statement; at 1 kB each it stays far below a megabyte
MAX_GROUP_CHARACTERS = 8_000_000
ANSWER_SECONDS = 30  # how long a request waits for its commit before it answers that the store is not available
IDLE_CHECK_SECONDS = 1.0  # an older connection is asked whether it still lives before it is used
EVENT_SEQUENCE = "events_event_id_seq"  # also gives out the positions of the queue


class StoreUnavailableError(Exception):
    """PostgreSQL did not take the events; none of them is known to be stored, and the sender may try again."""


@dataclass(frozen=True, slots=True)
class NewEvent:
    """A well-formed event that is to be stored; `body` is the JSON text of its envelope, as it was sent.

    `claim` is for store_one() and store_each_once(): the key under which it is to be stored once.
    """

    source_id: int
    event_type_key: str
    key_value: str
    order_key: str
    body: str
    occurred_at: datetime | None = None
    api_version: int = 1
    claim: Claim | None = None

    @property
    def lane(self) -> int:
        return lane_of(self.order_key or self.key_value)


def store_one(event: NewEvent) -> int:
    """The id of the event, once it is durable. Raises StoreUnavailableError, and KeyHeldError when its key is taken.

    A caller that is inside a transaction of its own gets the event stored in that transaction.
    """
    if not connection.in_atomic_block:
        event_id = _committer.store(event)
        tell_events([event_id])
        return event_id
    (stored,) = store_each_once([event])
    if isinstance(stored, HeldKey):
        raise KeyHeldError
    return stored


def store_many(events: Sequence[NewEvent], *, wakes: bool = True) -> list[int]:
    """The ids of the events, in the order given, once all of them are durable in one transaction.

    Without `wakes` no worker is told of them: the caller applies them itself, and the sweep finds them if it does not.
    Raises StoreUnavailableError, and then none of them is stored.
    """
    try:
        type_ids = event_type_ids({event.event_type_key for event in events})
        with transaction.atomic():
            ids = take_numbers(EVENT_SEQUENCE, len(events))
            _copy_events(events, ids, type_ids, wakes=wakes)
    except (OperationalError, InterfaceError) as error:
        raise StoreUnavailableError(str(error)) from error
    tell_events(ids)
    return ids


def store_each_once(events: Sequence[NewEvent]) -> list[int | HeldKey]:
    """The same for events of one source of which some claim keys: what is held, where a key was taken before.

    Two statements more than store_many() takes. Raises StoreUnavailableError, and then none of them is stored.
    """
    try:
        # Before any key is written: who waits for another's new event type holds no key that others wait for.
        type_ids = event_type_ids({event.event_type_key for event in events})
        with transaction.atomic():
            ids = take_numbers(EVENT_SEQUENCE, len(events))
            held = _claim_their_keys(events, ids)
            to_store = [index for index in range(len(events)) if index not in held]
            _copy_events([events[index] for index in to_store], [ids[index] for index in to_store], type_ids)
    except (OperationalError, InterfaceError) as error:
        raise StoreUnavailableError(str(error)) from error
    tell_events([ids[index] for index in to_store])
    return [held.get(index, event_id) for index, event_id in enumerate(ids)]


def _claim_their_keys(events: Sequence[NewEvent], ids: Sequence[int]) -> dict[int, HeldKey]:
    """Claims the keys; what is held, by the index of each event that did not get its key."""
    claims = [(event_id, event.claim) for event_id, event in zip(ids, events, strict=True) if event.claim is not None]
    claimed = claim_keys(claims)
    refused = {event_id: claim for event_id, claim in claims if event_id not in claimed}
    found = load_keys(list(refused.values()))
    # A key that was removed for its age between the two statements is as good as one that is under way.
    return {index: found.get(refused[event_id].key, GONE) for index, event_id in enumerate(ids) if event_id in refused}


GONE = HeldKey("", (), None, "", "", is_being_finished=False)


def _copy_events(events: Sequence[NewEvent], ids: list[int], type_ids: dict[str, int], *, wakes: bool = True) -> None:
    lanes = [event.lane for event in events]
    copy_rows("events_event", EVENT_COLUMNS, _event_rows(events, ids, lanes, type_ids))
    copy_rows("events_waiting", ("lane", "position", "event_id", "attempt"), _waiting_rows(ids, lanes))
    if wakes:
        transaction.on_commit(lambda: wake_lanes(lanes))


EVENT_COLUMNS = (
    "id",
    "source_id",
    "event_type_id",
    "key_value",
    "order_key",
    "lane",
    "api_version",
    "body",
    "occurred_at",
)


def _event_rows(events: Sequence[NewEvent], ids: list[int], lanes: list[int], type_ids: dict[str, int]) -> Any:
    return (
        (
            event_id,
            event.source_id,
            type_ids[event.event_type_key],
            event.key_value,
            event.order_key,
            lane,
            event.api_version,
            event.body,
            event.occurred_at,
        )
        for event, event_id, lane in zip(events, ids, lanes, strict=True)
    )


def _waiting_rows(ids: list[int], lanes: list[int]) -> Any:
    return ((lane, event_id, event_id, 1) for event_id, lane in zip(ids, lanes, strict=True))


STORE_GROUP = """
    WITH given AS (
        SELECT *
          FROM json_to_recordset(%(events)s::json) AS given (
                   source_id bigint, event_type_id bigint, key_value text, order_key text, lane smallint,
                   api_version smallint, body text, occurred_at timestamptz)
    ), stored AS (
        INSERT INTO events_event (source_id, event_type_id, key_value, order_key, lane, api_version, body, occurred_at)
        SELECT source_id, event_type_id, key_value, order_key, lane, api_version, body, occurred_at
          FROM given            -- a function scan keeps the order of the list, so ids ascend in it
        RETURNING id, lane
    )
    INSERT INTO events_waiting (lane, position, event_id, attempt)
    SELECT lane, id, id, 1 FROM stored
    RETURNING event_id
"""


def _store_group(events: Sequence[NewEvent], lanes: Sequence[int]) -> list[int]:
    """The ids of the events in the order given: one statement, committed when it returns."""
    with connection.cursor() as cursor:
        cursor.execute(STORE_GROUP, {"events": as_recordset(_group_rows(events, lanes))})
        return sorted(event_id for (event_id,) in cursor.fetchall())


def _group_rows(events: Sequence[NewEvent], lanes: Sequence[int]) -> list[dict[str, Any]]:
    type_ids = event_type_ids({event.event_type_key for event in events})
    return [
        {
            "source_id": event.source_id,
            "event_type_id": type_ids[event.event_type_key],
            "key_value": event.key_value,
            "order_key": event.order_key,
            "lane": lane,
            "api_version": event.api_version,
            "body": event.body,
            "occurred_at": event.occurred_at,
        }
        for event, lane in zip(events, lanes, strict=True)
    ]


# A group of which some events claim keys. Who else holds a key is never waited for here, as the others of the group
# would wait as well; the exception is a bulk that writes the same key at the same moment.
STORE_GROUP_ONCE = """
    WITH given AS MATERIALIZED (
        SELECT nextval('events_event_id_seq') AS id, given.*,
               lock IS NULL OR pg_try_advisory_xact_lock(lock) AS is_free
          FROM ROWS FROM (json_to_recordset(%(events)s::json) AS (
                   source_id bigint, event_type_id bigint, key_value text, order_key text, lane smallint,
                   api_version smallint, body text, occurred_at timestamptz,
                   key text, fingerprint text, lock bigint)) AS given
    ), claimed AS (
        INSERT INTO events_idempotencykey (source_id, key, fingerprint, event_ids, status, answer, location)
        SELECT source_id, key, fingerprint, ARRAY[id], 200, '', ''
          FROM given
         WHERE key IS NOT NULL AND is_free
         ORDER BY source_id, key, id   -- one order for all writers; of a key given twice the first one has it
            ON CONFLICT (source_id, key) DO NOTHING
        RETURNING event_ids[1] AS id
    ), stored AS (
        INSERT INTO events_event
               (id, source_id, event_type_id, key_value, order_key, lane, api_version, body, occurred_at)
        SELECT id, source_id, event_type_id, key_value, order_key, lane, api_version, body, occurred_at
          FROM given
         WHERE key IS NULL OR id IN (SELECT id FROM claimed)
        RETURNING id, lane
    ), waiting AS (
        INSERT INTO events_waiting (lane, position, event_id, attempt)
        SELECT lane, id, id, 1 FROM stored
    )
    SELECT id, is_free, stored.id IS NOT NULL
      FROM given LEFT JOIN stored USING (id)
     ORDER BY id
"""


def _store_group_once(events: Sequence[NewEvent], lanes: Sequence[int]) -> list[int | KeyHeldError]:
    """The same; instead of an id the reason why an event was not stored."""
    rows = _group_rows(events, lanes)
    for row, event in zip(rows, events, strict=True):
        if event.claim is not None:
            row |= {"key": event.claim.key, "fingerprint": event.claim.fingerprint, "lock": lock_number(event.claim)}
    with connection.cursor() as cursor:
        cursor.execute(STORE_GROUP_ONCE, {"events": as_recordset(rows)})
        return [
            event_id if is_stored else KeyHeldError(is_under_way=not is_free)
            for event_id, is_free, is_stored in cursor.fetchall()
        ]


class _Request:
    """An event that waits for its commit. The lock is a one-shot gate: the cheapest that threads have."""

    __slots__ = ("error", "event", "event_id", "gate", "lane")

    def __init__(self, event: NewEvent) -> None:
        self.event = event
        self.lane = event.lane
        self.event_id = 0
        self.error: Exception | None = None
        self.gate = threading.Lock()
        self.gate.acquire()

    def answer(self, event_id: int = 0, error: Exception | None = None) -> None:
        self.event_id, self.error = event_id, error
        self.gate.release()


def _store(group: Sequence[_Request]) -> Sequence[int | KeyHeldError]:
    """What became of each event of the group. A group without keys costs nothing more for there being keys."""
    events, lanes = [request.event for request in group], [request.lane for request in group]
    if any(event.claim is not None for event in events):
        return _store_group_once(events, lanes)
    return _store_group(events, lanes)


class _Committer:
    """The one thread of a process that stores single events; started by the first of them."""

    def __init__(self) -> None:
        self._queue: SimpleQueue[_Request] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()
        self._used_at = 0.0

    def store(self, event: NewEvent) -> int:
        request = _Request(event)
        self._queue.put(request)
        if self._thread is None or not self._thread.is_alive():
            self._start()
        if not request.gate.acquire(timeout=ANSWER_SECONDS):
            raise StoreUnavailableError(f"no commit within {ANSWER_SECONDS} seconds")
        if request.error is not None:
            raise request.error
        return request.event_id

    def _start(self) -> None:
        with self._starting:
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="inbox-committer", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while True:
            self._commit(self._gather())

    def _gather(self) -> list[_Request]:
        """Waits for one request, then takes those that are there already."""
        group = [self._queue.get()]
        characters = len(group[0].event.body)
        while len(group) < MAX_GROUP and characters < MAX_GROUP_CHARACTERS:
            try:
                group.append(self._queue.get_nowait())
            except Empty:
                break
            characters += len(group[-1].event.body)
        return group

    def _commit(self, group: list[_Request]) -> None:
        try:
            self._check_idle_connection()
            stored = _store(group)
        except (OperationalError, InterfaceError) as error:
            connection.close()
            self._refuse(group, StoreUnavailableError(str(error)))
        except Exception as error:  # any other error would end the thread; it is each request's to report
            log.exception("inbox.group_failed", events=len(group))
            self._commit_alone(group, error)
        else:
            self._used_at = time.monotonic()
            for request, result in zip(group, stored, strict=True):
                if isinstance(result, KeyHeldError):
                    request.answer(error=result)
                else:
                    request.answer(result)
            wake_lanes(request.lane for request in group)

    def _commit_alone(self, group: list[_Request], error: Exception) -> None:
        """After an error that is not the database's absence: nobody pays for a neighbour's event."""
        if len(group) == 1:
            self._refuse(group, error)
            return
        for request in group:
            self._commit([request])

    def _check_idle_connection(self) -> None:
        idle = connection.connection is not None and time.monotonic() - self._used_at > IDLE_CHECK_SECONDS
        if idle and not connection.is_usable():
            connection.close()

    @staticmethod
    def _refuse(group: list[_Request], error: Exception) -> None:
        for request in group:
            request.answer(error=error)


_committer = _Committer()

__all__ = ["KeyHeldError", "NewEvent", "StoreUnavailableError", "store_each_once", "store_many", "store_one"]
