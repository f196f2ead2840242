"""Decides how Python values are written as JSON: digits, moments and text arrive exactly as they are held here.

Decimals are written as text ("258.00"), which the API takes wherever it takes a number. A float is refused: what it
holds is rarely what was meant (0.1 + 0.2). So is a datetime without a time zone, whose moment nobody knows.
"""

import json
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID


def to_json(value: Any) -> bytes:
    """Compact JSON in UTF-8. Bytes are taken as JSON that is written already.

    Takes None, bool, int, str, Decimal, date, aware datetime, UUID, and mappings, lists and tuples of them. Raises
    TypeError or ValueError, which name the place, for what cannot be written exactly.
    """
    if isinstance(value, bytes):
        return _checked(value)
    text = json.dumps(_plain(value, ""), ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise ValueError("A text holds half a surrogate pair, which is no character.") from error


def from_json(data: bytes) -> Any:
    """The value of an answer; a number with a point is a Decimal."""
    return json.loads(data, parse_float=Decimal)


def _checked(data: bytes) -> bytes:
    """One bad body would spoil all the others of its request."""
    try:
        json.loads(data)
    except ValueError as error:
        raise ValueError(f"The bytes are not one JSON document: {error}") from error
    return data


def _plain(value: Any, place: str) -> Any:
    match value:
        case None | bool() | int() | str():
            return value
        case float():
            raise TypeError(f"{place or 'The value'} is a float, whose digits are not exact; use Decimal or str.")
        case Decimal():
            return _digits(value, place)
        case datetime():
            return _moment(value, place)
        case date():
            return value.isoformat()
        case UUID():
            return str(value)
        case Mapping():
            return {_name(name, place): _plain(member, f"{place}/{name}") for name, member in value.items()}
        case list() | tuple():
            return [_plain(element, f"{place}/{index}") for index, element in enumerate(value)]
    raise TypeError(f"{place or 'The value'} is a {type(value).__name__}, which JSON has no form for.")


def _digits(value: Decimal, place: str) -> str:
    if not value.is_finite():
        raise ValueError(f"{place or 'The value'} is {value}, which is no number.")
    return format(value, "f")  # never 1E+3


def _moment(value: datetime, place: str) -> str:
    if value.utcoffset() is None:
        raise ValueError(f"{place or 'The value'} is a datetime without a time zone; give it its tzinfo.")
    return value.isoformat()


def _name(name: Any, place: str) -> str:
    if not isinstance(name, str):
        raise TypeError(f"{place or 'The value'} has the name {name!r}; names are texts.")
    return name
