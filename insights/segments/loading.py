"""What the pure core of segments is given from the database: the names that a segment uses, and the moment's facts."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from django.utils import timezone

from account.current import current_account
from contacts.fields import load_fields
from contacts.groups import find_groups
from contacts.identifiers import CONTACT_ID
from contacts.rule_list import load_normal_forms
from contract.json_values import is_storable
from contract.reasons import Problem
from events.event_types import find_event_types
from events.received import first_ids_since
from insights.rfm.membership import membership
from insights.segments.compiling import compile_segment
from insights.segments.conditions import MAX_TEXT, Leaf, Node, leaves_of
from insights.segments.facts import Facts, starts_of_events
from insights.segments.reading import read_segment
from insights.segments.sql import Sql
from insights.segments.vocabulary import Vocabulary

MOST_NAMES = 10_000  # texts of a segment that are looked up; a readable one has a few hundred at most


def load_segment(value: Any) -> Node | list[Problem]:
    """The tree that a segment's JSON means now, or every problem of it: four queries."""
    return read_segment(value, load_vocabulary(value))


def load_vocabulary(value: Any) -> Vocabulary:
    """The names that there are among the texts of a segment's JSON; all contact fields and kinds of identifiers."""
    names = sorted(set(_texts_in(value)))[:MOST_NAMES]
    return Vocabulary(
        fields={key: str(field.type) for key, field in load_fields().items()},
        groups={name: group_id for group_id, name in find_groups(names).items()},
        event_types=find_event_types(names),
        kinds=tuple(kind for kind in load_normal_forms() if kind != CONTACT_ID),  # everybody has an id
    )


def _texts_in(value: Any) -> Iterator[str]:
    """Every text of a document of any depth that can be a name."""
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, dict):
            waiting.extend(each.values())
        elif isinstance(each, list):
            waiting.extend(each)
        elif isinstance(each, str) and 0 < len(each) <= MAX_TEXT and is_storable(each):
            yield each


def load_facts(leaves: list[Leaf]) -> Facts:
    """The facts that these conditions are compiled with at this moment: one query when there are any on events."""
    facts = Facts(now=timezone.now(), zone=current_account().time_zone, rfm=membership)
    starts = starts_of_events(leaves, facts)
    if not starts:
        return facts
    return replace(facts, first_event_ids=dict(zip(starts, first_ids_since(starts), strict=True)))


def compile_now(node: Node) -> Sql:
    """The SELECT of the people that the tree finds at this moment."""
    return compile_segment(node, load_facts(list(leaves_of(node))))
