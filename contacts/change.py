"""What a contact that was sent says, once it is read (contacts/payload.py). Pure: no Django, no I/O."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

type Slot = tuple[str, str]  # (kind, push channel): what is replaced as a whole when one of it is given


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenIdentifier:
    """An identifier that a contact is to have; `pointer` is where it stood."""

    kind: str
    value: str
    normalized: str
    push_channel: str = ""
    pointer: str

    @property
    def key(self) -> tuple[str, str]:
        return self.kind, self.normalized

    @property
    def slot(self) -> Slot:
        return self.kind, self.push_channel


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenGroup:
    """A group by its name; by its id, with the name empty, where it was sent without one."""

    name: str = ""
    id: int = 0
    pointer: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactChange:
    """What is to become of a contact. None: not said. `contact_id` is the id that it must have.

    In `fields`, None takes the field away. The given identifiers replace all of their slots; those of `emptied` go.
    `groups` replaces the contact's groups, then it joins those of `joins` and leaves those of `leaves`.

    `named_by`: the sets of identifiers that decide whose change this is, of which the first that names somebody does;
    None for all that are given. They are written to a contact that is new, to others only those among `identifiers`.
    `keeps_lines`: lines of the address that are not given stay. `restores` brings a deleted contact back.
    """

    contact_id: int | None = None
    first_name: str | None = None
    last_name: str | None = None
    address: Mapping[str, Any] | None = None
    groups: tuple[GivenGroup, ...] | None = None
    joins: tuple[GivenGroup, ...] = ()
    leaves: frozenset[str] = frozenset()
    fields: Mapping[str, Any] = field(default_factory=dict)
    identifiers: tuple[GivenIdentifier, ...] = ()
    emptied: frozenset[Slot] = frozenset()
    named_by: tuple[tuple[GivenIdentifier, ...], ...] | None = None
    keeps_lines: bool = False
    restores: bool = False
    pointer: str = ""  # of the contact in the message

    @property
    def alternatives(self) -> tuple[tuple[GivenIdentifier, ...], ...]:
        return (self.identifiers,) if self.named_by is None else self.named_by

    @property
    def all_identifiers(self) -> tuple[GivenIdentifier, ...]:
        """Those that decide and those that are to be written, each once."""
        if self.named_by is None:
            return self.identifiers
        return tuple({given.key: given for given in (*chain(*self.named_by), *self.identifiers)}.values())

    @property
    def all_groups(self) -> tuple[GivenGroup, ...]:
        return (*(self.groups or ()), *self.joins)
