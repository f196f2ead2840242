"""Reads a segment's JSON into the tree of conditions.py, or tells every problem with its pointer: docs/segments.md.

Pure: names are checked against a Vocabulary that the caller brings. Never raises for bad input. Values are those of
contract.json_values: numbers with a point are Number (or Decimal, as the database gives them), never a float.
"""

from collections.abc import Callable, Mapping
from typing import Any as Anything

from contract.json_values import escape_pointer
from contract.reasons import Problem
from insights.rfm.condition import parse_condition as parse_rfm
from insights.segments.conditions import MAX_CONDITIONS, MAX_DEPTH, All, Any, Leaf, Node, Not, RfmLeaf
from insights.segments.reading_contacts import read_contact
from insights.segments.reading_events import read_events
from insights.segments.reading_orders import read_orders
from insights.segments.reading_values import problem
from insights.segments.vocabulary import Vocabulary

MAX_PROBLEMS = 100
KINDS = "all, any, not, orders, events, contact or rfm"

type LeafReader = Callable[[Anything, str, Vocabulary, list[Problem]], Leaf | None]


def read_segment(value: Anything, vocabulary: Vocabulary) -> Node | list[Problem]:
    """The tree that the JSON means, or every problem of it (at most MAX_PROBLEMS)."""
    reader = _Reader(vocabulary)
    node = reader.read(value, "", 1)
    if reader.problems or node is None:
        return reader.problems[:MAX_PROBLEMS]
    return node


class _Reader:
    def __init__(self, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary
        self.problems: list[Problem] = []
        self.conditions = 0

    def read(self, value: Anything, pointer: str, depth: int) -> Node | None:
        """A group or a condition; None after telling a problem."""
        if not isinstance(value, Mapping) or len(value) != 1:
            self.tell(pointer, "wrong_type", f"an object with one member: {KINDS}", value)
            return None
        [(name, inner)] = value.items()
        place = f"{pointer}/{escape_pointer(name)[:160]}"
        if name in ("all", "any", "not"):
            if depth > MAX_DEPTH:
                self.tell(place, "too_deep", f"at most {MAX_DEPTH} groups deep; put conditions side by side", "")
                return None
            return self.read_group(name, inner, place, depth)
        self.conditions += 1
        if self.conditions > MAX_CONDITIONS:
            if self.conditions == MAX_CONDITIONS + 1:
                self.tell(place, "too_many", f"one of at most {MAX_CONDITIONS} conditions in all", "")
            return None
        return self.read_leaf(name, inner, place)

    def read_group(self, name: str, inner: Anything, place: str, depth: int) -> Node | None:
        if name == "not":
            part = self.read(inner, place, depth + 1)
            return None if part is None else Not(part)
        if not isinstance(inner, list) or not inner:
            code = "empty" if inner == [] else "wrong_type"
            self.tell(place, code, "a list of at least one condition or group", inner)
            return None
        parts = [self.read(each, f"{place}/{index}", depth + 1) for index, each in enumerate(inner)]
        kept = tuple(part for part in parts if part is not None)
        return All(kept) if name == "all" else Any(kept)

    def read_leaf(self, name: str, inner: Anything, place: str) -> Leaf | None:
        readers: Mapping[str, LeafReader] = {
            "orders": read_orders,
            "events": read_events,
            "contact": read_contact,
            "rfm": _read_rfm,
        }
        if name not in readers:
            self.tell(place, "unknown_member", f"one of {KINDS}", "")
            return None
        return readers[name](inner, place, self.vocabulary, self.problems)

    def tell(self, pointer: str, code: str, expected: str, found: Anything) -> None:
        self.problems.append(problem(pointer, code, expected, found))


def _read_rfm(value: Anything, place: str, _: Vocabulary, problems: list[Problem]) -> RfmLeaf | None:
    found = parse_rfm(value, place)
    if isinstance(found, list):
        problems += found
        return None
    return RfmLeaf(pointer=place, condition=found)
