"""Reads what stands under "events". Pure; see reading.py."""

from collections.abc import Mapping
from typing import Any

from contract.reasons import Problem
from insights.segments.conditions import MAX_EVENT_DAYS, EventCondition, ParameterTest, Window
from insights.segments.reading_comparisons import OPERATORS, read_comparison
from insights.segments.reading_values import Members, problem
from insights.segments.vocabulary import Vocabulary

MEMBERS = ("type", "where", "lastDays", "from", "to", "count")
MAX_TESTS = 10
EXAMPLE = 'an object such as {"type": "productViewed", "lastDays": 30}'
TEST_EXAMPLE = 'an object such as {"parameter": "items", "member": "externalItemId", "equals": "200600"}'
A_WINDOW = f"given with “lastDays” or with “from” and “to”, at most {MAX_EVENT_DAYS} days: events are read one by one"


def read_events(value: Any, pointer: str, vocabulary: Vocabulary, problems: list[Problem]) -> EventCondition | None:
    """The condition, or None after telling every problem of it."""
    if not isinstance(value, Mapping):
        problems.append(problem(pointer, "wrong_type", EXAMPLE, value))
        return None
    before = len(problems)
    members = Members(value, pointer, problems)
    members.only(MEMBERS)
    event_type = members.text("type", is_required=True)
    if event_type and event_type not in vocabulary.event_types:
        members.tell("type", "unknown_type", "the name of an event type that events have carried")
    window, count, tests = _read_window(members), members.count(), _read_tests(members)
    if len(problems) > before or window is None:
        return None
    return EventCondition(
        pointer=pointer,
        event_type=event_type,
        event_type_id=vocabulary.event_types[event_type],
        window=window,
        tests=tests,
        count=count,
    )


def _read_window(members: Members) -> Window | None:
    before = len(members.problems)
    window = members.window(MAX_EVENT_DAYS)
    if len(members.problems) > before:
        return None
    if window is None:
        members.problems.append(problem(members.pointer, "missing", A_WINDOW))
        return None
    if window.last_days is None:
        missing = "from" if window.first_day is None else "to" if window.last_day is None else ""
        if missing:
            members.tell(missing, "missing", A_WINDOW)
            return None
        if window.first_day and window.last_day and (window.last_day - window.first_day).days >= MAX_EVENT_DAYS:
            members.tell("to", "too_long", A_WINDOW)
            return None
    return window


def _read_tests(members: Members) -> tuple[ParameterTest, ...]:
    if not members.has("where"):
        return ()
    given = members.given["where"]
    if not isinstance(given, list) or not 1 <= len(given) <= MAX_TESTS:
        members.tell("where", "wrong_type", f"a list of 1 to {MAX_TESTS} tests of parameters")
        return ()
    tests = []
    for index, each in enumerate(given):
        place = f"{members.place('where')}/{index}"
        if not isinstance(each, Mapping):
            members.problems.append(problem(place, "wrong_type", TEST_EXAMPLE, each))
            continue
        inner = Members(each, place, members.problems)
        inner.only(("parameter", "member", *OPERATORS[:-1]))
        parameter, member = inner.text("parameter", is_required=True), inner.text("member")
        tests.append(ParameterTest(parameter=parameter, member=member, comparison=read_comparison(inner, "")))
    return tuple(tests)
