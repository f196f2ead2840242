"""Loads what is stored of some events, and writes it back without a person: statements for all of them at once.

The caller is in a transaction and holds the lanes of the events: no worker decides them meanwhile, and what the last
one decided is there to be read. Replays take no lanes, so outcomes are locked before they are read; a replay that comes
after writes what it finds then.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

from contract.postgres import as_recordset, load_json
from events.erasure_body import StoredText
from events.erasure_outcomes import Account


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """An event with its outcome (`status` is None while it waits), and whose it is.

    `contact_id` is the outcome's, `order_id` and `order_contact_id` are of the order that is known by its order key.
    """

    event_id: int
    text: StoredText
    status: str | None
    contact_id: int | None
    order_id: int | None
    order_contact_id: int | None
    account: Account
    attempts: Sequence["StoredAttempt"]


@dataclass(frozen=True, slots=True)
class StoredAttempt:
    """An earlier outcome that a replay has set aside."""

    attempt_id: int
    account: Account


LOCK_OUTCOMES = """
    SELECT event_id FROM events_outcome WHERE event_id = ANY(%(ids)s) ORDER BY event_id FOR NO KEY UPDATE
"""
LOAD_ATTEMPTS = """
    SELECT event_id, id, problems, trace
      FROM events_attempt                -- index: attempt_number_is_unique
     WHERE event_id = ANY(%(ids)s)
     ORDER BY id
"""
LOAD_EVENTS = """
    SELECT e.id, t.key, e.key_value, e.order_key, e.body, o.status, o.contact_id, ledger.id, ledger.contact_id,
           o.warnings, o.problems, o.trace, o.traceback
      FROM events_event AS e
      JOIN events_eventtype AS t ON t.id = e.event_type_id
      LEFT JOIN events_outcome AS o ON o.event_id = e.id
      LEFT JOIN orders_order AS ledger ON ledger.external_order_id = e.order_key AND e.order_key <> ''
     WHERE e.id = ANY(%(ids)s)
     ORDER BY e.id
"""


def load_events(event_ids: Collection[int]) -> list[StoredEvent]:
    """The events by their ids, ascending: three statements."""
    ids = {"ids": sorted(event_ids)}
    with connection.cursor() as cursor:
        cursor.execute(LOCK_OUTCOMES, ids)
        cursor.execute(LOAD_ATTEMPTS, ids)
        attempts: dict[int, list[StoredAttempt]] = {}
        for event_id, attempt_id, problems, trace in cursor.fetchall():
            account = Account(warnings=(), problems=load_json(problems), trace=load_json(trace), traceback="")
            attempts.setdefault(event_id, []).append(StoredAttempt(attempt_id, account))
        cursor.execute(LOAD_EVENTS, ids)
        return [_read_event(row, attempts.get(row[0], ())) for row in cursor.fetchall()]


def _read_event(row: Sequence[Any], attempts: Sequence[StoredAttempt]) -> StoredEvent:
    warnings, problems, trace, traceback = row[9:]
    return StoredEvent(
        event_id=row[0],
        text=StoredText(*row[1:5]),
        status=row[5],
        contact_id=row[6],
        order_id=row[7],
        order_contact_id=row[8],
        account=Account(
            warnings=load_json(warnings or "[]"),
            problems=load_json(problems or "[]"),
            trace=load_json(trace or "[]"),
            traceback=traceback or "",
        ),
        attempts=attempts,
    )


@dataclass(frozen=True, slots=True)
class ErasedEvent:
    """An event as it is to become."""

    before: StoredEvent
    text: StoredText
    account: Account
    attempts: Sequence[StoredAttempt]


UPDATE_EVENTS = """
    UPDATE events_event AS e
       SET key_value = new.key_value, order_key = new.order_key, body = new.body
      FROM json_to_recordset(%(rows)s::json) AS new (id bigint, key_value text, order_key text, body text)
     WHERE e.id = new.id
"""
UPDATE_OUTCOMES = """
    UPDATE events_outcome AS o
       SET warnings = new.warnings, problems = new.problems, trace = new.trace, traceback = new.traceback
      FROM json_to_recordset(%(rows)s::json) AS new (
               id bigint, warnings jsonb, problems jsonb, trace jsonb, traceback text)
     WHERE o.event_id = new.id
"""
UPDATE_ATTEMPTS = """
    UPDATE events_attempt AS a
       SET problems = new.problems, trace = new.trace
      FROM json_to_recordset(%(rows)s::json) AS new (id bigint, problems jsonb, trace jsonb)
     WHERE a.id = new.id
"""


def store_events(events: Sequence[ErasedEvent]) -> None:
    """Writes what has changed: at most three statements."""
    texts = [one for one in events if one.text != one.before.text]
    accounts = [one for one in events if one.account != one.before.account]
    attempts = [
        new
        for one in events
        for old, new in zip(one.before.attempts, one.attempts, strict=True)
        if new.account != old.account
    ]
    _update(
        UPDATE_EVENTS,
        [
            {
                "id": one.before.event_id,
                "key_value": one.text.key_value,
                "order_key": one.text.order_key,
                "body": one.text.body,
            }
            for one in texts
        ],
    )
    _update(UPDATE_OUTCOMES, [{"id": one.before.event_id, **_columns_of(one.account)} for one in accounts])
    _update(UPDATE_ATTEMPTS, [{"id": one.attempt_id, **_columns_of(one.account)} for one in attempts])


def _columns_of(account: Account) -> dict[str, Any]:
    return {
        "warnings": account.warnings,
        "problems": account.problems,
        "trace": account.trace,
        "traceback": account.traceback,
    }


def _update(statement: str, rows: list[dict[str, Any]]) -> None:
    if rows:
        with connection.cursor() as cursor:
            cursor.execute(statement, {"rows": as_recordset(rows)})
