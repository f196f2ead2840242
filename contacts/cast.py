"""Who is who while a batch of messages goes on: docs/rules.md, sections 2 and 6.

Messages are taken one after the other. One that may create contacts creates the one it did not find, and later ones
find it; a whole order also fills what a found contact lacks, and overwrites nothing. An identifier that somebody has,
deleted contacts included, is never moved. What the batch comes to is written afterwards (contacts/creation.py).
Pure: no Django, no I/O.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from contacts.identifiers import (
    CONTACT_ID,
    EMAIL,
    EMAIL_FORM,
    EXTERNAL_CUSTOMER_ID,
    PHONE,
    PHONE_FORM,
    normalize,
)
from contacts.matching import Candidate, Holder, LookupKey, Match, walk
from contract.json_values import JsonValue, text_of
from contract.parameters import Parameters

# The parameters of an order that are identifiers of a contact, with their kinds and normal forms.
IDENTIFYING = (
    ("externalCustomerId", EXTERNAL_CUSTOMER_ID, "exact"),
    ("email", EMAIL, EMAIL_FORM),
    ("phone", PHONE, PHONE_FORM),
)
FILLED_KINDS = frozenset(kind for _, kind, _ in IDENTIFYING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Buyer:
    """What a message says of the contact that it may create: identifiers with the text that was sent, and names.

    `fills`: a contact that is there gets what it lacks.
    """

    event_id: int
    identifiers: Mapping[LookupKey, str]
    first_name: str = ""
    last_name: str = ""
    fills: bool = False


@dataclass(frozen=True, slots=True)
class Seeker:
    """A message that names a contact. Only one with a `buyer` may create or fill."""

    candidates: tuple[Candidate, ...]
    buyer: Buyer | None = None


def sender_of(event_id: int, candidates: Iterable[Candidate]) -> Buyer | None:
    """Of an event that may create the contact it did not find: all that its matching rules looked at, if anything."""
    found = {one.key: one.value for one in candidates if one.normalized and one.rule.kind != CONTACT_ID}
    return Buyer(event_id=event_id, identifiers=found) if found else None


def buyer_of(event_id: int, parameters: Parameters, candidates: Iterable[Candidate], region: str) -> Buyer:
    """Of a whole order: its own identifiers, and what else its matching rules looked at.

    What is no e-mail address (“none”, “-”) is nobody's: else it would make one contact of all who have none.
    """
    identifiers: dict[LookupKey, str] = {}
    for name, kind, form in IDENTIFYING:
        text = _text(parameters, name)
        identifiers[kind, normalize(kind, form, text, region)] = text
    for one in candidates:
        identifiers.setdefault(one.key, one.value)
    return Buyer(
        event_id=event_id,
        identifiers={key: text for key, text in identifiers.items() if _can_be_created(*key)},
        first_name=_text(parameters, "firstName"),
        last_name=_text(parameters, "lastName"),
        fills=True,
    )


def _can_be_created(kind: str, normalized: str) -> bool:
    return bool(normalized) and kind != CONTACT_ID and (kind != EMAIL or "@" in normalized)


def _text(parameters: Parameters, name: str) -> str:
    value: JsonValue = parameters[name].value if name in parameters else None
    return "" if value is None or isinstance(value, list | dict) else text_of(value)


@dataclass(slots=True, kw_only=True)
class Person:
    """A contact as it stands, or one that an event makes, and what it is to be given."""

    contact_id: int
    first_name: str = ""
    last_name: str = ""
    kinds: frozenset[str] = frozenset()  # of FILLED_KINDS, those of which it has an identifier
    created_by: int | None = None  # the event
    given: dict[LookupKey, str] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)


class Cast:
    """The contacts that a batch meets. `holders` says whose every identifier of the batch is; `numbers` are new ids."""

    def __init__(
        self, holders: Mapping[LookupKey, Holder], people: Mapping[int, Person], numbers: Iterator[int]
    ) -> None:
        self.created: list[Person] = []
        self._people = dict(people)
        self._numbers = numbers
        self._taken = set(holders)
        self._found = {key: holder.contact_id for key, holder in holders.items() if not holder.is_deleted}

    @property
    def filled(self) -> list[Person]:
        """Those that are there already and are given something."""
        return [one for one in self._people.values() if one.created_by is None and (one.given or one.names)]

    def meet(self, seeker: Seeker) -> Match:
        """Whom the message names, once the contact that it may create or fill is created or filled."""
        match = walk(seeker.candidates, self._found)
        buyer = seeker.buyer
        if buyer is None:
            return match
        if match.contact_id is not None:
            if buyer.fills:
                self._fill(self._people[match.contact_id], buyer)
            return match
        free = {key: text for key, text in buyer.identifiers.items() if key not in self._taken}
        if not free:
            return match
        person = self._create(buyer, free)
        match = walk(seeker.candidates, self._found)
        return match if match.contact_id is not None else replace(match, contact_id=person.contact_id)

    def _create(self, buyer: Buyer, free: Mapping[LookupKey, str]) -> Person:
        person = Person(contact_id=next(self._numbers), created_by=buyer.event_id)
        self.created.append(person)
        self._people[person.contact_id] = person
        self._found[CONTACT_ID, str(person.contact_id)] = person.contact_id
        self._give(person, free)
        self._name(person, buyer)
        return person

    def _fill(self, person: Person, buyer: Buyer) -> None:
        held = person.kinds.union(kind for kind, _ in person.given)
        lacking: dict[str, LookupKey] = {}
        for key in buyer.identifiers:
            if key[0] in FILLED_KINDS - held and key not in self._taken:
                lacking.setdefault(key[0], key)
        self._give(person, {key: buyer.identifiers[key] for key in lacking.values()})
        self._name(person, buyer)

    def _give(self, person: Person, identifiers: Mapping[LookupKey, str]) -> None:
        person.given |= identifiers
        self._taken.update(identifiers)
        self._found |= dict.fromkeys(identifiers, person.contact_id)

    @staticmethod
    def _name(person: Person, buyer: Buyer) -> None:
        for attribute in ("first_name", "last_name"):
            name = getattr(buyer, attribute)
            if name and not getattr(person, attribute):
                setattr(person, attribute, name)
                person.names[attribute] = name
