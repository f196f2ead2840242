"""Decides what a contact that was sent says: docs/rules.md, section 6. How one is shown: contacts/presentation.py.

A member that is absent or null says nothing. A text that is empty says nothing either when a contact is posted; when
one is put (`contact_id` is given), it empties what it names: a name, an identifier, a field, a type of channel.
All problems are found at once, each with its JSON pointer. Pure: no Django, no I/O.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from contacts.address_book import AddressBook
from contacts.change import ContactChange, GivenGroup, GivenIdentifier, Slot
from contacts.field_types import ANY, EXPECTED, MAX_TEXT, exact, is_storable, read_field_value
from contacts.identifiers import (
    CONTACT_KEY,
    EMAIL,
    EMAIL_FORM,
    EXTERNAL_CUSTOMER_ID,
    PHONE,
    PHONE_FORM,
    PUSH_TOKEN,
    is_contact_id,
    is_field_id,
    normalize,
)
from contract.json_values import JsonValue, escape_pointer, excerpt, text_of
from contract.reasons import Problem, Reason

MAX_ID = 255  # characters of an identifier that is not a push token, of a group's and of a field's name
MAX_CHANNELS = 100
MAX_FIELDS = 1_000
MAX_GROUPS = 1_000
MAX_ADDRESS_MEMBERS = 100
MAX_PROBLEMS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """What a type of channel means as an identifier."""

    kind: str
    normal_form: str
    push_channel: str = ""


CHANNELS: Mapping[str, Channel] = {
    "email": Channel(kind=EMAIL, normal_form=EMAIL_FORM),
    "sms": Channel(kind=PHONE, normal_form=PHONE_FORM),
    "mobilepush": Channel(kind=PUSH_TOKEN, normal_form="exact", push_channel="mobilepush"),
    "webpush": Channel(kind=PUSH_TOKEN, normal_form="exact", push_channel="webpush"),
}
SINGLE = {"externalCustomerId": EXTERNAL_CUSTOMER_ID, "contactKey": CONTACT_KEY}


class ContactError(ValueError):
    """This is no contact that can be taken: `problems` says why (at most MAX_PROBLEMS of them)."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(islice(problems, MAX_PROBLEMS))
        super().__init__("; ".join(f"{problem.pointer}: {problem.detail}" for problem in self.problems))


def read_contact(
    payload: JsonValue,
    book: AddressBook,
    *,
    contact_id: int | None = None,
    pointer: str = "",
) -> ContactChange:
    """What a payload says. `contact_id` is the contact that is put, None when one is posted.

    `pointer` is where the payload stands in the message. Raises ContactError with every problem.
    """
    if not isinstance(payload, dict):
        raise ContactError([_invalid(pointer, payload, "a contact", "an object")])
    reading = _Reading(book, empties=contact_id is not None)
    required_id = reading.read_id(payload.get("id"), f"{pointer}/id", contact_id)
    fields = reading.read_fields(payload.get("fields"), f"{pointer}/fields")
    reading.read_identifiers(payload, pointer)
    change = ContactChange(
        contact_id=required_id,
        first_name=reading.read_text(payload.get("firstName"), f"{pointer}/firstName", MAX_TEXT),
        last_name=reading.read_text(payload.get("lastName"), f"{pointer}/lastName", MAX_TEXT),
        address=reading.read_address(payload.get("address"), f"{pointer}/address"),
        groups=reading.read_groups(payload.get("groups"), f"{pointer}/groups"),
        fields=fields,
        identifiers=tuple(reading.identifiers.values()),
        emptied=frozenset(reading.emptied),
        pointer=pointer,
    )
    if contact_id is None and not reading.names_somebody:
        reading.problems.append(_nobody(pointer))
    if reading.problems:
        raise ContactError(reading.problems)
    return change


def read_groups(value: JsonValue, book: AddressBook, pointer: str) -> tuple[tuple[GivenGroup, ...], list[Problem]]:
    """A list of groups that stands outside of a contact, and what is wrong with it."""
    reading = _Reading(book, empties=False)
    return reading.read_groups(value, pointer) or (), reading.problems


def _nobody(pointer: str) -> Problem:
    expected = "a channel, externalCustomerId, contactKey, or a field of a declared identifier kind"
    detail = f"A contact needs at least one identifier: {expected}."
    return Problem(pointer=pointer, code=Reason.MISSING_PARAMETER, detail=detail, expected=expected)


def _invalid(pointer: str, found: JsonValue, name: str, expected: str) -> Problem:
    shown = excerpt(found)
    return Problem(
        pointer=pointer,
        code=Reason.INVALID_PARAMETER,
        detail=f"{name[:1].upper()}{name[1:]} cannot be taken; expected {expected}.",
        found=shown,
        expected=expected,
    )


class _Reading:
    """One payload on its way in: the problems and the identifiers that its members turn out to hold."""

    def __init__(self, book: AddressBook, *, empties: bool) -> None:
        self.book = book
        self.empties = empties  # whether an empty text empties
        self.problems: list[Problem] = []
        self.emptied: set[Slot] = set()
        self.names_somebody = False  # an identifier is there, be it a valid one or not
        self.identifiers: dict[tuple[str, str], GivenIdentifier] = {}

    def refuse(self, pointer: str, found: JsonValue, name: str, expected: str) -> None:
        self.problems.append(_invalid(pointer, found, name, expected))

    # --- plain members ---

    def read_id(self, value: JsonValue, pointer: str, contact_id: int | None) -> int | None:
        """The id that the contact must have: that of the address, which the member may only repeat, else the member."""
        if value is None or value == "":
            return contact_id
        self.names_somebody = True
        text = "" if isinstance(value, dict | list | bool) else text_of(value)
        if not is_contact_id(text):
            self.refuse(pointer, value, "id", "a positive integer")
        elif contact_id is not None and int(text) != contact_id:
            self.refuse(pointer, value, "id", f"{contact_id}, as in the address")
        return int(text) if is_contact_id(text) else None

    def read_text(self, value: JsonValue, pointer: str, limit: int) -> str | None:
        """A text, or a number or boolean as its JSON text; None when nothing is said."""
        if value is None or (value == "" and not self.empties):
            return None
        if isinstance(value, dict | list) or len(text_of(value)) > limit:
            self.refuse(pointer, value, pointer.rpartition("/")[2], f"a text of at most {limit:,} characters")
            return None
        return text_of(value)

    def read_address(self, value: JsonValue, pointer: str) -> dict[str, Any] | None:
        if value is None or (value == "" and not self.empties):
            return None
        if value == "":
            return {}
        if not isinstance(value, dict) or len(value) > MAX_ADDRESS_MEMBERS:
            self.refuse(pointer, value, "address", f"an object of at most {MAX_ADDRESS_MEMBERS} texts")
            return None
        return {
            name: exact(member)
            for name, member in value.items()
            if member is not None and self._is_address_line(name, member, f"{pointer}/{escape_pointer(name)}")
        }

    def _is_address_line(self, name: str, value: JsonValue, pointer: str) -> bool:
        if not 1 <= len(name) <= MAX_ID:
            self.refuse(pointer, name, "the name of an address line", f"1 to {MAX_ID} characters")
        elif isinstance(value, dict | list) or not is_storable(value):
            self.refuse(pointer, value, "an address line", f"a text of at most {MAX_TEXT:,} characters")
        else:
            return True
        return False

    def read_groups(self, value: JsonValue, pointer: str) -> tuple[GivenGroup, ...] | None:
        if value is None or value == "":
            return None
        if not isinstance(value, list) or len(value) > MAX_GROUPS:
            self.refuse(pointer, value, "groups", f"an array of at most {MAX_GROUPS:,} groups")
            return None
        groups = (self._read_group(group, f"{pointer}/{index}") for index, group in enumerate(value))
        return tuple(group for group in groups if group is not None)

    def _read_group(self, value: JsonValue, pointer: str) -> GivenGroup | None:
        """A group by its name, be it a text or a member of an object; by the object's `id` where there is no name."""
        name = value.get("name") if isinstance(value, dict) else value
        if isinstance(name, str) and 1 <= len(name) <= MAX_ID:
            return GivenGroup(name=name, pointer=pointer)
        if name is None and isinstance(value, dict) and _is_id(number := value.get("id")):
            return GivenGroup(id=int(text_of(number)), pointer=pointer)
        self.refuse(pointer, value, "a group", f"a name of 1 to {MAX_ID} characters, or an object with `name` or `id`")
        return None

    # --- fields ---

    def read_fields(self, value: JsonValue, pointer: str) -> dict[str, Any]:
        """The fields by what they are kept under; of one given twice, the last counts."""
        if value is None or value == "":
            return {}
        if not isinstance(value, list) or len(value) > MAX_FIELDS:
            self.refuse(pointer, value, "fields", f"an array of at most {MAX_FIELDS:,} fields")
            return {}
        fields: dict[str, Any] = {}
        for index, entry in enumerate(value):
            at = f"{pointer}/{index}"
            key = field_key(entry, self.book)
            if key is None or not isinstance(entry, dict):
                self.refuse(at, entry, "a field", f"an object with `id`, or a `name` of 1 to {MAX_ID} characters")
            else:
                self._read_field(fields, key, entry.get("value"), f"{at}/value")
        return fields

    def _read_field(self, fields: dict[str, Any], key: str, value: JsonValue, pointer: str) -> None:
        if value is None or (value == "" and not self.empties):
            return
        if key in self.book.declared:
            self.read_identifier(value, pointer, key, self.book.declared[key], "", MAX_ID, key)
        if value == "":
            fields[key] = None
            return
        field_type = self.book.fields[key].type if key in self.book.fields else ANY
        kept = read_field_value(field_type, value, self.book.time_zone)
        if kept is None:
            self.refuse(pointer, value, f"the field {key}", EXPECTED[field_type])
        else:
            fields[key] = kept

    # --- identifiers ---

    def read_identifiers(self, payload: dict[str, JsonValue], pointer: str) -> None:
        """Notes the identifiers that are members of their own, and the channels."""
        for name, kind in SINGLE.items():
            self.read_identifier(payload.get(name), f"{pointer}/{name}", kind, "exact", "", MAX_ID, name)
        self._read_channels(payload.get("channels"), f"{pointer}/channels")

    def _read_channels(self, value: JsonValue, pointer: str) -> None:
        if value is None or value == "":
            return
        if not isinstance(value, list) or len(value) > MAX_CHANNELS:
            self.refuse(pointer, value, "channels", f"an array of at most {MAX_CHANNELS} channels")
            return
        for index, entry in enumerate(value):
            given = entry.get("type") if isinstance(entry, dict) else None
            channel = CHANNELS.get(given) if isinstance(given, str) else None
            if channel is None or not isinstance(entry, dict):
                self.names_somebody = True
                types = ", ".join(CHANNELS)
                self.refuse(f"{pointer}/{index}", entry, "a channel", f"`value`, and a `type` that is one of {types}")
                continue
            limit = MAX_TEXT if channel.push_channel else MAX_ID
            self.read_identifier(
                entry.get("value"), f"{pointer}/{index}/value",
                channel.kind, channel.normal_form, channel.push_channel, limit, f"the {given} channel",
            )  # fmt: skip

    def read_identifier(
        self, value: JsonValue, pointer: str, kind: str, form: str, push_channel: str, limit: int, name: str
    ) -> None:
        """Notes the identifier that a value is, the slot that an empty one empties, or what is wrong with it."""
        if value is None:
            return
        if value == "":
            if self.empties:
                self.emptied.add((kind, push_channel))
            return
        self.names_somebody = True
        text = "" if isinstance(value, dict | list) else text_of(value)
        normalized = normalize(kind, form, text, self.book.region)
        if not normalized or len(text) > limit or (form == EMAIL_FORM and "@" not in text):
            self.refuse(pointer, value, name, _EXPECTED.get(form, "a text") + f" of 1 to {limit:,} characters")
            return
        given = GivenIdentifier(
            kind=kind, value=text, normalized=normalized, push_channel=push_channel, pointer=pointer
        )  # fmt: skip
        self.identifiers[given.key] = given


_EXPECTED = {EMAIL_FORM: "an e-mail address", PHONE_FORM: "a phone number"}


def _is_id(value: JsonValue) -> bool:
    return value is not None and not isinstance(value, bool | dict | list) and is_field_id(text_of(value))


def field_key(entry: JsonValue, book: AddressBook) -> str | None:
    """What a field is kept under: its name; without one the key of the field with its id, or that id as text.

    None when it has neither.
    """
    if not isinstance(entry, dict):
        return None
    name, number = entry.get("name"), entry.get("id")
    if isinstance(name, str) and 1 <= len(name) <= MAX_ID:
        return name
    if name is None and _is_id(number):
        return book.keys.get(int(text_of(number)), text_of(number))
    return None
