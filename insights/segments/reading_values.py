"""Reads the values that conditions share: texts, numbers, days, windows, ranges. Pure; see reading.py."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from contract.json_values import Number, escape_pointer, excerpt, is_storable
from contract.reasons import Problem
from insights.segments.conditions import MAX_COUNT, MAX_LAST_DAYS, MAX_TEXT, MAX_VALUES, Range, Window

A_NUMBER = re.compile(r"-?[0-9]{1,18}(\.[0-9]{1,18})?", re.ASCII)
A_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(9998, 12, 30)  # what every zone can turn into a moment and back
A_TEXT = f"a text of 1 to {MAX_TEXT} characters"
A_DECIMAL = "a number of at most 18 digits before and after the point, such as 258.00"
A_COUNT = f"a whole number from 0 to {MAX_COUNT}"


def problem(pointer: str, code: str, expected: str, found: Any = "") -> Problem:
    """A Problem whose sentence says what it must be."""
    shown = "" if found == "" else excerpt(found)
    return Problem(pointer=pointer, code=code, detail=f"It must be {expected}.", found=shown, expected=expected)


def as_decimal(value: Any) -> Decimal | None:
    """The exact number that a JSON number is; None for anything else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return Decimal(value) if abs(value) < 10**18 else None
    text = format(value, "f") if isinstance(value, Decimal) else value.text if isinstance(value, Number) else ""
    return Decimal(text) if A_NUMBER.fullmatch(text) else None


def as_day(value: Any) -> date | None:
    """The day that a text such as 2026-05-14 names; None for anything else."""
    if not isinstance(value, str) or not A_DAY.fullmatch(value):
        return None
    try:
        day = date.fromisoformat(value)
    except ValueError:  # no such day
        return None
    return day if FIRST_DAY <= day <= LAST_DAY else None


def as_text(value: Any) -> str | None:
    """A text that can be compared; None for anything else."""
    return value if isinstance(value, str) and 1 <= len(value) <= MAX_TEXT and is_storable(value) else None


@dataclass(slots=True)
class Members:
    """The members of an object that are read one by one; what is wrong is added to `problems`.

    A null counts as absent.
    """

    given: Mapping[str, Any]
    pointer: str
    problems: list[Problem]

    def place(self, name: str) -> str:
        return f"{self.pointer}/{escape_pointer(name)[:160]}"

    def tell(self, name: str, code: str, expected: str) -> None:
        self.problems.append(problem(self.place(name), code, expected, self.given.get(name, "")))

    def has(self, name: str) -> bool:
        return self.given.get(name) is not None

    def only(self, known: Sequence[str]) -> None:
        """Tells every member that is not known."""
        self.problems.extend(
            problem(self.place(str(name)), "unknown_member", f"one of {', '.join(known)}")
            for name in self.given
            if name not in known
        )

    def text(self, name: str, *, is_required: bool = False) -> str:
        """A text; "" when it is absent or wrong."""
        if not self.has(name):
            if is_required:
                self.tell(name, "missing", A_TEXT)
            return ""
        text = as_text(self.given[name])
        if text is None:
            self.tell(name, "invalid", A_TEXT)
        return text or ""

    def texts(self, name: str, allowed: Sequence[str] = ()) -> tuple[str, ...]:
        """A text or a list of texts, each once; () when there is none or something is wrong."""
        if not self.has(name):
            return ()
        given = self.given[name]
        several = given if isinstance(given, list) else [given]
        expected = f"one of {', '.join(allowed)}" if allowed else A_TEXT
        if not several or len(several) > MAX_VALUES:
            self.tell(name, "empty" if not several else "too_many", f"1 to {MAX_VALUES} texts")
            return ()
        for index, each in enumerate(several):
            if as_text(each) is None or (allowed and each not in allowed):
                place = f"{self.place(name)}/{index}" if isinstance(given, list) else self.place(name)
                self.problems.append(problem(place, "invalid", expected, each))
                return ()
        return tuple(dict.fromkeys(several))

    def inside(self, name: str, example: str) -> "Members | None":
        """The object that a member holds; None when it is absent or none."""
        if not self.has(name):
            return None
        if not isinstance(self.given[name], Mapping):
            self.tell(name, "wrong_type", f"an object such as {example}")
            return None
        return Members(self.given[name], self.place(name), self.problems)

    def day(self, name: str) -> date | None:
        if not self.has(name):
            return None
        day = as_day(self.given[name])
        if day is None:
            self.tell(name, "invalid", "a day such as 2026-05-14")
        return day

    def last_days(self, most: int = MAX_LAST_DAYS) -> int | None:
        if not self.has("lastDays"):
            return None
        days = self.given["lastDays"]
        if isinstance(days, bool) or not isinstance(days, int) or not 0 <= days <= most:
            self.tell("lastDays", "invalid", f"a whole number of days from 0 to {most}")
            return None
        return days

    def window(self, most_days: int = MAX_LAST_DAYS) -> Window | None:
        """What `lastDays`, or `from` and `to`, say; None when none is given or something is wrong."""
        last_days, first, last = self.last_days(most_days), self.day("from"), self.day("to")
        if self.has("lastDays") and (self.has("from") or self.has("to")):
            self.tell("lastDays", "contradiction", "left out where there is “from” or “to”")
            return None
        if first and last and first > last:
            self.tell("to", "impossible_range", f"the day of “from”, {first}, or a later one")
            return None
        if last_days is None and first is None and last is None:
            return None
        return Window(last_days=last_days, first_day=first, last_day=last)

    def count(self) -> Range:
        """How many: at least one, unless it is said; from none on where only `atMost` is said."""
        inner = self.inside("count", '{"atLeast": 2}')
        if inner is None:
            return Range(at_least=Decimal(1))
        inner.only(("atLeast", "atMost"))
        found = inner.bounds(whole=True)
        return Range(at_least=found.at_least or Decimal(0), at_most=found.at_most)

    def bounds(self, *, whole: bool) -> Range:
        """`atLeast` and `atMost`, of which at least one must be there."""
        found: dict[str, Decimal | None] = {}
        for name in ("atLeast", "atMost"):
            value = as_decimal(self.given.get(name))
            is_count = value is not None and value == int(value) and 0 <= value <= MAX_COUNT
            if self.has(name) and (value is None or value < 0 or (whole and not is_count)):
                self.tell(name, "wrong_type" if value is None else "invalid", A_COUNT if whole else A_DECIMAL)
                value = None
            found[name] = value
        if not self.has("atLeast") and not self.has("atMost"):
            self.problems.append(problem(self.pointer, "missing", "given with “atLeast”, “atMost” or both"))
        at_least, at_most = found["atLeast"], found["atMost"]
        if at_least is not None and at_most is not None and at_least > at_most:
            self.tell("atMost", "impossible_range", f"the {at_least} of “atLeast”, or more")
        return Range(at_least=at_least, at_most=at_most)
