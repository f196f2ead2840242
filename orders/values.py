"""Reads one value of what was sent: text, number, date, or a custom field (docs/rules.md, section 3).

Pure: no Django, no clock, no I/O. Never raises for bad input: what cannot be taken is a Rejection that says what could.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

from contract.currencies import CURRENCIES
from contract.json_values import JsonValue, Number, encode
from contract.moments import parse_moment
from orders.fields import STATUSES, FieldKind


@dataclass(frozen=True, slots=True)
class Rejection:
    """A value cannot be taken; `expected` completes “… must be”."""

    expected: str


type Reader = Callable[[JsonValue, ZoneInfo], Any]  # the value, or a Rejection; the zone is that of dates without one


# Texts


def _text_reader(least: int, most: int) -> Reader:
    """Text of `least` to `most` characters; numbers and booleans are taken as their JSON text."""
    rejection = Rejection(
        f"text of {least} to {most:,} characters" if least else f"text of at most {most:,} characters"
    )

    def read(value: JsonValue, _: ZoneInfo) -> str | Rejection:
        text = value if isinstance(value, str) else _scalar_text(value)
        return text if text is not None and least <= len(text) <= most else rejection

    return read


def _scalar_text(value: JsonValue) -> str | None:
    if isinstance(value, Number):
        return value.text
    return encode(value) if isinstance(value, int) else None


def _read_status(value: JsonValue, _: ZoneInfo) -> str | Rejection:
    return value if isinstance(value, str) and value in STATUSES else _STATUS_EXPECTED


def _read_currency(value: JsonValue, _: ZoneInfo) -> str | Rejection:
    return value if isinstance(value, str) and value in CURRENCIES else _CURRENCY_EXPECTED


_STATUS_EXPECTED = Rejection(f"one of {', '.join(STATUSES)}")
_CURRENCY_EXPECTED = Rejection("three capital letters of ISO 4217, such as UAH")


# Dates


def _read_date(value: JsonValue, zone: ZoneInfo) -> datetime | Rejection:
    if isinstance(value, str) and (moment := parse_moment(value, zone, takes_a_day=False)) is not None:
        return moment
    return _DATE_EXPECTED


_DATE_EXPECTED = Rejection("a date and time of ISO 8601, such as 2020-05-14T10:11:00 or 2020-05-14T10:11:00+03:00")


# Numbers

MAX_DIGITS = 18
MONEY_DECIMALS, QUANTITY_DECIMALS = 4, 3
_USUAL = re.compile(r"[0-9]{1,14}(?:\.[0-9]{1,3})?")  # within every limit: nearly all amounts are read by this alone
_DECIMAL = re.compile(r"[0-9]+(?:\.[0-9]+)?")
_MONEY_EXPECTED = Rejection(f"a number of at most {MAX_DIGITS} digits, {MONEY_DECIMALS} of them decimals, not negative")
_QUANTITY_EXPECTED = Rejection(f"a number above 0 of at most {MAX_DIGITS} digits, {QUANTITY_DECIMALS} of them decimals")


def _read_money(value: JsonValue, _: ZoneInfo) -> Decimal | Rejection:
    amount = read_decimal(value, MONEY_DECIMALS)
    return _MONEY_EXPECTED if amount is None else amount


def _read_quantity(value: JsonValue, _: ZoneInfo) -> Decimal | Rejection:
    quantity = read_decimal(value, QUANTITY_DECIMALS)
    return quantity if quantity else _QUANTITY_EXPECTED


def read_decimal(value: JsonValue, most_decimals: int) -> Decimal | None:
    """The exact number with the digits it was written with, or None for what is none, negative or out of limits.

    Text has to be plain (`19.90`); only JSON numbers may have an exponent, and it is expanded.
    """
    text = value.text if isinstance(value, Number) else str(value) if type(value) is int else value
    if isinstance(text, str) and _USUAL.fullmatch(text):
        return Decimal(text)
    amount = _exact(value)
    if amount is None or _integer_digits(amount) + _decimals(amount) > MAX_DIGITS or _decimals(amount) > most_decimals:
        return None
    if amount < 0:
        return None
    return _without_exponent(amount.copy_abs())  # -0 is 0


def _exact(value: JsonValue) -> Decimal | None:
    """The number that a JSON value writes, of any size; None when it is no number or has an absurd exponent."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return Decimal(value)
    if isinstance(value, Number):
        return _decimal_of_literal(value.text)
    return Decimal(value) if isinstance(value, str) and _DECIMAL.fullmatch(value) else None


def _decimal_of_literal(text: str) -> Decimal | None:
    try:
        return Decimal(text)
    except InvalidOperation:  # an exponent of more than 18 digits
        return None


def _decimals(amount: Decimal) -> int:
    return max(-_exponent(amount), 0)


def _integer_digits(amount: Decimal) -> int:
    """The digits before the point, leading zeros dropped: 0 for 0.5."""
    return max(amount.adjusted() + 1, 0) if amount else 0


def _exponent(amount: Decimal) -> int:
    exponent = amount.as_tuple().exponent
    assert isinstance(exponent, int), "JSON has no NaN and no infinity"
    return exponent


def _without_exponent(amount: Decimal) -> Decimal:
    return amount if _exponent(amount) <= 0 else Decimal(format(amount, "f") if amount else 0)


# Custom fields

MAX_CUSTOM_DIGITS = 100  # of a number; a longer one is kept as the text it was sent as


def custom_value(value: JsonValue) -> Any:
    """A parameter's value as a custom field: what is nested below the second level becomes its JSON text.

    Numbers become int or Decimal, with the same value in the same digits, the exponent expanded.
    """
    if isinstance(value, dict):
        return _second_level(value)
    if isinstance(value, list):
        return [_second_level(member) if isinstance(member, dict) else second_level_value(member) for member in value]
    return _scalar(value)


def _second_level(value: dict[str, JsonValue]) -> dict[str, Any]:
    return {name: second_level_value(member) for name, member in value.items()}


def second_level_value(value: JsonValue) -> Any:
    """A value inside an item, an object or an array: an array or object is kept as its JSON text."""
    return encode(value) if isinstance(value, dict | list) else _scalar(value)


def _scalar(value: JsonValue) -> Any:
    if isinstance(value, Number):
        return _custom_number(value)
    if isinstance(value, int) and not _LEAST_PLAIN < value < _LONGEST_PLAIN:
        return encode(value)
    return value


_LONGEST_PLAIN = 10**MAX_CUSTOM_DIGITS
_LEAST_PLAIN = -_LONGEST_PLAIN


def _custom_number(number: Number) -> int | Decimal | str:
    amount = _decimal_of_literal(number.text)
    if amount is None or max(_integer_digits(amount), 1) + _decimals(amount) > MAX_CUSTOM_DIGITS:
        return number.text
    if _decimals(amount):
        return amount if amount else amount.copy_abs()  # PostgreSQL has no -0.0
    return int(amount) if amount else 0


READERS: dict[FieldKind, Reader] = {
    FieldKind.ID: _text_reader(1, 255),
    FieldKind.OPTIONAL_ID: _text_reader(0, 255),
    FieldKind.NAME: _text_reader(1, 2_000),
    FieldKind.TEXT: _text_reader(0, 2_000),
    FieldKind.LINK: _text_reader(1, 2_048),
    FieldKind.OPTIONAL_LINK: _text_reader(0, 2_048),
    FieldKind.MONEY: _read_money,
    FieldKind.QUANTITY: _read_quantity,
    FieldKind.STATUS: _read_status,
    FieldKind.CURRENCY: _read_currency,
    FieldKind.DATE: _read_date,
}
