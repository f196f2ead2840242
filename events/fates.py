"""An event's fate, as the API and the console show it: what came, what became of it, and why (promise 3)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from django.db import connection

from account.current import current_account
from contract.moments import present_moment
from contract.postgres import load_json
from contract.reasons import Status
from events.basis import DecisionBasis, load_bases
from events.outcomes import full_trace, sentence_of
from orders.rules import ORDER_EVENT_TYPES

LOAD_FATES = """
    SELECT e.id, t.key, e.key_value, e.order_key, e.body, e.occurred_at, e.received_at, s.name,
           o.status, o.reason, o.note, o.contact_id, o.order_id, o.basis_id, o.warnings, o.problems, o.trace,
           o.decided_at, coalesce(o.attempt, earlier.attempt, 0)
      FROM unnest(%(ids)s::bigint[]) WITH ORDINALITY AS wanted (id, place)
      JOIN events_event AS e ON e.id = wanted.id
      JOIN events_eventtype AS t ON t.id = e.event_type_id
      JOIN events_source AS s ON s.id = e.source_id
      LEFT JOIN events_outcome AS o ON o.event_id = e.id
      LEFT JOIN LATERAL (
               SELECT max(attempt) AS attempt FROM events_attempt WHERE event_id = e.id AND o.event_id IS NULL
           ) AS earlier ON true
     ORDER BY wanted.place
"""


def load_fates(event_ids: Sequence[int]) -> list[dict[str, Any]]:
    """The fates of the events that exist, in the order asked for, in the API's Event shape: two statements.

    Instants are in the account's time zone. `attempts` is how often it was decided: 0 while a new event waits.
    """
    with connection.cursor() as cursor:
        cursor.execute(LOAD_FATES, {"ids": list(event_ids)})
        rows = cursor.fetchall()
    bases = load_bases({row[13] for row in rows if row[13] is not None})
    zone = current_account().time_zone
    return [_to_fate(row, bases, zone) for row in rows]


def load_fate(event_id: int) -> dict[str, Any] | None:
    """The fate of one event, or None when there is no such event."""
    return next(iter(load_fates([event_id])), None)


def _to_fate(row: Sequence[Any], bases: Mapping[int, DecisionBasis], zone: ZoneInfo) -> dict[str, Any]:
    (event_id, type_key, key_value, order_key, body, occurred_at, received_at, source, status, reason, note) = row[:11]
    (contact_id, order_id, basis_id, warnings, problems, trace, decided_at, attempts) = row[11:]
    status = status or Status.WAITING.value
    return {
        "id": str(event_id),
        "eventTypeKey": type_key,
        "keyValue": key_value,
        "params": params_of(body),
        "occurred": instant(occurred_at, zone),
        "receivedAt": instant(received_at, zone),
        "source": source,
        "outcome": status,
        "reason": reason or None,
        "message": sentence_of(status, reason, note, type_key in ORDER_EVENT_TYPES),
        "warnings": load_json(warnings) if warnings else [],
        "problems": load_json(problems) if problems else [],
        "trace": full_trace(load_json(trace), bases[basis_id], type_key) if basis_id else [],
        "contactId": contact_id,
        "orderId": order_id,
        "externalOrderId": order_key or None,
        "attempts": attempts,
        "decidedAt": instant(decided_at, zone),
    }


class _Params(msgspec.Struct):
    params: msgspec.Raw = msgspec.Raw(b"[]")


def params_of(body: str) -> msgspec.Raw:
    """The member `params` of a stored envelope, as it was sent."""
    return msgspec.json.decode(body, type=_Params).params


def instant(moment: datetime | None, zone: ZoneInfo) -> str | None:
    """The moment as contract.moments writes it, or None for no moment."""
    return present_moment(moment, zone) if moment is not None else None
