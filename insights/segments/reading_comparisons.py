"""Reads comparisons with a value, of a known type or of any. Pure; see reading.py."""

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from insights.segments.conditions import MAX_VALUES, Comparison, Scalar
from insights.segments.reading_values import A_DECIMAL, A_TEXT, Members, as_day, as_decimal, as_text, problem

OPERATORS = ("equals", "contains", "greater", "less", "exists", "lastDays")
A_DAY = "a day such as 2026-05-14"


def _any_scalar(value: Any) -> Scalar | None:
    if isinstance(value, bool):
        return value
    number = as_decimal(value)
    return as_text(value) if number is None else number


def _boolean(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


def _day_text(value: Any) -> str | None:
    day = as_day(value)
    return None if day is None else day.isoformat()


def _integer(value: Any) -> Decimal | None:
    number = as_decimal(value)
    return number if number is not None and number == number.to_integral_value() else None


# By type, "" for a value of any: what `equals` takes, and how that is read.
EQUALS: Mapping[str, tuple[str, Callable[[Any], Scalar | None]]] = {
    "": (f"{A_TEXT}, a number, true or false", _any_scalar),
    "text": (A_TEXT, as_text),
    "integer": ("a whole number such as 42", _integer),
    "decimal": (A_DECIMAL, as_decimal),
    "boolean": ("true or false", _boolean),
    "date": (A_DAY, _day_text),
    "datetime": (A_DAY, _day_text),
}
ORDERED = {"": "number", "integer": "number", "decimal": "number", "date": "day", "datetime": "day"}
TAKES: Mapping[str, tuple[str, ...]] = {
    "": ("equals", "contains", "greater", "less", "exists"),
    "text": ("equals", "contains", "exists"),
    "integer": ("equals", "greater", "less", "exists"),
    "decimal": ("equals", "greater", "less", "exists"),
    "boolean": ("equals", "exists"),
    "date": ("equals", "greater", "less", "lastDays", "exists"),
    "datetime": ("equals", "greater", "less", "lastDays", "exists"),
}
NAMES = {
    "text": "a text",
    "integer": "a whole number",
    "decimal": "a number",
    "boolean": "yes or no",
    "date": "a day",
    "datetime": "a moment",
}


def read_comparison(members: Members, value_type: str) -> Comparison:
    """What the members say of a value of the type ("": any); what does not fit the type is told at its place."""
    given = [name for name in OPERATORS if members.has(name)]
    for name in given:
        if name not in TAKES[value_type]:
            what = f"left out: the value is {NAMES[value_type]}, " if value_type else "left out: "
            members.tell(name, "wrong_type", f"{what}which takes {', '.join(TAKES[value_type])}")
    if not given:
        expected = f"given with one of {', '.join(TAKES[value_type])}"
        members.problems.append(problem(members.pointer, "missing", expected))
    if "exists" in given and len(given) > 1:
        members.tell("exists", "contradiction", "alone; other comparisons hold only of what exists")
    fitting = [name for name in given if name in TAKES[value_type]]
    return Comparison(
        equals=_read_equals(members, value_type) if "equals" in fitting else (),
        contains=_read_one(members, "contains", as_text, A_TEXT) if "contains" in fitting else None,
        greater=_read_bound(members, "greater", value_type) if "greater" in fitting else None,
        less=_read_bound(members, "less", value_type) if "less" in fitting else None,
        last_days=members.last_days() if "lastDays" in fitting else None,
        exists=_read_one(members, "exists", _boolean, "true or false") if "exists" in fitting else None,
    )


def _read_equals(members: Members, value_type: str) -> tuple[Scalar, ...]:
    given = members.given["equals"]
    several = given if isinstance(given, list) else [given]
    expected, read = EQUALS[value_type]
    if not several or len(several) > MAX_VALUES:
        members.tell("equals", "empty" if not several else "too_many", f"1 to {MAX_VALUES} values")
        return ()
    values = []
    for index, each in enumerate(several):
        value = read(each)
        if value is None:
            place = f"{members.place('equals')}/{index}" if isinstance(given, list) else members.place("equals")
            members.problems.append(problem(place, "wrong_type", expected, each))
        else:
            values.append(value)
    return tuple(values)


def _read_bound(members: Members, name: str, value_type: str) -> Decimal | date | None:
    if ORDERED[value_type] == "day":
        return members.day(name)
    return _read_one(members, name, as_decimal, f"{A_DECIMAL}; texts have no order")


def _read_one(members: Members, name: str, read: Callable[[Any], Any], expected: str) -> Any:
    value = read(members.given[name])
    if value is None:
        members.tell(name, "wrong_type", expected)
    return value
