"""What reading and showing a contact needs to know of the account: its contact fields, their types, who identifies.

Read once for a request or a batch (contacts/fields.py) and handed on as a value. Pure: no Django, no I/O.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, tzinfo


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A declared contact field; `key` is what it is posted and kept under."""

    id: int
    key: str
    name: str
    type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressBook:
    """What reading a contact needs to know of the account.

    `declared` maps the identifier kinds of staff to their normal forms; each is a field as well. `region` is that of
    phones without a country code, `time_zone` that of moments without an offset.
    """

    region: str
    time_zone: tzinfo = UTC
    declared: Mapping[str, str] = field(default_factory=dict)
    fields: Mapping[str, Field] = field(default_factory=dict)  # by key
    keys: Mapping[int, str] = field(init=False)  # of the fields, by id

    def __post_init__(self) -> None:
        object.__setattr__(self, "keys", {each.id: each.key for each in self.fields.values()})
