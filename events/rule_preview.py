"""What a change of the matching rules would do to the latest events: docs/rules.md, section 2. Stores nothing.

Each event is matched twice, by the rules as they stand and by the new ones, with the contacts as they are now, through
the functions that processing calls. So the difference is what the change itself does. Events with the same identifying
parameters are matched once. One whose parameters meet the same rules either way is not matched at all, since nothing
can differ: that is most of them, for most changes.

Reads no more than a set number of events and bytes, in pieces, whatever shops have sent.
"""

from collections import Counter
from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import msgspec
from django.db import connection, transaction

from contacts.matching import Candidate, LookupKey, Match, RuleList, Step, candidates_of, find_contacts, walk
from contract.json_values import decode
from contract.parameters import Parameter, Parameters
from contract.reasons import NAMED_NOBODY, Status
from events.basis import DecisionBasis
from events.envelope import parse_envelope
from events.processing import BUYING_TYPES
from orders.rules import telling_parameters

EVENTS_OF_A_TYPE = 10_000  # the latest of each
MOST_EVENTS = 100_000  # of all types together: with more than ten types each has its share
MOST_TYPES = 1_000  # those that were seen first; the order events are among them
MOST_CHARACTERS = 200_000_000  # bytes of all bodies together: some seconds
READ_AT_ONCE = 10_000  # events: one query for all their identifiers
MOST_EXAMPLES = 10  # of each effect, the latest
MOST_NAMES = 10_000  # of parameters, that are remembered
MOST_SUBJECTS = 50_000  # that are remembered


class Effect(StrEnum):
    """What a change does to an event. `RESCUED`: it was ignored for want of a contact, and a replay would find one."""

    RESCUED = "rescued"
    NEWLY_MATCHED = "newlyMatched"
    NEWLY_UNMATCHED = "newlyUnmatched"
    MOVED = "movedToAnotherContact"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """An event that the change has an effect on; the deciding steps, None where nobody was found."""

    event_id: int
    event_type_key: str
    before: Step | None
    after: Step | None


@dataclass(slots=True)
class RuleEffect:
    """How many events each effect has, in all and by type; `replayable` were ignored for want of a contact and would
    find one by the rules as they stand."""

    counts: Counter[Effect] = field(default_factory=Counter)
    by_type: dict[str, Counter[Effect]] = field(default_factory=dict)
    examples: dict[Effect, list[Example]] = field(default_factory=dict)
    replayable: int = 0
    events_of_a_type: int = EVENTS_OF_A_TYPE

    @property
    def examined(self) -> int:
        return self.counts.total()


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """An event as it is read for this."""

    type_key: str
    event_id: int
    body: str
    status: str | None
    reason: str | None

    @property
    def is_unmatched(self) -> bool:
        return self.status == Status.IGNORED and self.reason in NAMED_NOBODY


@dataclass(slots=True)
class _Subject:
    """What events with the same identifying parameters have in common: whom either list of rules finds by them."""

    before: tuple[Candidate, ...]
    after: tuple[Candidate, ...]
    may_differ: bool  # the lists look at the same parameters by different rules
    found_before: Step | None = None  # the deciding steps, once they are looked up
    found_after: Step | None = None
    is_looked_up: bool = False


def preview_rules(rules: RuleList, basis: DecisionBasis) -> RuleEffect:
    """The effect of these rules in place of those of the basis."""
    with transaction.atomic():
        types = _count_types()
        share = min(EVENTS_OF_A_TYPE, MOST_EVENTS // max(types, 1))
        effect = RuleEffect(events_of_a_type=share)
        subjects = Subjects(rules, basis)
        for events in _latest_events(share, MOST_CHARACTERS // max(types, 1)):
            read = [(event, subjects.of(event)) for event in events]
            look_up(subject for event, subject in read if subject.may_differ or event.is_unmatched)
            for event, subject in read:
                _add(effect, event, subject)
    for examples in effect.examples.values():
        examples.sort(key=lambda example: example.event_id, reverse=True)
        del examples[MOST_EXAMPLES:]
    return effect


class Subjects:
    """Reads of each event what rules look at, and asks both lists of rules once for what is the same."""

    def __init__(self, rules: RuleList, basis: DecisionBasis) -> None:
        self._before = basis.rules
        self._after = rules
        self._basis = basis
        self._names = _KnownNames(basis.rules.names | rules.names)
        self._subjects: dict[Hashable, _Subject] = {}

    def of(self, event: StoredEvent) -> _Subject:
        given = self._given(event.body)
        own = self._before.by_event_type.get(event.type_key), self._after.by_event_type.get(event.type_key)
        key = (own, event.type_key in BUYING_TYPES, given)
        subject = self._subjects.get(key)
        if subject is None:
            subject = self._make(event, given)
            if len(self._subjects) < MOST_SUBJECTS:
                self._subjects[key] = subject
        return subject

    def _make(self, event: StoredEvent, given: Sequence[tuple[str, bytes]]) -> _Subject:
        parameters = telling_parameters(event.type_key, self._read(event.body, given))
        present = {self._names[name] for name in parameters}
        rules_before, rules_after = (
            [rule for rule in rules.walked_for(event.type_key) if rule.folded in present]
            for rules in (self._before, self._after)
        )
        before, after = (
            candidates_of(parameters, event.type_key, rules, self._basis.phone_region)
            for rules in (self._before, self._after)
        )
        return _Subject(before, after, may_differ=rules_before != rules_after)

    def _given(self, body: str) -> tuple[tuple[str, bytes], ...]:
        """The names of the parameters that a rule looks at, with their values unread."""
        names = self._names
        params = _decoder.decode(body).params  # a stored body was an envelope when it was taken
        if isinstance(params, dict):
            return tuple([(name, bytes(value)) for name, value in params.items() if names[name]])
        return tuple([(entry.name, bytes(entry.value)) for entry in params or () if names[entry.name]])

    def _read(self, body: str, given: Sequence[tuple[str, bytes]]) -> Parameters:
        """What processing reads of these parameters. Which of two counts is the envelope's to say."""
        if len({self._names[name] for name, _ in given}) < len(given):
            parameters = parse_envelope(body, self._basis).parameters
            return {name: parameter for name, parameter in parameters.items() if self._names[name]}
        return {name: Parameter("", decode(value)) for name, value in given if value != b"null"}


class _KnownNames(dict[str, str]):
    """A parameter's name → the name that rules know it by, "" for one that no rule looks at."""

    def __init__(self, folded: Collection[str]) -> None:
        super().__init__()
        self._rules_names = folded

    def __missing__(self, name: str) -> str:
        folded = name.casefold()
        known = folded if folded in self._rules_names else ""
        if len(self) < MOST_NAMES:
            self[name] = known
        return known


class _Entry(msgspec.Struct):
    name: str
    value: msgspec.Raw = msgspec.Raw(b"null")


class _Sent(msgspec.Struct):
    params: list[_Entry] | dict[str, msgspec.Raw] | None = None


_decoder = msgspec.json.Decoder(_Sent)


def look_up(subjects: Iterable[_Subject]) -> None:
    """Finds the contacts of those that were not looked up before: one query for all their identifiers."""
    new = list({id(subject): subject for subject in subjects if not subject.is_looked_up}.values())
    keys: set[LookupKey] = {candidate.key for subject in new for candidate in (*subject.before, *subject.after)}
    found = find_contacts(keys)
    for subject in new:
        subject.found_before = _deciding(walk(subject.before, found))
        is_same = not subject.may_differ
        subject.found_after = subject.found_before if is_same else _deciding(walk(subject.after, found))
        subject.is_looked_up = True


def _deciding(match: Match) -> Step | None:
    return next((step for step in match.trace if step.decided), None)


def _add(effect: RuleEffect, event: StoredEvent, subject: _Subject) -> None:
    """Adds up what the change does to an event, and keeps it as an example while there are few.

    The first events of each type are the latest of it; which of them are the latest of all is decided at the end.
    """
    before, after = subject.found_before, subject.found_after
    kind = _effect_on(event, before, after)
    effect.counts[kind] += 1
    of_type = effect.by_type.setdefault(event.type_key, Counter())
    of_type[kind] += 1
    if event.is_unmatched and before is not None:
        effect.replayable += 1
    if kind is not Effect.UNCHANGED and of_type[kind] <= MOST_EXAMPLES:
        example = Example(event_id=event.event_id, event_type_key=event.type_key, before=before, after=after)
        effect.examples.setdefault(kind, []).append(example)


def _effect_on(event: StoredEvent, before: Step | None, after: Step | None) -> Effect:
    contact_before, contact_after = before and before.contact_id, after and after.contact_id
    if contact_before == contact_after:
        return Effect.UNCHANGED
    if contact_before is None:
        return Effect.RESCUED if event.is_unmatched else Effect.NEWLY_MATCHED
    return Effect.NEWLY_UNMATCHED if contact_after is None else Effect.MOVED


COUNT_TYPES = "SELECT count(*) FROM (SELECT FROM events_eventtype LIMIT %(most)s) AS types"
# Rows are compared, and not the type alone: for an equal type PostgreSQL reads all events backwards by their ids, which
# for a type that few events have is the whole table.
LATEST_EVENTS = """
    SELECT t.key, e.id, e.body, o.status, o.reason
      FROM (SELECT id, key FROM events_eventtype ORDER BY id LIMIT %(types)s) AS t
     CROSS JOIN LATERAL (
               SELECT id, body,
                      sum(octet_length(body)) OVER (ORDER BY id DESC ROWS UNBOUNDED PRECEDING) AS characters
                 FROM (
                          SELECT id, body FROM events_event      -- index: event_by_type
                           WHERE (event_type_id, id) > (t.id, 0) AND (event_type_id, id) < (t.id + 1, 0)
                           ORDER BY event_type_id DESC, id DESC LIMIT %(events)s
                      ) AS latest
           ) AS e
      LEFT JOIN events_outcome AS o ON o.event_id = e.id
     WHERE e.characters <= %(characters)s
"""


def _count_types() -> int:
    with connection.cursor() as cursor:
        cursor.execute(COUNT_TYPES, {"most": MOST_TYPES})
        return int(cursor.fetchone()[0])


def _latest_events(of_a_type: int, characters: int) -> Iterator[list[StoredEvent]]:
    """The latest events of each type, the newest first, in pieces: their bodies never stand in memory together."""
    parameters: Mapping[str, Any] = {"types": MOST_TYPES, "events": of_a_type, "characters": characters}
    with connection.chunked_cursor() as cursor:
        cursor.execute(LATEST_EVENTS, parameters)
        while rows := cursor.fetchmany(READ_AT_ONCE):
            yield [StoredEvent(*row) for row in rows]
