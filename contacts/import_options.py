"""Decides how an import goes about its contacts: whom each is, what of it may be written (docs/rules.md, section 6).

Pure: no Django, no I/O. Options are read at the door, where what is wrong with them is a 400, and again by the worker.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from contacts.address_book import AddressBook
from contacts.change import ContactChange, GivenGroup, GivenIdentifier
from contacts.identifiers import EMAIL, EXTERNAL_CUSTOMER_ID, PHONE, PUSH_TOKEN
from contacts.payload import MAX_FIELDS, MAX_ID, ContactError, field_key, read_contact
from contract.json_values import JsonValue, excerpt, is_storable
from contract.reasons import Problem, Reason

MAX_NAMES = 1_000  # of groups, of fields
ID, FIELD_ID = "id", "fieldId"
# What decides whose a contact is: the first of these kinds that names somebody. A kind of staff for `fieldId`.
DEDUPE_KINDS: Mapping[str, tuple[str, ...]] = {
    "email": (EMAIL,),
    "sms": (PHONE,),
    "email_or_sms": (EMAIL, PHONE),
    "externalCustomerId": (EXTERNAL_CUSTOMER_ID,),
    FIELD_ID: (),
    ID: (),
}
_LINES_OF_THEIR_OWN = frozenset({"town", "region", "postcode"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportOptions:
    """`dedupe_on` is None when all identifiers decide. `members` and `fields` are what may be written; None: all."""

    dedupe_on: str | None = None
    kinds: tuple[str, ...] = ()  # of the identifiers that decide, by precedence
    members: frozenset[str] | None = None
    fields: frozenset[str] | None = None
    joins: tuple[GivenGroup, ...] = ()
    leaves: frozenset[str] = frozenset()
    restores: bool = False
    event_key: str = ""


def read_options(message: Mapping[str, JsonValue], book: AddressBook) -> ImportOptions:
    """The options of an import's message. Raises ContactError with every problem."""
    reading = _Reading(message, book)
    dedupe_on, kinds = reading.read_dedupe()
    options = ImportOptions(
        dedupe_on=dedupe_on,
        kinds=kinds,
        members=frozenset(reading.read_names("contactFields")) or None,
        fields=frozenset(reading.read_field_ids()) or None,
        joins=tuple(
            GivenGroup(name=name, pointer=f"/groupNames/{index}")
            for index, name in enumerate(reading.read_names("groupNames"))
        ),
        leaves=frozenset(reading.read_names("groupNamesExclude")),
        restores=reading.read_flag("restoreDeleted"),
        event_key=reading.read_event_key(),
    )
    if reading.problems:
        raise ContactError(reading.problems)
    return options


class _Reading:
    def __init__(self, message: Mapping[str, JsonValue], book: AddressBook) -> None:
        self.message = message
        self.book = book
        self.problems: list[Problem] = []

    def refuse(self, member: str, found: JsonValue, expected: str) -> None:
        self.problems.append(
            Problem(
                pointer=f"/{member}",
                code=Reason.INVALID_PARAMETER,
                detail=f"{member.partition('/')[0]} cannot be taken; expected {expected}.",
                found=excerpt(found),
                expected=expected,
            )
        )

    def read_dedupe(self) -> tuple[str | None, tuple[str, ...]]:
        value = self.message.get("dedupeOn")
        if value is None or value == "":
            return None, ()
        if not isinstance(value, str) or value not in DEDUPE_KINDS:
            self.refuse("dedupeOn", value, f"one of {', '.join(DEDUPE_KINDS)}")
            return None, ()
        return value, self._read_field_kind() if value == FIELD_ID else DEDUPE_KINDS[value]

    def _read_field_kind(self) -> tuple[str, ...]:
        """The declared kind that the member `fieldId` names, by the field's id or its key."""
        number = self.message.get(FIELD_ID)
        key = field_key({"id": number}, self.book) or field_key({"name": number}, self.book)
        if key is None or key not in self.book.declared:
            expected = (
                "the id of a contact field that is declared as an identifier kind, as its values name one contact"
            )
            self.refuse(FIELD_ID, number, expected)
            return ()
        return (key,)

    def read_names(self, member: str) -> list[str]:
        """A list of texts; null, and an empty text among them, say nothing."""
        value = self.message.get(member)
        if value is None or value == "":
            return []
        if not isinstance(value, list) or len(value) > MAX_NAMES:
            self.refuse(member, value, f"an array of at most {MAX_NAMES:,} names")
            return []
        names = []
        for index, name in enumerate(value):
            if not isinstance(name, str) or len(name) > MAX_ID:
                self.refuse(f"{member}/{index}", name, f"a name of at most {MAX_ID} characters")
            elif name:
                names.append(name)
        return names

    def read_field_ids(self) -> Iterator[str]:
        """The keys of the fields that may be written."""
        member = "customFieldsIDs"
        value = self.message.get(member)
        if value is None or value == "":
            return
        if not isinstance(value, list) or len(value) > MAX_FIELDS:
            self.refuse(member, value, f"an array of at most {MAX_FIELDS:,} ids of contact fields")
            return
        for index, number in enumerate(value):
            key = field_key({"id": number}, self.book) or field_key({"name": number}, self.book)
            if key is None:
                self.refuse(f"{member}/{index}", number, "the id of a contact field, or its key")
            else:
                yield key

    def read_flag(self, member: str) -> bool:
        value = self.message.get(member)
        if value is None or isinstance(value, bool):
            return bool(value)
        self.refuse(member, value, "true or false")
        return False

    def read_event_key(self) -> str:
        value = self.message.get("eventKeyForNewContacts")
        if value is None:
            return ""
        if isinstance(value, str) and len(value) <= MAX_ID and is_storable(value):
            return value
        self.refuse("eventKeyForNewContacts", value, f"the key of an event type, at most {MAX_ID} characters")
        return ""


# --- one contact ---


def read_imported(payload: JsonValue, book: AddressBook, options: ImportOptions, pointer: str) -> ContactChange:
    """What one contact of an import says, as far as it may be written. Raises ContactError with every problem."""
    change = read_contact(_without_id(payload, options), book, pointer=pointer)
    return replace(
        change,
        named_by=_deciding(change, options),
        joins=options.joins,
        leaves=options.leaves,
        restores=options.restores,
        **_writable(change, options),
    )


def _without_id(payload: JsonValue, options: ImportOptions) -> JsonValue:
    """Shops put numbers of their own into `id`: it is looked at only where it can decide."""
    decides = options.dedupe_on in (None, ID)
    if not isinstance(payload, dict) or (decides and payload.get(EXTERNAL_CUSTOMER_ID) in (None, "")):
        return payload
    return {name: value for name, value in payload.items() if name != ID}


def _deciding(change: ContactChange, options: ImportOptions) -> tuple[tuple[GivenIdentifier, ...], ...]:
    """`externalCustomerId` decides where it is given, then what `dedupeOn` says, then all identifiers."""
    if own := _of_kind(change, EXTERNAL_CUSTOMER_ID):
        return (own,)
    if options.dedupe_on is None:
        return (change.identifiers,)
    if options.dedupe_on == ID:
        if change.contact_id is None:
            raise ContactError([_missing(change, "its id")])
        return ()
    named_by = tuple(given for kind in options.kinds if (given := _of_kind(change, kind)))
    if not named_by:
        raise ContactError([_missing(change, _WORDS.get(options.dedupe_on, f"the field {options.kinds[0]}"))])
    return named_by


_WORDS = {
    "email": "a channel of type email",
    "sms": "a channel of type sms",
    "email_or_sms": "a channel of type email or sms",
    EXTERNAL_CUSTOMER_ID: EXTERNAL_CUSTOMER_ID,
}


def _missing(change: ContactChange, what: str) -> Problem:
    expected = f"{what}, by which this import tells contacts apart"
    if what != EXTERNAL_CUSTOMER_ID:
        expected += f", or {EXTERNAL_CUSTOMER_ID}"
    detail = f"The contact cannot be told apart; expected {expected}."
    return Problem(pointer=change.pointer, code=Reason.MISSING_PARAMETER, detail=detail, expected=expected)


def _of_kind(change: ContactChange, kind: str) -> tuple[GivenIdentifier, ...]:
    return tuple(given for given in change.identifiers if given.kind == kind)


def _writable(change: ContactChange, options: ImportOptions) -> dict[str, Any]:
    """What `contactFields` and `customFieldsIDs` leave of the change; each limits its own kind of members."""
    left: dict[str, Any] = {}
    identifiers = change.identifiers
    if (keys := options.fields) is not None:
        left["fields"] = {key: value for key, value in change.fields.items() if key in keys}
        identifiers = tuple(given for given in identifiers if given.kind in _OWN_MEMBERS or given.kind in keys)
    if (members := options.members) is not None:
        left["first_name"] = change.first_name if "firstName" in members else None
        left["last_name"] = change.last_name if "lastName" in members else None
        lines = {line: text for line, text in (change.address or {}).items() if _is_writable_line(line, members)}
        left["address"] = lines or None
        left["keeps_lines"] = True
        identifiers = tuple(
            given for given in identifiers
            if given.kind not in _OWN_MEMBERS or (given.push_channel or _OWN_MEMBERS[given.kind]) in members
        )  # fmt: skip
    return {**left, "identifiers": identifiers} if identifiers is not change.identifiers else left


_OWN_MEMBERS = {
    EMAIL: "email",
    PHONE: "sms",
    PUSH_TOKEN: "mobilepush",
    EXTERNAL_CUSTOMER_ID: "externalCustomerId",
    "contactKey": "contactKey",
}


def _is_writable_line(line: str, members: frozenset[str]) -> bool:
    """A line is named by itself; “address” stands for those that have no name of their own."""
    return line in members or ("address" in members and line not in _LINES_OF_THEIR_OWN)
