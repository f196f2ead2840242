"""What a segment asks for, in words for people: the one place of these words."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any as Anything

from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from console import display
from insights.rfm.words import in_words as rfm_in_words
from insights.segments.conditions import (
    All,
    Any,
    Comparison,
    EventCondition,
    FieldCondition,
    GroupCondition,
    HasCondition,
    Leaf,
    Node,
    Not,
    OrderCondition,
    ParameterTest,
    Range,
    Window,
)


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a tree in words: how deep it stands, and its words. A group's line stands above those of its parts.

    `pointer` is that of a condition, "" of a group.
    """

    depth: int
    words: str
    pointer: str = ""


def lines_of(node: Node, depth: int = 0, *, is_negated: bool = False) -> Iterator[Line]:
    """The tree from the top, a group before its parts."""
    match node:
        case Not(part):
            if isinstance(part, All | Any):
                yield Line(depth, _("Not:"))
                yield from lines_of(part, depth + 1)
            else:
                yield from lines_of(part, depth, is_negated=not is_negated)
        case All(parts) | Any(parts):
            yield Line(depth, _("All of these:") if isinstance(node, All) else _("At least one of these:"))
            for part in parts:
                yield from lines_of(part, depth + 1)
        case _:
            words = in_words(node)
            yield Line(depth, _("not: %(condition)s") % {"condition": words} if is_negated else words, node.pointer)


def in_words(leaf: Leaf) -> str:
    """One condition as a sentence without a full stop."""
    match leaf:
        case OrderCondition():
            return ", ".join(_order_words(leaf))
        case EventCondition():
            return ", ".join(_event_words(leaf))
        case FieldCondition():
            return f"{leaf.field} {_comparison_words(leaf.comparison)}"
        case GroupCondition():
            return _("is in the group %(names)s") % {"names": _or(leaf.names)}
        case HasCondition():
            return _("has %(kinds)s") % {"kinds": _or(leaf.kinds)}
        case _:
            return rfm_in_words(leaf.condition)


def _order_words(leaf: OrderCondition) -> Iterator[str]:
    told = _or(leaf.statuses)
    yield _("has orders that are %(statuses)s") % {"statuses": told}
    if leaf.items:
        yield _("with the item %(items)s") % {"items": _or(leaf.items)}
    if leaf.categories:
        yield _("of the category %(categories)s") % {"categories": _or(leaf.categories)}
    if leaf.currency:
        yield _("in %(currency)s") % {"currency": leaf.currency}
    if leaf.window is not None:
        yield _window_words(leaf.window)
    if words := _count_words(leaf.count):
        yield words
    if leaf.total is not None:
        yield _("which come to %(range)s %(currency)s") % {
            "range": _range_words(leaf.total),
            "currency": leaf.currency,
        }


def _event_words(leaf: EventCondition) -> Iterator[str]:
    yield _("has events %(type)s") % {"type": leaf.event_type}
    yield from (f"{_place(test)} {_comparison_words(test.comparison)}" for test in leaf.tests)
    yield _window_words(leaf.window)
    if words := _count_words(leaf.count):
        yield words


def _place(test: ParameterTest) -> str:
    return f"{test.parameter} → {test.member}" if test.member else test.parameter


def _window_words(window: Window) -> str:
    if window.last_days is not None:
        if window.last_days == 0:
            return _("today")
        return ngettext("in the last %(days)s day", "in the last %(days)s days", window.last_days) % {
            "days": window.last_days
        }
    if window.first_day and window.last_day:
        return _("from %(first)s to %(last)s") % {"first": _value(window.first_day), "last": _value(window.last_day)}
    if window.first_day:
        return _("from %(first)s on") % {"first": _value(window.first_day)}
    return _("up to %(last)s") % {"last": _value(window.last_day)}


def _count_words(count: Range) -> str:
    """Nothing for the usual “at least one”."""
    if count == Range(at_least=Decimal(1)):
        return ""
    if count.at_most == 0:
        return _("none at all")
    return _("how many: %(range)s") % {"range": _range_words(count)}


def _range_words(bounds: Range) -> str:
    least, most = bounds.at_least, bounds.at_most
    if least is not None and least == most:
        return _("exactly %(number)s") % {"number": _value(least)}
    if least and most is not None:
        return _("from %(least)s to %(most)s") % {"least": _value(least), "most": _value(most)}
    if most is not None:
        return _("at most %(number)s") % {"number": _value(most)}
    return _("at least %(number)s") % {"number": _value(least)}


def _comparison_words(comparison: Comparison) -> str:
    if comparison.exists is not None:
        return _("is there") if comparison.exists else _("is not there")
    words = []
    if comparison.equals:
        words.append(_("is %(values)s") % {"values": _or([_value(value) for value in comparison.equals])})
    if comparison.contains is not None:
        words.append(_("contains %(text)s") % {"text": _value(comparison.contains)})
    if comparison.greater is not None:
        words.append(_("is after %(value)s") if isinstance(comparison.greater, date) else _("is above %(value)s"))
        words[-1] %= {"value": _value(comparison.greater)}
    if comparison.less is not None:
        words.append(_("is before %(value)s") if isinstance(comparison.less, date) else _("is below %(value)s"))
        words[-1] %= {"value": _value(comparison.less)}
    if comparison.last_days is not None:
        words.append(_window_words(Window(last_days=comparison.last_days)))
    return f" {_('and')} ".join(words)


def _value(value: Anything) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, date):
        return formats.date_format(value, "j M Y")
    return display.number(value) if isinstance(value, Decimal) else f"“{value}”"


def _or(values: Sequence[str]) -> str:
    return f" {_('or')} ".join(values)
