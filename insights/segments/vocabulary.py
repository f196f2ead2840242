"""The names that a segment may use: what reading.py checks them with. Pure; loading.py fills it from the database."""

from collections.abc import Mapping
from dataclasses import dataclass, field

BUILT_IN_FIELDS: Mapping[str, str] = {"firstName": "text", "lastName": "text", "createdAt": "datetime"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """Contact fields with their types, ids of groups and of event types by their names, kinds of identifiers.

    Groups and event types need only be those that a segment names.
    """

    fields: Mapping[str, str] = field(default_factory=dict)
    groups: Mapping[str, int] = field(default_factory=dict)
    event_types: Mapping[str, int] = field(default_factory=dict)
    kinds: tuple[str, ...] = ()

    def type_of(self, name: str) -> str | None:
        """The type of a contact field; one of the contact's own stands before a declared one of the same name."""
        return BUILT_IN_FIELDS.get(name) or self.fields.get(name)

    @property
    def field_names(self) -> tuple[str, ...]:
        return (*BUILT_IN_FIELDS, *(name for name in self.fields if name not in BUILT_IN_FIELDS))
