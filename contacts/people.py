"""Decides whose a change is, and what becomes of that contact: docs/rules.md, section 6.

Changes are taken one after the other, each seeing what those before it have made: a contact that was made, an
identifier that was given up or taken. Nothing is read or written here; what a batch comes to is written afterwards.
Pure: no Django, no I/O. Never raises for bad input: why a change cannot be taken is a Refused.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from contacts.change import ContactChange, GivenGroup, GivenIdentifier
from contract.json_values import excerpt
from contract.reasons import Problem

CONTACT_NOT_FOUND = "contact_not_found"
GROUP_NOT_FOUND = "group_not_found"
IDENTIFIER_TAKEN = "identifier_taken"
TOO_MANY_FIELDS = "too_many_fields"
TOO_MANY_GROUPS = "too_many_groups"
MAX_FIELDS = 1_000  # of a contact
MAX_GROUPS = 10_000  # of the account: the list of all of them stays one answer of less than a megabyte

type LookupKey = tuple[str, str]  # (kind, normalized)


@dataclass(frozen=True, slots=True)
class Saved:
    """`was_deleted`: the change has brought a deleted contact back."""

    contact_id: int
    is_new: bool
    was_deleted: bool = False


@dataclass(frozen=True, slots=True)
class Refused:
    """Why nothing was written: a code of this module; the contacts that are in the way."""

    code: str
    problems: tuple[Problem, ...]
    contact_ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Held:
    """An identifier that a contact has; `row_id` is that of its stored row, 0 while it has none."""

    value: str
    push_channel: str
    row_id: int = 0


@dataclass(slots=True, kw_only=True)
class Person:
    """A contact as the changes so far have made it."""

    contact_id: int
    is_new: bool = False
    is_deleted: bool = False
    is_erased: bool = False  # deleted, and never to come back
    first_name: str = ""
    last_name: str = ""
    address: Mapping[str, Any] = field(default_factory=dict)
    fields: Mapping[str, Any] = field(default_factory=dict)
    identifiers: dict[LookupKey, Held] = field(default_factory=dict)  # in the order in which they were given
    groups: set[str] = field(default_factory=set)
    gone: set[int] = field(default_factory=set)  # rows of identifiers that it has no longer
    stored_groups: frozenset[str] = frozenset()
    is_changed: bool = False
    is_restored: bool = False


class People:
    """The contacts that a batch of changes touches, by their ids and by their identifiers.

    `group_names` maps the ids of groups that were sent without a name, and those of all that are named, to their
    names; `group_count` is how many the account has. `next_id` gives a fresh contact id.
    """

    def __init__(
        self,
        people: Iterable[Person],
        next_id: Callable[[], int],
        group_names: Mapping[int, str] | None = None,
        group_count: int = 0,
    ) -> None:
        self.by_id = {person.contact_id: person for person in people}
        self.by_key = {key: person for person in self.by_id.values() for key in person.identifiers}
        self.group_names = group_names or {}
        self.known_groups = set(self.group_names.values())
        self.room_for_groups = MAX_GROUPS - group_count
        self.next_id = next_id

    def take(self, change: ContactChange) -> Saved | Refused:
        """Applies the change, or says why it cannot be taken; then nothing is changed."""
        given = change.all_identifiers
        target = self._target_of(change, given)
        if isinstance(target, Refused):
            return target
        if (refused := self._check_groups(change)) is not None:
            return refused
        if target is not None and (refused := _check_room_for_fields(change, self.by_id[target])) is not None:
            return refused
        person = self._new_person() if target is None else self.by_id[target]
        was_deleted = person.is_deleted
        self._apply(change, person, given if person.is_new else change.identifiers)
        return Saved(person.contact_id, target is None, was_deleted)

    def _new_person(self) -> Person:
        person = Person(contact_id=self.next_id(), is_new=True)
        self.by_id[person.contact_id] = person
        return person

    # --- whose it is ---

    def _target_of(self, change: ContactChange, given: tuple[GivenIdentifier, ...]) -> int | Refused | None:
        """The contact that a change is for, None for a new one; or why it cannot be taken."""
        required = change.contact_id
        if required is not None:
            person = self.by_id.get(required)
            if person is None or (person.is_deleted and not _restores(change, person)):
                return _unknown(change, required)
        named = {one: person for one in given if (person := self.by_key.get(one.key)) is not None}
        if not named and required is None:
            return None
        found = ({named[one].contact_id for one in some if one in named} for some in change.alternatives)
        ids = next(filter(None, found), set()) | (set() if required is None else {required})
        if len(ids) > 1:
            return _taken(named, required, required)
        target = next(iter(ids), None)
        if target is not None and self.by_id[target].is_deleted and not _restores(change, self.by_id[target]):
            return _taken(named, target, required)
        written = given if target is None else change.identifiers
        others = {one: named[one] for one in written if one in named and named[one].contact_id != target}
        return _taken(others, target, required) if others else target

    # --- what becomes of it ---

    def _apply(self, change: ContactChange, person: Person, given: tuple[GivenIdentifier, ...]) -> None:
        self._apply_identifiers(change, person, given)
        said = {
            "first_name": change.first_name,
            "last_name": change.last_name,
            "address": _address_of(change, person),
            "fields": _fields_of(change, person),
        }
        for name, value in said.items():
            if value is not None and value != getattr(person, name):
                setattr(person, name, value)
                person.is_changed = True
        groups = person.groups if change.groups is None else {self._name_of(group) for group in change.groups}
        groups = (groups | {self._name_of(group) for group in change.joins}) - change.leaves
        if groups != person.groups:
            person.groups = groups
            person.is_changed = True
        if person.is_deleted:
            person.is_deleted, person.is_restored, person.is_changed = False, True, True

    def _apply_identifiers(self, change: ContactChange, person: Person, given: tuple[GivenIdentifier, ...]) -> None:
        """An identifier that is given as it is held stays untouched; given otherwise, it is stored anew."""
        wanted = {one.key: one for one in given}
        slots = change.emptied | {one.slot for one in given} if person.identifiers else frozenset()
        for key, held in list(person.identifiers.items()):
            one = wanted.get(key)
            if one is not None and (one.value, one.push_channel) == (held.value, held.push_channel):
                del wanted[key]
            elif one is not None or (key[0], held.push_channel) in slots:
                del person.identifiers[key], self.by_key[key]
                person.gone |= {held.row_id} if held.row_id else set()
                person.is_changed = True
        for key, one in wanted.items():
            person.identifiers[key] = Held(one.value, one.push_channel)
            self.by_key[key] = person
            person.is_changed = True

    # --- groups ---

    def _name_of(self, group: GivenGroup) -> str:
        return group.name or self.group_names[group.id]

    def _check_groups(self, change: ContactChange) -> Refused | None:
        """Why a change names a group that there is not; new names are noted, as long as there is room for them."""
        groups = change.all_groups
        unknown = [group for group in groups if not group.name and group.id not in self.group_names]
        if unknown:
            return Refused(GROUP_NOT_FOUND, tuple(map(_unknown_group, unknown)))
        new = {group.name: group for group in groups if group.name and group.name not in self.known_groups}
        if len(new) > self.room_for_groups:
            return Refused(TOO_MANY_GROUPS, (_too_many_groups(next(iter(new.values()))),))
        self.known_groups |= new.keys()
        self.room_for_groups -= len(new)
        return None


def _restores(change: ContactChange, person: Person) -> bool:
    return change.restores and not person.is_erased


def _address_of(change: ContactChange, person: Person) -> Mapping[str, Any] | None:
    if change.address is None or not change.keeps_lines:
        return change.address
    return {**person.address, **change.address}


def _fields_of(change: ContactChange, person: Person) -> Mapping[str, Any] | None:
    if not change.fields:
        return None
    return {name: value for name, value in {**person.fields, **change.fields}.items() if value is not None}


# --- refusals ---


def _unknown(change: ContactChange, contact_id: int) -> Refused:
    detail = f"There is no contact {contact_id}."
    problem = Problem(pointer=f"{change.pointer}/id", code=CONTACT_NOT_FOUND, detail=detail, found=str(contact_id))
    return Refused(CONTACT_NOT_FOUND, (problem,))


def _unknown_group(group: GivenGroup) -> Problem:
    detail = f"There is no group {group.id}; name it, and it is made."
    expected = "the id of a group, or a name"
    return Problem(
        pointer=group.pointer, code=GROUP_NOT_FOUND, detail=detail, found=str(group.id), expected=expected
    )  # fmt: skip


def _too_many_groups(group: GivenGroup) -> Problem:
    detail = f"The account has {MAX_GROUPS:,} groups, and there is room for no more; use one of those that there are."
    return Problem(
        pointer=group.pointer, code=TOO_MANY_GROUPS, detail=detail, found=excerpt(group.name),
        expected="the name of a group that there is",
    )  # fmt: skip


def _check_room_for_fields(change: ContactChange, person: Person) -> Refused | None:
    """What is posted has a limit of its own; this is for what would gather in one contact, post by post."""
    if len(change.fields.keys() | person.fields.keys()) <= MAX_FIELDS or change.fields.keys() <= person.fields.keys():
        return None
    detail = f"The contact has {len(person.fields):,} fields; at most {MAX_FIELDS:,} are kept. Empty some with a PUT."
    return Refused(
        TOO_MANY_FIELDS, (Problem(pointer=f"{change.pointer}/fields", code=TOO_MANY_FIELDS, detail=detail),)
    )  # fmt: skip


def _taken(named: Mapping[GivenIdentifier, Person], target: int | None, required: int | None) -> Refused:
    """Says of every identifier that belongs to some contact (but the one that is asked for) to which."""
    but = required or target
    problems = tuple(
        Problem(
            pointer=given.pointer,
            code=IDENTIFIER_TAKEN,
            detail=f"The {given.kind} belongs to contact {person.contact_id}"
            + (", which is deleted" if person.is_deleted else "")
            + (f", and what was sent is for contact {target}." if target not in (None, person.contact_id) else "."),
            found=excerpt(given.value),
            expected="an identifier that no contact has" + (f" but contact {but}" if but else ""),
        )
        for given, person in named.items()
        if person.contact_id != required
    )
    ids = {person.contact_id for person in named.values()} | {each for each in (target, required) if each is not None}
    return Refused(IDENTIFIER_TAKEN, problems, tuple(sorted(ids)))
