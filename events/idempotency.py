"""Keeps idempotency keys (docs/api.md, Retries): a key is written in the transaction that writes what it stands for.

So no crash leaves the one without the other. A request holds the advisory lock of its key while its transaction lasts:
who does not get it is told that the first is under way, and nobody waits for another's key. The exception is a bulk
whose events carry keys of their own, which would need a thousand locks: it waits where another has written a key and
not yet committed. Whoever writes several keys writes them in one order, so two writers never wait in a circle.

Single events do not come by here: events/inbox.py writes their keys in the statement that writes them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.http import HttpResponse
from xxhash import xxh3_64_intdigest

from contract.idempotency import (
    REPLAYED,
    Answer,
    Claim,
    Finish,
    Store,
    refuse_reused,
    refuse_under_way,
)
from contract.postgres import as_recordset
from contract.problems import bytes_response

KEPT_HOURS = 25  # docs/api.md promises 24
REMOVED_AT_ONCE = 10_000  # rows of one DELETE: some 50 ms, and no transaction that holds the queue's clean-up back
UNDER_WAY_SECONDS = 60  # longer than the second step of any request takes; a retry then finishes in its stead


class KeyHeldError(Exception):
    """The key of an event was used before; the event is not stored. `is_under_way`: by a request that still runs."""

    def __init__(self, *, is_under_way: bool = False) -> None:
        self.is_under_way = is_under_way
        super().__init__("under way" if is_under_way else "used before")


@dataclass(frozen=True, slots=True)
class HeldKey:
    """What is kept under a key; `status` is None until there is an answer."""

    fingerprint: str
    event_ids: tuple[int, ...]
    status: int | None
    answer: str
    location: str
    is_being_finished: bool


def lock_number(claim: Claim) -> int:
    """The advisory lock of a key. Two keys that share one can only be told that the other is under way."""
    unsigned = xxh3_64_intdigest(f"{claim.source_id}:{claim.key}".encode())
    return unsigned - 2**63


# One key: a request.

TRY_LOCK = "SELECT pg_try_advisory_xact_lock(%(lock)s)"
LOAD_KEY = """
    SELECT fingerprint, event_ids, status, answer, location, coalesce(under_way_until > now(), false)
      FROM events_idempotencykey         -- index: its primary key
     WHERE source_id = %(source_id)s AND key = %(key)s
"""
STORE_KEY = """
    INSERT INTO events_idempotencykey
           (source_id, key, fingerprint, event_ids, status, answer, location, under_way_until)
    VALUES (%(source_id)s, %(key)s, %(fingerprint)s, %(event_ids)s::bigint[], %(status)s, %(answer)s, %(location)s,
            now() + %(seconds)s * interval '1 second')
"""
STORE_ANSWER = """
    UPDATE events_idempotencykey
       SET status = %(status)s, answer = %(answer)s, location = %(location)s, under_way_until = NULL
     WHERE source_id = %(source_id)s AND key = %(key)s
"""
HOLD_KEY = """
    UPDATE events_idempotencykey
       SET under_way_until = now() + %(seconds)s * interval '1 second'
     WHERE source_id = %(source_id)s AND key = %(key)s
"""


class PostgresKeeper:
    """contract.idempotency.Keeper: what its functions promise, with the keys in PostgreSQL."""

    def answer_once(self, claim: Claim, answer: Answer) -> HttpResponse:
        with transaction.atomic():
            held = _lock_and_load(claim)
            if held is not None:
                return _replay(held, claim)
            response = answer()
            if _is_kept(response):
                _execute(STORE_KEY, claim, event_ids=[], seconds=None, **_columns_of(response))
        return response

    def answer_once_in_two_steps(self, claim: Claim, store: Store, finish: Finish) -> HttpResponse:
        with transaction.atomic():
            held = _lock_and_load(claim)
            if held is None:
                event_ids = store()
                nothing: dict[str, Any] = {"status": None, "answer": "", "location": ""}
                _execute(STORE_KEY, claim, event_ids=event_ids, seconds=UNDER_WAY_SECONDS, **nothing)
            elif held.status is not None or held.fingerprint != claim.fingerprint or held.is_being_finished:
                return _replay(held, claim)
            else:
                event_ids = list(held.event_ids)
                _execute(HOLD_KEY, claim, seconds=UNDER_WAY_SECONDS)
        return _finish(claim, event_ids, finish)


keeper = PostgresKeeper()


def release(claim: Claim) -> None:
    """Lets whoever comes next finish what is under way, for a caller who knows that the one before has ended."""
    _execute(HOLD_KEY, claim, seconds=0)


def load_key(claim: Claim) -> HeldKey | None:
    """What is kept under the key, whatever its fingerprint."""
    with connection.cursor() as cursor:
        cursor.execute(LOAD_KEY, {"source_id": claim.source_id, "key": claim.key})
        row = cursor.fetchone()
    return None if row is None else HeldKey(row[0], tuple(row[1]), *row[2:])


def load_answered(claim: Claim) -> HeldKey:
    """What was answered to the first of the same. Raises ApiError 409 while there is no answer, 422 for another."""
    held = load_key(claim)
    if held is None:  # its time was over, and it was removed just now
        raise refuse_under_way()
    if held.fingerprint != claim.fingerprint:
        raise refuse_reused()
    if held.status is None:
        raise refuse_under_way()
    return held


def _lock_and_load(claim: Claim) -> HeldKey | None:
    """Two statements: the second must see what the last holder of the lock has committed. Raises ApiError 409."""
    with connection.cursor() as cursor:
        cursor.execute(TRY_LOCK, {"lock": lock_number(claim)})
        (is_locked,) = cursor.fetchone()
    if not is_locked:
        raise refuse_under_way()
    return load_key(claim)


def _replay(held: HeldKey, claim: Claim) -> HttpResponse:
    if held.fingerprint != claim.fingerprint:
        raise refuse_reused()
    if held.status is None:
        raise refuse_under_way()
    headers = {**REPLAYED, "Location": held.location} if held.location else REPLAYED
    return bytes_response(held.answer.encode(), held.status, "application/json", headers)


def _finish(claim: Claim, event_ids: list[int], finish: Finish) -> HttpResponse:
    """The second step. Without an answer that is kept, a retry may finish at once."""
    is_answered = False
    try:
        response = finish(event_ids)
        if _is_kept(response):
            _execute(STORE_ANSWER, claim, **_columns_of(response))
            is_answered = True
    finally:
        if not is_answered:
            _execute(HOLD_KEY, claim, seconds=0)
    return response


def _is_kept(response: HttpResponse) -> bool:
    return 200 <= response.status_code < 300


def _columns_of(response: HttpResponse) -> dict[str, Any]:
    location = response.headers.get("Location", "")
    return {"status": response.status_code, "answer": response.content.decode(), "location": location}


def _execute(statement: str, claim: Claim, **columns: Any) -> None:
    with connection.cursor() as cursor:
        named: dict[str, Any] = {"source_id": claim.source_id, "key": claim.key, "fingerprint": claim.fingerprint}
        cursor.execute(statement, {**named, **columns})


# Many keys: the events of a bulk.

CLAIM_KEYS = """
    INSERT INTO events_idempotencykey (source_id, key, fingerprint, event_ids, status, answer, location)
    SELECT source_id, key, fingerprint, ARRAY[event_id], 200, '', ''
      FROM json_to_recordset(%(claims)s::json) AS given (
               source_id bigint, key text, fingerprint text, event_id bigint)
     ORDER BY source_id, key, event_id   -- one order for all writers; of a key given twice the first one has it
        ON CONFLICT (source_id, key) DO NOTHING
    RETURNING event_ids[1]
"""
LOAD_KEYS = """
    SELECT key, fingerprint, event_ids, status, answer, location, coalesce(under_way_until > now(), false)
      FROM events_idempotencykey         -- index: its primary key
     WHERE source_id = %(source_id)s AND key = ANY(%(keys)s)
"""


def claim_keys(claims: Sequence[tuple[int, Claim]]) -> set[int]:
    """Writes a key for each (event id, claim); the ids of the events that got theirs, and are to be stored.

    In the transaction that stores them. Two statements at most with load_keys(), however many there are.
    """
    rows = [
        {"source_id": claim.source_id, "key": claim.key, "fingerprint": claim.fingerprint, "event_id": event_id}
        for event_id, claim in claims
    ]
    with connection.cursor() as cursor:
        cursor.execute(CLAIM_KEYS, {"claims": as_recordset(rows)})
        return {event_id for (event_id,) in cursor.fetchall()}


def load_keys(claims: Sequence[Claim]) -> dict[str, HeldKey]:
    """What is kept under these keys of one source."""
    if not claims:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(LOAD_KEYS, {"source_id": claims[0].source_id, "keys": [claim.key for claim in claims]})
        return {row[0]: HeldKey(row[1], tuple(row[2]), *row[3:]) for row in cursor.fetchall()}


# Old keys.

REMOVE_OLD = """
    DELETE FROM events_idempotencykey
     WHERE (source_id, key) IN (
               SELECT source_id, key
                 FROM events_idempotencykey   -- index: idempotency_key_by_age
                WHERE created_at < now() - %(hours)s * interval '1 hour'
                ORDER BY created_at
                LIMIT %(limit)s)
"""


def remove_old_keys() -> int:
    """Removes the keys that are older than is promised, some thousands a transaction; returns how many."""
    total = 0
    while True:
        with connection.cursor() as cursor:
            cursor.execute(REMOVE_OLD, {"hours": KEPT_HOURS, "limit": REMOVED_AT_ONCE})
            total += cursor.rowcount
            if cursor.rowcount < REMOVED_AT_ONCE:
                return total
