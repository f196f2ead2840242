"""Decides what a value of a contact field must be, by the field's type: docs/rules.md, section 6.

A value is kept in one form, however it was sent: a whole number as a JSON number, a moment in the account's time zone.
Pure: no Django, no clock. Never raises for bad input: None says that the value cannot be taken.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date, tzinfo
from decimal import Decimal
from typing import Any

from contract.json_values import JsonValue, Number, encode, text_of
from contract.moments import parse_moment, present_moment

ANY = ""  # the type of a field that nobody declared
MAX_TEXT = 2_000  # characters
MAX_EXPONENT = 100  # of a number in a field: far from what a numeric of PostgreSQL or an int of Python cannot hold
_integer = re.compile(r"-?[0-9]{1,18}", re.ASCII)
_decimal = re.compile(r"-?[0-9]{1,18}(\.[0-9]{1,9})?", re.ASCII)
_day = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_BOOLEANS = {"true": True, "false": False}

# By the values of contacts.models.FieldType.
EXPECTED: Mapping[str, str] = {
    ANY: f"at most {MAX_TEXT:,} characters of JSON, numbers of at most {MAX_EXPONENT} digits",
    "text": f"a text of at most {MAX_TEXT:,} characters",
    "integer": "a whole number of at most 18 digits, such as 42",
    "decimal": "a number with a point, at most 18 digits before and 9 after it, such as 1.50",
    "boolean": "true or false",
    "date": "a day such as 2026-05-14",
    "datetime": "a moment such as 2026-05-14T10:11:00+03:00",
}


def read_field_value(field_type: str, value: JsonValue, time_zone: tzinfo) -> Any:
    """The value as a field of this type keeps it, None when it cannot be taken; `value` is neither null nor empty.

    A moment without an offset is read in `time_zone`.
    """
    if field_type == ANY:
        return exact(value) if is_storable(value) else None
    if isinstance(value, list | dict):
        return None
    return _READERS[field_type](text_of(value), time_zone)


def _read_text(text: str, _: tzinfo) -> str | None:
    return text if len(text) <= MAX_TEXT else None


def _read_integer(text: str, _: tzinfo) -> int | None:
    return int(text) if _integer.fullmatch(text) else None


def _read_decimal(text: str, _: tzinfo) -> Decimal | None:
    return Decimal(text) if _decimal.fullmatch(text) else None


def _read_boolean(text: str, _: tzinfo) -> bool | None:
    return _BOOLEANS.get(text.lower()) if len(text) <= len("false") else None


def _read_day(text: str, _: tzinfo) -> str | None:
    if not _day.fullmatch(text):
        return None
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:  # no such day
        return None


def _read_moment(text: str, time_zone: tzinfo) -> str | None:
    moment = parse_moment(text, time_zone, takes_a_day=False)
    return None if moment is None else present_moment(moment, time_zone)


_READERS: Mapping[str, Callable[[str, tzinfo], Any]] = {
    "text": _read_text,
    "integer": _read_integer,
    "decimal": _read_decimal,
    "boolean": _read_boolean,
    "date": _read_day,
    "datetime": _read_moment,
}


# --- Values of any type: those of fields that nobody declared, and lines of an address ---


def is_storable(value: JsonValue) -> bool:
    """Whether a value is short enough, and its numbers within what PostgreSQL and Python can both hold."""
    if isinstance(value, str):
        return len(value) <= MAX_TEXT
    return len(encode(value)) <= MAX_TEXT and all(_is_near(number) for number in _numbers_in(value))


def _numbers_in(value: JsonValue) -> Iterator[Number | int]:
    if isinstance(value, dict | list):
        for member in value.values() if isinstance(value, dict) else value:
            yield from _numbers_in(member)
    elif isinstance(value, Number) or (isinstance(value, int) and not isinstance(value, bool)):
        yield value


def _is_near(number: Number | int) -> bool:
    """Whether a number has at most MAX_EXPONENT digits, written out in full."""
    if isinstance(number, int):
        return abs(number) < 10**MAX_EXPONENT
    text = text_of(number)
    try:
        return len(text) <= MAX_EXPONENT and abs(Decimal(text).adjusted()) < MAX_EXPONENT
    except ArithmeticError:  # an exponent that not even a Decimal can hold
        return False


def exact(value: JsonValue) -> Any:
    """The value as it is kept: numbers with a point or an exponent as Decimals."""
    if isinstance(value, Number):
        return Decimal(value.text)
    if isinstance(value, list):
        return [exact(member) for member in value]
    if isinstance(value, dict):
        return {name: exact(member) for name, member in value.items()}
    return value
