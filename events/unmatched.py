"""Why the latest events found no contact, and what would cure it: what support works from. Stores nothing.

Two kinds of cure. A parameter that no rule reads, though its values name contacts: a rule is suggested. A value that a
rule reads and that names nobody as it is, but somebody once it is cleaned (contacts/cleaning.py): whoever sends it
should mend it, or the contact's value is the wrong one.

Reads no more than a set number of events and bytes, whatever shops have sent, and asks for all values at once.
"""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from django.db import connection

from contacts.cleaning import clean
from contacts.identifiers import CONTACT_ID, EMAIL_FORM, PHONE_FORM, normalize
from contacts.matching import LookupKey, find_contacts
from contacts.rule_list import load_normal_forms
from contract.json_values import JsonValue, text_of
from contract.reasons import NAMED_NOBODY, Reason
from events.basis import DecisionBasis
from events.envelope import parse_envelope
from orders.fields import ITEMS, ORDER_FIELDS

EVENTS = 1_000  # the latest of each reason: some 100 ms together
CHARACTERS = 20_000_000  # of their bodies together, for each reason
VALUES = 100_000  # that are looked up; those of the latest events first
SHOWN_NAMES = 30  # of the parameters of a group of events
KEY_DIGITS = 12  # hexadecimal
SHOWN_CURES = 20
MOST_LENGTH = 255  # characters of a value that is worth asking for
LEAST_LENGTH = 3  # of one that is compared exactly: shorter ones are counts and flags
LEAST_DIGITS = 7  # of a phone

# What an order says of itself names nobody, even where the shop numbers its customers like its orders.
NOT_IDENTIFYING = frozenset(
    name.casefold()
    for name in (*(field.name for field in ORDER_FIELDS), ITEMS)
    if name not in ("externalCustomerId", "email", "phone")
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Events that found nobody for the same cause. `parameters` are those that rules read, for want of
    any those that an order's own fields leave, and for want of these all.

    `key` is the same for the same cause, type, parameters and source; `event_ids` are the latest first.
    """

    key: str
    reason: Reason
    source_id: int
    source: str
    event_type_key: str
    parameters: tuple[str, ...]
    more_parameters: int  # that are not listed
    event_ids: Sequence[int]

    @property
    def count(self) -> int:
        return len(self.event_ids)

    @property
    def latest_event_id(self) -> int:
        return self.event_ids[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cure:
    """A parameter of a source whose values name contacts in `named` of the `carrying` events that bring it.

    `is_read`: a rule looks at it already, so `named` are those whose value has to be cleaned first; else `cleaned` of
    the named ones have to be. The example is the latest.
    """

    source_id: int
    source: str
    parameter: str
    kind: str
    is_read: bool
    named: int
    carrying: int
    cleaned: int
    contacts: int
    example_event_id: int
    example_value: str
    example_contact_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Unmatched:
    """`examined` events in groups, the largest first; suggestions of rules and values to clean, the best first."""

    examined: int
    groups: Sequence[Group]
    suggestions: Sequence[Cure]
    to_clean: Sequence[Cure]
    is_partial: bool  # there were more events, or more values, than are looked at


@dataclass(frozen=True, slots=True)
class _Stored:
    event_id: int
    source_id: int
    source: str
    type_key: str
    body: str
    reason: Reason


@dataclass(frozen=True, slots=True)
class _Attempt:
    """A value that is asked for: whom it names as a value of this kind."""

    event: _Stored
    parameter: str
    kind: str
    value: str
    key: LookupKey
    is_cleaned: bool
    is_read: bool


def load_unmatched(basis: DecisionBasis) -> Unmatched:
    """The latest events that were ignored for want of a contact, by the rules of the basis. Three queries."""
    events, has_more = _latest_events()
    attempts: list[_Attempt] = []
    carrying: Counter[tuple[int, str]] = Counter()  # events, by source and parameter
    groups: dict[tuple[object, ...], list[_Stored]] = defaultdict(list)
    forms = {kind: form for kind, form in load_normal_forms().items() if kind != CONTACT_ID}
    keys: set[LookupKey] = set()
    for event in events:
        values = _values_of(event, basis)
        read = {rule.folded: rule.kind for rule in basis.rules.walked_for(event.type_key)}
        groups[_group_of(event, values, read)].append(event)
        carrying.update((event.source_id, name) for name in values)
        for attempt in _attempts(event, values, read, forms, basis.phone_region):
            if attempt.key in keys or len(keys) < VALUES:
                keys.add(attempt.key)
                attempts.append(attempt)
            else:
                has_more = True
    cures = _cures(attempts, find_contacts(keys), carrying)
    return Unmatched(
        examined=len(events),
        groups=_groups(groups),
        suggestions=[cure for cure in cures if not cure.is_read][:SHOWN_CURES],
        to_clean=[cure for cure in cures if cure.is_read][:SHOWN_CURES],
        is_partial=has_more,
    )


def _values_of(event: _Stored, basis: DecisionBasis) -> dict[str, str]:
    """The parameters that have a text or a number, as they are spelled in the event."""
    parameters = parse_envelope(event.body, basis).parameters
    return {name: _text(parameter.value) for name, parameter in parameters.items() if _is_scalar(parameter.value)}


def _is_scalar(value: JsonValue) -> bool:
    return value is not None and not isinstance(value, bool | list | dict)


def _text(value: JsonValue) -> str:
    return value if isinstance(value, str) else text_of(value)


def _group_of(event: _Stored, values: Iterable[str], read: dict[str, str]) -> tuple[object, ...]:
    names = sorted(values, key=str.casefold)
    own = [name for name in names if name.casefold() not in NOT_IDENTIFYING]
    shown = [name for name in names if name.casefold() in read] or own or names
    return (event.reason, event.source_id, event.source, event.type_key, tuple(shown))


def _groups(groups: dict[tuple[object, ...], list[_Stored]]) -> list[Group]:
    made = [
        Group(
            key=hashlib.sha256(repr((*map(str, place), names)).encode()).hexdigest()[:KEY_DIGITS],
            reason=events[0].reason,
            source_id=events[0].source_id,
            source=events[0].source,
            event_type_key=events[0].type_key,
            parameters=names[:SHOWN_NAMES],
            more_parameters=max(0, len(names) - SHOWN_NAMES),
            event_ids=sorted((event.event_id for event in events), reverse=True),
        )
        for (*place, names), events in groups.items()
        if isinstance(names, tuple)
    ]
    return sorted(made, key=lambda group: (-group.count, -group.latest_event_id))


def _attempts(
    event: _Stored, values: dict[str, str], read: dict[str, str], forms: dict[str, str], region: str
) -> Iterator[_Attempt]:
    """What to ask for: each value as each kind that it may be, as it is where no rule reads it, and cleaned."""
    for name, value in values.items():
        folded = name.casefold()
        if len(value) > MOST_LENGTH or folded in NOT_IDENTIFYING:
            continue
        for kind, form in forms.items():
            is_read = read.get(folded) == kind
            if (folded in read and not is_read) or not _may_be(value, form):
                continue
            as_it_is = normalize(kind, form, value, region)
            cleaned = normalize(kind, form, clean(value, form), region)
            if as_it_is and not is_read:
                yield _Attempt(event, name, kind, value, (kind, as_it_is), is_cleaned=False, is_read=is_read)
            if cleaned and cleaned != as_it_is:
                yield _Attempt(event, name, kind, value, (kind, cleaned), is_cleaned=True, is_read=is_read)


def _may_be(value: str, form: str) -> bool:
    if form == EMAIL_FORM:
        return "@" in value or "＠" in value
    if form == PHONE_FORM:
        return sum(map(str.isdigit, value)) >= LEAST_DIGITS
    return len(value) >= LEAST_LENGTH


def _cures(attempts: Iterable[_Attempt], found: dict[LookupKey, int], carrying: Counter[tuple[int, str]]) -> list[Cure]:
    """The attempts that named somebody, by source, parameter and kind; those that may be chance left out."""
    hits: dict[tuple[int, str, str, bool], dict[int, _Attempt]] = defaultdict(dict)
    for attempt in attempts:
        if attempt.key in found:  # of one event the value as it is counts, before the cleaned one
            place = (attempt.event.source_id, attempt.parameter, attempt.kind, attempt.is_read)
            hits[place].setdefault(attempt.event.event_id, attempt)
    cures = [
        _cure(list(of_events.values()), found, carrying[source_id, parameter])
        for (source_id, parameter, _, _), of_events in hits.items()
    ]
    sound = [cure for cure in cures if not _may_be_chance(cure)]
    return sorted(sound, key=lambda cure: (-cure.named, -cure.contacts, cure.parameter))


def _cure(hits: Sequence[_Attempt], found: dict[LookupKey, int], carrying: int) -> Cure:
    latest = max(hits, key=lambda attempt: attempt.event.event_id)
    return Cure(
        source_id=latest.event.source_id,
        source=latest.event.source,
        parameter=latest.parameter,
        kind=latest.kind,
        is_read=latest.is_read,
        named=len(hits),
        carrying=carrying,
        cleaned=sum(attempt.is_cleaned for attempt in hits),
        contacts=len({found[attempt.key] for attempt in hits}),
        example_event_id=latest.event.event_id,
        example_value=latest.value,
        example_contact_id=found[latest.key],
    )


def _may_be_chance(cure: Cure) -> bool:
    """One person in many events is rather a constant that somebody's number happens to be; so are few hits of many."""
    return (cure.named > 5 and cure.contacts == 1) or cure.named * 20 < cure.carrying


LATEST = """
    SELECT event_id, source_id, name, key, body
      FROM (
               SELECT e.id AS event_id, e.source_id, s.name, t.key, e.body,
                      sum(octet_length(e.body)) OVER (ORDER BY e.id DESC ROWS UNBOUNDED PRECEDING) AS characters
                 FROM (
                          SELECT event_id FROM events_outcome          -- index: outcome_by_reason
                           WHERE reason = %(reason)s AND status <> 'applied'
                           ORDER BY event_id DESC LIMIT %(events)s
                      ) AS latest
                 JOIN events_event AS e ON e.id = latest.event_id
                 JOIN events_source AS s ON s.id = e.source_id
                 JOIN events_eventtype AS t ON t.id = e.event_type_id
           ) AS counted
     WHERE characters <= %(characters)s
     ORDER BY event_id DESC
"""


def _latest_events() -> tuple[list[_Stored], bool]:
    """The events of each reason, the newest first, and whether there are more of one."""
    events: list[_Stored] = []
    has_more = False
    with connection.cursor() as cursor:
        for reason in NAMED_NOBODY:
            cursor.execute(LATEST, {"reason": reason, "events": EVENTS, "characters": CHARACTERS})
            rows = cursor.fetchall()
            has_more = has_more or len(rows) == EVENTS
            events += [
                _Stored(event_id, source_id, source, type_key, body, reason)
                for event_id, source_id, source, type_key, body in rows
            ]
    return sorted(events, key=lambda event: -event.event_id), has_more
