"""A condition on RFM: read from JSON with all its problems, said in words, and evaluated in Python. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from contract.currencies import CURRENCIES
from contract.reasons import Problem
from insights.rfm.cells import SCORES, Segment, segment_of

SCORE_NAMES = ("recency", "frequency", "monetary")
MEMBERS = ("currency", "segment", *SCORE_NAMES)


@dataclass(frozen=True, slots=True, kw_only=True)
class RfmCondition:
    """All that is given must hold; of each, one of the values. An empty tuple asks nothing."""

    currency: str
    segments: tuple[Segment, ...] = ()
    recency: tuple[int, ...] = ()
    frequency: tuple[int, ...] = ()
    monetary: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores:
    """A contact's scores in one currency, each from 1 to 5."""

    recency: int
    frequency: int
    monetary: int


def holds(condition: RfmCondition, scores: Scores | None) -> bool:
    """Whether a contact with these scores in the condition's currency fulfils it; None: it has bought nothing there."""
    if scores is None:
        return False
    return all(
        not wanted or value in wanted
        for wanted, value in (
            (condition.segments, segment_of(scores.recency, scores.frequency)),
            (condition.recency, scores.recency),
            (condition.frequency, scores.frequency),
            (condition.monetary, scores.monetary),
        )
    )


def to_json(condition: RfmCondition) -> dict[str, Any]:
    """What stands under "rfm": the shortest form that parse_condition() reads as this condition."""
    told: dict[str, Any] = {"currency": condition.currency}
    if condition.segments:
        told["segment"] = _short([segment.value for segment in condition.segments])
    for name in SCORE_NAMES:
        if scores := getattr(condition, name):
            told[name] = _short(list(scores))
    return told


def _short(values: list[Any]) -> Any:
    return values[0] if len(values) == 1 else values


def parse_condition(value: Any, pointer: str = "") -> RfmCondition | list[Problem]:
    """The condition that stands under "rfm", or every problem of it. `pointer` is where the value stands."""
    if not isinstance(value, Mapping):
        return [_problem(pointer, "wrong_type", 'an object such as {"currency": "UAH", "segment": "champions"}')]
    problems = [
        _problem(f"{pointer}/{_escaped(str(name))}", "unknown_member", f"one of {', '.join(MEMBERS)}")
        for name in value
        if name not in MEMBERS
    ]
    currency = value.get("currency")
    if not isinstance(currency, str) or currency not in CURRENCIES:
        code = "missing" if currency is None else "invalid"
        problems.append(_problem(f"{pointer}/currency", code, "three capital letters of ISO 4217, such as UAH"))
    codes = [segment.value for segment in Segment]
    segments = _parse_values(value, "segment", codes, pointer, problems)
    scores = {name: _parse_values(value, name, SCORES, pointer, problems) for name in SCORE_NAMES}
    if not problems and not segments and not any(scores.values()):
        expected = f"at least one of {', '.join(MEMBERS[1:])} beside the currency"
        problems.append(_problem(pointer, "missing", expected))
    if problems:
        return problems
    return RfmCondition(currency=str(currency), segments=tuple(map(Segment, segments)), **scores)


def _parse_values(
    value: Mapping[str, Any], name: str, allowed: Sequence[Any], pointer: str, problems: list[Problem]
) -> tuple[Any, ...]:
    """One of the allowed values, or a list of some; what is wrong is added to `problems`."""
    given = value.get(name)
    if given is None:
        return ()
    several = given if isinstance(given, list) else [given]
    expected = f"one of {', '.join(map(str, allowed))}, or a list of them"
    if not several:
        problems.append(_problem(f"{pointer}/{name}", "empty", expected))
    for index, each in enumerate(several):
        if isinstance(each, bool) or not isinstance(each, type(allowed[0])) or each not in allowed:
            place = f"{pointer}/{name}/{index}" if isinstance(given, list) else f"{pointer}/{name}"
            problems.append(_problem(place, "invalid", expected))
            break
    else:
        return tuple(dict.fromkeys(several))
    return ()


def _escaped(name: str) -> str:
    return name[:80].replace("~", "~0").replace("/", "~1")


def _problem(pointer: str, code: str, expected: str) -> Problem:
    return Problem(pointer=pointer, code=code, detail=f"It must be {expected}.", expected=expected)
