"""Reads what stands under "contact". Pure; see reading.py."""

from collections.abc import Mapping
from typing import Any

from contract.reasons import Problem
from insights.segments.conditions import FieldCondition, GroupCondition, HasCondition
from insights.segments.reading_comparisons import OPERATORS, read_comparison
from insights.segments.reading_values import Members, problem
from insights.segments.vocabulary import Vocabulary

KINDS_OF_TEST = ("field", "group", "has")
SHOWN_NAMES = 30  # of contact fields, in a message
EXAMPLE = 'an object such as {"field": "city", "equals": "Kyiv"}, {"group": "VIP"} or {"has": "email"}'

type ContactCondition = FieldCondition | GroupCondition | HasCondition


def read_contact(value: Any, pointer: str, vocabulary: Vocabulary, problems: list[Problem]) -> ContactCondition | None:
    """The condition, or None after telling every problem of it."""
    asked = [name for name in KINDS_OF_TEST if isinstance(value, Mapping) and value.get(name) is not None]
    if len(asked) != 1:
        code = "contradiction" if asked else "wrong_type"
        problems.append(problem(pointer, code, f"{EXAMPLE}, with one of field, group and has", value))
        return None
    before = len(problems)
    members = Members(value, pointer, problems)
    members.only(("field", *OPERATORS) if asked == ["field"] else asked)
    found: ContactCondition | None
    match asked[0]:
        case "field":
            found = _read_field(members, vocabulary)
        case "group":
            found = _read_groups(members, vocabulary)
        case _:
            found = HasCondition(pointer=pointer, kinds=members.texts("has", vocabulary.kinds))
    return found if len(problems) == before else None


def _read_field(members: Members, vocabulary: Vocabulary) -> FieldCondition | None:
    name = members.text("field")
    field_type = vocabulary.type_of(name) if name else None
    if field_type is None:
        if name:
            known = ", ".join(vocabulary.field_names[:SHOWN_NAMES])
            members.tell("field", "unknown_field", f"a declared contact field: {known}")
        return None
    comparison = read_comparison(members, field_type)
    return FieldCondition(pointer=members.pointer, field=name, type=field_type, comparison=comparison)


def _read_groups(members: Members, vocabulary: Vocabulary) -> GroupCondition | None:
    names = members.texts("group")
    for name in names:
        if name not in vocabulary.groups:
            members.tell("group", "unknown_group", "the name of a group that there is")
            return None
    ids = tuple(vocabulary.groups[name] for name in names)
    return GroupCondition(pointer=members.pointer, names=names, group_ids=ids)
