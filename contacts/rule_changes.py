"""What differs between two lists of matching rules, rule by rule, and the form in which the audit log keeps a list.

Pure: no Django, no I/O.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum
from typing import Any

from contacts.rule_list import RuleEntry

type _Name = tuple[str, str, str]  # event type, parameter, kind: what makes a rule the same rule


class ChangeKind(StrEnum):
    ADDED = "added"
    REMOVED = "removed"
    SWITCHED_ON = "switched on"
    SWITCHED_OFF = "switched off"
    MOVED = "moved"


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleChange:
    """One rule that is there, stands, or is enabled otherwise than before. Places count from 1 in the account's list.

    `from_place` is 0 for an added rule, `to_place` for a removed one; both are for the rule of an event type.
    """

    kind: ChangeKind
    entry: RuleEntry
    from_place: int = 0
    to_place: int = 0

    def __str__(self) -> str:
        of_type = f" for {self.entry.event_type_key}" if self.entry.event_type_key else ""
        places = f" from {self.from_place} to {self.to_place}" if self.kind is ChangeKind.MOVED else ""
        return f"{self.kind.value} {self.entry}{of_type}{places}"


def changes_between(before: Sequence[RuleEntry], after: Sequence[RuleEntry]) -> list[RuleChange]:
    """What somebody did who made the one list into the other: removed, added, switched and moved rules.

    As few rules as possible are told as moved: a rule that only made way for another one is not.
    """
    old, new = _by_name(before), _by_name(after)
    changes = [
        RuleChange(kind=ChangeKind.REMOVED, entry=entry, from_place=place)
        for name, (place, entry) in old.items()
        if name not in new
    ]
    changes += [
        RuleChange(kind=ChangeKind.ADDED, entry=entry, to_place=place)
        for name, (place, entry) in new.items()
        if name not in old
    ]
    changes += [
        RuleChange(
            kind=ChangeKind.SWITCHED_ON if entry.is_enabled else ChangeKind.SWITCHED_OFF,
            entry=entry,
            from_place=old[name][0],
            to_place=place,
        )
        for name, (place, entry) in new.items()
        if name in old and old[name][1].is_enabled != entry.is_enabled
    ]
    return changes + [
        RuleChange(kind=ChangeKind.MOVED, entry=new[name][1], from_place=old[name][0], to_place=new[name][0])
        for name in _moved(old, new)
    ]


def _by_name(entries: Iterable[RuleEntry]) -> dict[_Name, tuple[int, RuleEntry]]:
    """The rules with their places, by what they say; the case of a parameter makes no other rule."""
    named: dict[_Name, tuple[int, RuleEntry]] = {}
    places: Counter[bool] = Counter()
    for entry in entries:
        places[not entry.event_type_key] += 1
        name = (entry.event_type_key, entry.parameter.casefold(), entry.kind)
        named[name] = (0 if entry.event_type_key else places[True], entry)
    return named


def _moved(old: Mapping[_Name, Any], new: Mapping[_Name, Any]) -> list[_Name]:
    """The rules of the account's list that both have, but not in the longest order that both have."""
    kept_before = [name for name in old if not name[0] and name in new]
    kept_after = [name for name in new if not name[0] and name in old]
    matcher = SequenceMatcher(None, kept_before, kept_after, autojunk=False)
    still = {name for block in matcher.get_matching_blocks() for name in kept_after[block.b : block.b + block.size]}
    return [name for name in kept_after if name not in still]


def entries_to_json(entries: Iterable[RuleEntry]) -> list[dict[str, Any]]:
    """The list as the audit log keeps it: the members of the API's rules."""
    return [
        {
            "parameter": entry.parameter,
            "kind": entry.kind,
            "enabled": entry.is_enabled,
            "eventTypeKey": entry.event_type_key or None,
        }
        for entry in entries
    ]
