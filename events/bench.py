"""The bench: one event's walk through the matching rules as they are and as somebody edits them. Stores nothing.

The event is one that was taken, or what somebody pastes: a whole event, or its parameters alone in either form.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db import connection

from contacts.matching import Match, RuleList, find_contacts, walk
from contract import json_values
from contract.json_values import JsonValue, NotJsonError
from contract.reasons import Problem
from events.basis import DecisionBasis
from events.envelope import Envelope, EnvelopeError, parse_envelope
from events.models import Event
from events.outcomes import full_trace, steps_to_json
from events.processing import candidates_for

ANY_TYPE, ANY_KEY = "tried", "tried"  # of parameters that are pasted without an event around them
MAX_EVENT_ID = 2**63 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """Whom one list of rules finds, and each step of it in the API's trace shape."""

    contact_id: int | None
    steps: Sequence[Mapping[str, Any]]
    has_identifier: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    event_type_key: str
    before: Walk
    after: Walk

    @property
    def differs(self) -> bool:
        return self.before.contact_id != self.after.contact_id


def load_body(event_id: int) -> str | None:
    """The event as it was sent, or None when there is none of this id. One query."""
    if not 0 < event_id <= MAX_EVENT_ID:
        return None
    return Event.objects.filter(pk=event_id).values_list("body", flat=True).first()


def read_pasted(text: str, event_type_key: str, basis: DecisionBasis) -> Envelope:
    """The event that somebody pasted: as a whole, or only its parameters, which are then of this type.

    Raises EnvelopeError with every problem; the pointers are into what was pasted.
    """
    try:
        document = json_values.decode(text)
    except NotJsonError as error:
        raise EnvelopeError(
            Problem(pointer=at.pointer, code=at.code, detail=at.detail) for at in error.refusals
        ) from error
    is_event = isinstance(document, dict) and "eventTypeKey" in document
    try:
        return parse_envelope(json_values.encode(_whole(document, event_type_key, is_event=is_event)), basis)
    except EnvelopeError as error:
        if is_event:
            raise
        raise EnvelopeError(_of_parameters(problem) for problem in error.problems) from error


def _whole(document: JsonValue, event_type_key: str, *, is_event: bool) -> JsonValue:
    """The event; its key says nothing about its contact, so that one without a key can be tried as well."""
    if is_event and isinstance(document, dict):
        return {"keyValue": ANY_KEY, **document}
    return {"eventTypeKey": event_type_key or ANY_TYPE, "keyValue": ANY_KEY, "params": document}


def _of_parameters(problem: Problem) -> Problem:
    return replace(problem, pointer=problem.pointer.removeprefix("/params"))


def try_event(envelope: Envelope, basis: DecisionBasis, edited: RuleList) -> Trial:
    """The walk by the rules of the basis, and by the edited ones: one query for all that either looks up."""
    other = replace(basis, rules=edited)
    before, after = candidates_for(envelope, basis), candidates_for(envelope, other)
    found = find_contacts(candidate.key for candidate in (*before, *after))
    type_key = envelope.event_type_key
    return Trial(
        event_type_key=type_key,
        before=_walk(walk(before, found), basis, type_key),
        after=_walk(walk(after, found), other, type_key),
    )


def _walk(match: Match, basis: DecisionBasis, event_type_key: str) -> Walk:
    return Walk(
        contact_id=match.contact_id,
        steps=full_trace(steps_to_json(match.trace), basis, event_type_key),
        has_identifier=match.has_identifier,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class RecentEvent:
    event_id: int
    event_type_key: str
    source: str
    reason: str  # "" for one that found its contact, or needed none


RECENT = """
    SELECT e.id, t.key, s.name, recent.reason
      FROM (
               (SELECT event_id, reason FROM events_outcome          -- index: outcome_by_reason
                 WHERE reason = 'contact_identifier_missing' AND status <> 'applied'
                 ORDER BY event_id DESC LIMIT %(most)s)
                UNION
               (SELECT event_id, reason FROM events_outcome
                 WHERE reason = 'contact_not_found' AND status <> 'applied'
                 ORDER BY event_id DESC LIMIT %(most)s)
                UNION
               (SELECT event_id, reason FROM events_outcome          -- index: its primary key
                 ORDER BY event_id DESC LIMIT %(most)s)
           ) AS recent
      JOIN events_event AS e ON e.id = recent.event_id
      JOIN events_eventtype AS t ON t.id = e.event_type_id
      JOIN events_source AS s ON s.id = e.source_id
     ORDER BY e.id DESC
"""


def load_recent(most: int = 10) -> list[RecentEvent]:
    """Events to try, the newest first: so many of those that named nobody for each reason, and of all. One query."""
    with connection.cursor() as cursor:
        cursor.execute(RECENT, {"most": most})
        return [
            RecentEvent(event_id=event_id, event_type_key=type_key, source=source, reason=reason)
            for event_id, type_key, source, reason in cursor.fetchall()
        ]
