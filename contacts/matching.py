"""Finds the contact that an event names: docs/rules.md, section 2.

Two halves. Pure: `candidates_of` says what the rules want looked up, `walk` says whom they name and why. I/O: the one
look-up of a whole batch's identifiers in between, and the reading of the rules.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from django.db import connection

from contacts.identifiers import CONTACT_ID, is_contact_id, normalize
from contacts.models import MatchingRule
from contract.json_values import JsonValue, text_of
from contract.parameters import Parameters
from contract.postgres import as_recordset

MAX_TRACED_LENGTH = 2_000  # characters: whatever can name a contact is traced whole


@dataclass(frozen=True, slots=True)
class Rule:
    """“Parameter X identifies a contact by kind Y.”"""

    parameter: str
    kind: str  # key of an IdentifierKind
    normal_form: str  # of that kind: contacts.models.NormalForm
    folded: str = field(init=False, repr=False, compare=False)  # the parameter without regard to case

    def __post_init__(self) -> None:
        object.__setattr__(self, "folded", self.parameter.casefold())


@dataclass(frozen=True, slots=True)
class RuleList:
    """The enabled rules in the order they are walked, and the rule that an event type tries first, alone."""

    general: tuple[Rule, ...]
    by_event_type: Mapping[str, Rule]
    names: frozenset[str] = field(init=False, repr=False, compare=False)  # every rule's folded parameter

    def __post_init__(self) -> None:
        names = frozenset(rule.folded for rule in (*self.general, *self.by_event_type.values()))
        object.__setattr__(self, "names", names)

    def walked_for(self, event_type_key: str) -> tuple[Rule, ...]:
        """The rules in the order in which an event of this type walks them."""
        own = self.by_event_type.get(event_type_key)
        return self.general if own is None else (own, *self.general)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A rule whose parameter is present: what it says to look up."""

    rule: Rule
    value: str  # as it was sent, as text
    normalized: str  # as it is compared; "" finds nobody

    @property
    def key(self) -> "LookupKey":
        return self.rule.kind, self.normalized


@dataclass(frozen=True, slots=True)
class Step:
    """One line of a trace: a rule whose parameter was present, and whom its value names."""

    parameter: str
    kind: str
    value: str
    contact_id: int | None
    decided: bool


@dataclass(frozen=True, slots=True)
class Match:
    """Whom an event names, and why. `has_identifier`: at least one rule's parameter was present."""

    contact_id: int | None
    has_identifier: bool
    trace: tuple[Step, ...] = ()

    @property
    def conflicting(self) -> tuple[Step, ...]:
        """The steps that name a contact other than the one that was found: the warning `identifier_conflict`."""
        return tuple(step for step in self.trace if step.contact_id not in (None, self.contact_id))


type LookupKey = tuple[str, str]  # (kind, normalized)


def candidates_of(parameters: Parameters, event_type_key: str, rules: RuleList, region: str) -> tuple[Candidate, ...]:
    """The rules that have something to look up in these parameters, in the order they are walked. Pure.

    `parameters` are in the order of the message: of names that differ only in case, the last one with a value counts.
    null is absent; an empty text is present and finds nobody.
    """
    names = rules.names
    present: dict[str, JsonValue] = {}
    for name, parameter in parameters.items():
        folded = name.casefold()
        if folded in names and parameter.value is not None:
            present[folded] = parameter.value
    if not present:
        return ()
    return tuple(
        _candidate(rule, present[rule.folded], region)
        for rule in rules.walked_for(event_type_key)
        if rule.folded in present
    )


def _candidate(rule: Rule, value: JsonValue, region: str) -> Candidate:
    text = value if isinstance(value, str) else text_of(value)
    if isinstance(value, list | dict):
        return Candidate(rule, text, "")
    return Candidate(rule, text, normalize(rule.kind, rule.normal_form, text, region))


def walk(candidates: Iterable[Candidate], found: Mapping[LookupKey, int]) -> Match:
    """The match that the candidates give when `found` maps (kind, normalized) to contact ids. Pure.

    The first candidate that names a contact decides; those after it are traced all the same, so that conflicts show.
    """
    decided: int | None = None
    trace: list[Step] = []
    for candidate in candidates:
        contact_id = found.get(candidate.key) if candidate.normalized else None
        decides = decided is None and contact_id is not None
        if decides:
            decided = contact_id
        rule = candidate.rule
        trace.append(Step(rule.parameter, rule.kind, _traced(candidate.value), contact_id, decides))
    return Match(decided, bool(trace), tuple(trace))


def _traced(value: str) -> str:
    return value if len(value) <= MAX_TRACED_LENGTH else value[: MAX_TRACED_LENGTH - 1] + "…"


@dataclass(frozen=True, slots=True)
class Holder:
    """The contact that an identifier belongs to. A deleted one keeps its identifiers, but is not found."""

    contact_id: int
    is_deleted: bool


# LIMIT keeps the planner from joining the other way round, through the whole table, when its statistics are stale.
FIND_HOLDERS = """
    SELECT wanted.kind, wanted.normalized, holder.id, holder.is_deleted
      FROM json_to_recordset(%(keys)s::json) AS wanted (kind text, normalized text)
     CROSS JOIN LATERAL (
           SELECT contact.id, contact.deleted_at IS NOT NULL AS is_deleted
             FROM contacts_identifier AS identifier       -- index: identifier_names_one_contact
             JOIN contacts_contact AS contact
               ON contact.id = identifier.contact_id
            WHERE identifier.kind = wanted.kind
              AND identifier.normalized = wanted.normalized
            LIMIT 1
           ) AS holder
     UNION ALL
    SELECT 'contactId', contact.id::text, contact.id, contact.deleted_at IS NOT NULL
      FROM contacts_contact AS contact
     WHERE contact.id = ANY(%(ids)s::bigint[])
"""


def find_holders(keys: Iterable[LookupKey]) -> dict[LookupKey, Holder]:
    """Whom these keys belong to, deleted contacts included: one query for any number, none for no keys."""
    wanted = {key for key in keys if key[1]}
    ids = [int(value) for kind, value in wanted if kind == CONTACT_ID and is_contact_id(value)]
    named = [{"kind": kind, "normalized": value} for kind, value in wanted if kind != CONTACT_ID]
    if not ids and not named:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(FIND_HOLDERS, {"keys": as_recordset(named), "ids": ids})
        return {(kind, value): Holder(contact_id, gone) for kind, value, contact_id, gone in cursor.fetchall()}


def find_contacts(keys: Iterable[LookupKey]) -> dict[LookupKey, int]:
    """The contacts that these keys name, deleted ones left out: one query for any number, none for no keys."""
    return {key: holder.contact_id for key, holder in find_holders(keys).items() if not holder.is_deleted}


def load_rules() -> RuleList:
    """The account's rules as they stand now, disabled ones left out: one query."""
    rows = (
        MatchingRule.objects.filter(is_enabled=True)
        .order_by("position", "id")
        .values_list("event_type_key", "parameter", "kind_id", "kind__normal_form")
    )
    general: list[Rule] = []
    by_event_type: dict[str, Rule] = {}
    for event_type_key, *rule in rows:
        if event_type_key:
            by_event_type[event_type_key] = Rule(*rule)
        else:
            general.append(Rule(*rule))
    return RuleList(tuple(general), by_event_type)
