"""What a segment asks for, as a tree: groups of conditions, each about orders, events, the contact or its RFM.

docs/segments.md has the grammar. Pure: no Django, no clock. Days are days of the account's time zone.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from insights.rfm.condition import RfmCondition

MAX_DEPTH = 10  # groups within groups; more is no question that a person could still read
MAX_CONDITIONS = 50  # in all
MAX_VALUES = 100  # of one list
MAX_TEXT = 255  # characters of a text that is compared
MAX_LAST_DAYS = 3_650
MAX_COUNT = 1_000_000
MAX_EVENT_DAYS = 93  # the longest window of events: three months, whose bodies are read one by one

PURCHASES = ("INITIALIZED", "IN_PROGRESS", "DELIVERED")  # what counts as bought where no status is asked for


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """From the start of the day `last_days` before today until now; or from a day to a day, both included.

    Of the days either may be None: no bound on that side.
    """

    last_days: int | None = None
    first_day: date | None = None
    last_day: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """From `at_least` to `at_most`, both included; None: no bound on that side."""

    at_least: Decimal | None = None
    at_most: Decimal | None = None

    def holds(self, value: Decimal | int) -> bool:
        return (self.at_least is None or value >= self.at_least) and (self.at_most is None or value <= self.at_most)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderCondition:
    """How many orders of this kind a person has, and what they come to. Empty tuples and None ask nothing.

    An item's id and its category must be those of one item. `total` sums totalCost, in `currency`.
    """

    pointer: str
    items: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    statuses: tuple[str, ...] = PURCHASES
    currency: str = ""
    window: Window | None = None
    count: Range = Range(at_least=Decimal(1))
    total: Range | None = None

    @property
    def holds_of_nobody(self) -> bool:
        """Whether it holds of a person without any such order."""
        return self.count.holds(0) and (self.total is None or self.total.holds(0))


type Scalar = str | bool | Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What a value must be; all that is given must hold of one and the same value. `exists` stands alone.

    `equals`: one of these. `contains`: this text, case ignored. `last_days`: a day not before the one so many days ago,
    and not in the future.
    """

    equals: tuple[Scalar, ...] = ()
    contains: str | None = None
    greater: Decimal | date | None = None
    less: Decimal | date | None = None
    last_days: int | None = None
    exists: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ParameterTest:
    """A comparison with a parameter of an event, or with a member of what it holds. A list stands for its elements."""

    parameter: str
    member: str = ""
    comparison: Comparison


@dataclass(frozen=True, slots=True, kw_only=True)
class EventCondition:
    """How many applied events of a type a person has in the window that pass all the tests."""

    pointer: str
    event_type: str
    event_type_id: int
    window: Window
    tests: tuple[ParameterTest, ...] = ()
    count: Range = Range(at_least=Decimal(1))

    @property
    def holds_of_nobody(self) -> bool:
        """Whether it holds of a person without any such event."""
        return self.count.holds(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldCondition:
    """A comparison with a contact field; `type` is one of contacts.field_types."""

    pointer: str
    field: str
    type: str
    comparison: Comparison


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupCondition:
    """The contact is in one of these groups."""

    pointer: str
    names: tuple[str, ...]
    group_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HasCondition:
    """The contact has an identifier of one of these kinds."""

    pointer: str
    kinds: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RfmLeaf:
    """The contact's RFM fulfils the condition of insights/rfm/condition.py."""

    pointer: str
    condition: RfmCondition


type Leaf = OrderCondition | EventCondition | FieldCondition | GroupCondition | HasCondition | RfmLeaf


@dataclass(frozen=True, slots=True)
class All:
    parts: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Any:
    parts: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Not:
    part: "Node"


type Node = All | Any | Not | Leaf


def leaves_of(node: Node) -> Iterator[Leaf]:
    """The conditions of a tree in the order in which they are written."""
    match node:
        case All(parts) | Any(parts):
            for part in parts:
                yield from leaves_of(part)
        case Not(part):
            yield from leaves_of(part)
        case _:
            yield node


def holds(node: Node, truth: dict[str, bool]) -> bool:
    """Whether the tree holds, given by pointer which of its conditions do."""
    match node:
        case All(parts):
            return all(holds(part, truth) for part in parts)
        case Any(parts):
            return any(holds(part, truth) for part in parts)
        case Not(part):
            return not holds(part, truth)
        case _:
            return truth[node.pointer]
