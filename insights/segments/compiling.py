"""Compiles a tree of conditions to one SELECT of contact ids: SQL and parameters apart, nothing that was typed in it.

Every condition is a set of contacts, which an index finds without looking at anybody else; a set is asked for by IN, so
that the planner may begin with the smallest. NOT is moved down to the conditions and becomes NOT EXISTS, and OR becomes
UNION ALL: PostgreSQL turns neither an OR of subqueries nor NOT IN into a join. Deleted people are in no result.
Pure: dataclasses in, SQL out.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count

from insights.segments.compiling_contacts import field_set, group_set, identifier_set
from insights.segments.compiling_events import event_rows
from insights.segments.compiling_orders import amounts, order_rows
from insights.segments.conditions import (
    All,
    Any,
    EventCondition,
    FieldCondition,
    GroupCondition,
    HasCondition,
    Leaf,
    Node,
    Not,
    OrderCondition,
    Range,
    RfmLeaf,
)
from insights.segments.facts import Facts
from insights.segments.sql import Sql, every, some

DEFAULT_COUNT = OrderCondition(pointer="").count


@dataclass(frozen=True, slots=True)
class People:
    """Those that `rows` selects (one column, contact_id), or everybody but them."""

    rows: Sql
    is_complement: bool = False


def compile_segment(node: Node, facts: Facts) -> Sql:
    """A SELECT of the ids (contact_id) of the people that the tree finds, each once, without an order."""
    return _Compiler(facts).set_of(node, negated=False)


def compile_predicate(node: Node, facts: Facts, contact: str) -> Sql:
    """Whether the tree holds of one contact, whose id is the SQL `contact`; deleted ones are the caller's to leave out.

    For few contacts: each condition is looked up by the contact, whatever the number of people that it finds.
    """
    match node:
        case Not(part):
            return compile_predicate(part, facts, contact).inside("(NOT ", ")")
        case All(parts):
            return every([compile_predicate(part, facts, contact) for part in parts]).inside("(", ")")
        case Any(parts):
            return some([compile_predicate(part, facts, contact) for part in parts])
        case _:
            people = compile_leaf(node, facts)
            is_found = "IS NULL" if people.is_complement else "IS NOT NULL"
            # A value and no EXISTS, which PostgreSQL may turn into a join with everybody that the condition finds.
            after = f") AS found (contact_id) WHERE found.contact_id = {contact} LIMIT 1) {is_found})"
            return people.rows.inside("((SELECT TRUE FROM (", after)


def compile_leaf(leaf: Leaf, facts: Facts) -> People:
    """The people of one condition; deleted ones may be among them, and a person may come more than once."""
    match leaf:
        case OrderCondition():
            return _order_people(leaf, facts)
        case EventCondition():
            return _event_people(leaf, facts)
        case FieldCondition():
            return People(field_set(leaf, facts), is_complement=leaf.comparison.exists is False)
        case GroupCondition():
            return People(group_set(leaf))
        case HasCondition():
            return People(identifier_set(leaf))
        case RfmLeaf():
            text, params = facts.rfm(leaf.condition)
            return People(Sql(text, tuple(params)))


def _order_people(leaf: OrderCondition, facts: Facts) -> People:
    rows = order_rows(leaf, facts).inside("SELECT o.contact_id FROM ", "")
    if leaf.count == DEFAULT_COUNT and leaf.total is None:
        return People(rows)
    return _grouped(rows, "o.contact_id", amounts(leaf), leaf.holds_of_nobody)


def _event_people(leaf: EventCondition, facts: Facts) -> People:
    rows = event_rows(leaf, facts).inside("SELECT outcome.contact_id FROM ", "")
    if leaf.count == DEFAULT_COUNT:
        return People(rows)
    return _grouped(rows, "outcome.contact_id", [("count(*)", leaf.count)], leaf.holds_of_nobody)


def _grouped(rows: Sql, column: str, bounds: list[tuple[str, Range]], holds_of_nobody: bool) -> People:
    """Those whose amounts are within their bounds. One that holds of nothing, too, is everybody but those it fails."""
    tests = []
    for amount, bound in bounds:
        if bound.at_least is not None:
            tests.append(Sql(f"{amount} >= %s", (bound.at_least,)))
        if bound.at_most is not None:
            tests.append(Sql(f"{amount} <= %s", (bound.at_most,)))
    having = every(tests)
    before, after = (" HAVING NOT (", ")") if holds_of_nobody else (" HAVING ", "")
    grouped = Sql.joined("", [rows, Sql(f" GROUP BY {column}"), having.inside(before, after)])
    return People(grouped, is_complement=holds_of_nobody)


@dataclass(slots=True)
class _Compiler:
    facts: Facts
    names: Iterator[int] = field(default_factory=count)

    def set_of(self, node: Node, *, negated: bool) -> Sql:
        """A SELECT of the kept contacts that a node finds, or that it does not find."""
        contact = f"c{next(self.names)}"
        kept = Sql(f"{contact}.deleted_at IS NULL")
        found = every([kept, *self.predicates(node, contact, negated=negated)])
        before = f"SELECT {contact}.id AS contact_id FROM contacts_contact AS {contact} WHERE "  # noqa: S608 - our own
        return found.inside(before, "")

    def predicates(self, node: Node, contact: str, *, negated: bool) -> Iterator[Sql]:
        """What must all be true of a contact."""
        match node:
            case Not(part):
                yield from self.predicates(part, contact, negated=not negated)
            case All(parts) | Any(parts):
                if isinstance(node, All) != negated:
                    for part in parts:
                        yield from self.predicates(part, contact, negated=negated)
                else:
                    yield self.one_of(parts, contact, negated=negated)
            case _:
                people = compile_leaf(node, self.facts)
                yield _is_among(people.rows, contact, negated=negated != people.is_complement)

    def one_of(self, parts: tuple[Node, ...], contact: str, *, negated: bool) -> Sql:
        sets = [self.set_or_rows(part, negated=negated) for part in parts]
        united = Sql.joined(" UNION ALL ", [each.inside("(", ")") for each in sets])
        return _is_among(united, contact, negated=False)

    def set_or_rows(self, node: Node, *, negated: bool) -> Sql:
        """As set_of(); a plain condition's rows as they are: whoever joins them leaves deleted people out."""
        while isinstance(node, Not):
            node, negated = node.part, not negated
        if not isinstance(node, All | Any):
            people = compile_leaf(node, self.facts)
            if negated == people.is_complement:
                return people.rows
        return self.set_of(node, negated=negated)


def _is_among(rows: Sql, contact: str, *, negated: bool) -> Sql:
    if negated:
        before = "NOT EXISTS (SELECT FROM ("
        return rows.inside(before, f") AS found (contact_id) WHERE found.contact_id = {contact}.id)")
    return rows.inside(f"{contact}.id IN (", ")")
