"""Decides what keeps a JSON document from being an envelope: docs/rules.md, section 1. All of it, with pointers.

Pure: no Django, no clock, no I/O. The codes are stable API; docs/api.md lists them.
"""

from collections.abc import Iterator, Sequence
from datetime import tzinfo

from contract.json_values import JsonValue, escape_pointer, excerpt, is_storable
from contract.moments import FIRST_YEAR, LAST_YEAR, parse_moment
from contract.parameters import Parameters
from contract.reasons import Problem
from events.key_values import MAX_KEY_LENGTH, key_problem
from orders.rules import ORDER_EVENT_TYPES

MAX_PARAMETERS = 1_000
MAX_NAME_LENGTH = 255  # characters, of an event type's key and of a parameter's name


def find_faults(document: JsonValue, names: Sequence[str], parameters: Parameters, zone: tzinfo) -> Iterator[Problem]:
    """Every fault of a decoded document, in the order of its members.

    `names` and `parameters` are those that can be read: `names` as they were sent, duplicates included.
    """
    if not isinstance(document, dict):
        yield _not_an_object(document)
        return
    event_type_key, key_value = document.get("eventTypeKey"), document.get("keyValue")
    yield from _name_faults("/eventTypeKey", event_type_key)
    yield from _key_value_faults(key_value)
    if key_value in (None, ""):
        yield from _absent_key_faults(event_type_key, parameters)
    yield from _params_faults(document.get("params"), names)
    yield from _occurred_faults(document.get("occurred"), zone)


def _key_value_faults(value: JsonValue) -> Iterator[Problem]:
    if value is None:
        return
    if not isinstance(value, str):
        yield _wrong_type("/keyValue", value, f"a text of up to {MAX_KEY_LENGTH} characters")
    elif len(value) > MAX_KEY_LENGTH:
        yield _too_long("/keyValue", value, MAX_KEY_LENGTH)


def _absent_key_faults(event_type_key: JsonValue, parameters: Parameters) -> Iterator[Problem]:
    """Of an event whose type is not known, only what would be wrong with any type."""
    known = isinstance(event_type_key, str) and event_type_key
    types = [event_type_key] if known else ["", *ORDER_EVENT_TYPES]
    gaps = [key_problem(str(candidate), parameters) for candidate in types]
    if gaps[0] is not None and all(gaps):
        yield gaps[0]


def _params_faults(params: JsonValue, names: Sequence[str]) -> Iterator[Problem]:
    if params is None:
        return
    if not isinstance(params, (list, dict)):
        yield _wrong_type("/params", params, "a list of name/value pairs, or an object")
    elif (count := len(params if isinstance(params, list) else names)) > MAX_PARAMETERS:
        detail = f"There are {count:,} parameters; at most {MAX_PARAMETERS:,} are taken."
        expected = f"up to {MAX_PARAMETERS:,} parameters"
        yield Problem(pointer="/params", code="too_many", detail=detail, found=f"{count:,}", expected=expected)
    elif isinstance(params, list):
        for index, entry in enumerate(params):
            yield from _entry_faults(f"/params/{index}", entry)
    else:
        for name in filter(is_storable, params):
            yield from _name_faults(f"/params/{escape_pointer(name)}", name)


def _entry_faults(pointer: str, entry: JsonValue) -> Iterator[Problem]:
    if isinstance(entry, dict):
        yield from _name_faults(f"{pointer}/name", entry.get("name"))
    else:
        yield _wrong_type(pointer, entry, "an object with name and value")


def _name_faults(pointer: str, name: JsonValue) -> Iterator[Problem]:
    expected = f"a text of 1 to {MAX_NAME_LENGTH} characters"
    if name is None:
        yield Problem(pointer=pointer, code="missing", detail=f"{_place(pointer)} is missing.", expected=expected)
    elif not isinstance(name, str):
        yield _wrong_type(pointer, name, expected)
    elif name == "":
        detail = f"{_place(pointer)} is empty."
        yield Problem(pointer=pointer, code="empty", detail=detail, found='""', expected=expected)
    elif len(name) > MAX_NAME_LENGTH:
        yield _too_long(pointer, name, MAX_NAME_LENGTH)


def _occurred_faults(value: JsonValue, zone: tzinfo) -> Iterator[Problem]:
    if value is None:
        return
    expected = f"a date or a date-time of ISO 8601, of the years {FIRST_YEAR} to {LAST_YEAR}"
    if not isinstance(value, str):
        yield _wrong_type("/occurred", value, expected)
    elif parse_moment(value, zone, takes_a_day=True) is None:
        detail = "occurred is not a moment that can be taken."
        yield Problem(pointer="/occurred", code="invalid_date", detail=detail, found=excerpt(value), expected=expected)


def _wrong_type(pointer: str, value: JsonValue, expected: str) -> Problem:
    detail = f"{_place(pointer)} is {_kind(value)}; expected is {expected}."
    return Problem(pointer=pointer, code="wrong_type", detail=detail, found=excerpt(value), expected=expected)


def _not_an_object(document: JsonValue) -> Problem:
    detail = f"The event is {_kind(document)}; it must be an object with eventTypeKey and params."
    return Problem(pointer="", code="not_an_object", detail=detail, found=excerpt(document), expected="an object")


def _too_long(pointer: str, text: str, limit: int) -> Problem:
    detail = f"{_place(pointer)} has {len(text):,} characters; at most {limit} are taken."
    expected = f"a text of up to {limit} characters"
    return Problem(pointer=pointer, code="too_long", detail=detail, found=excerpt(text), expected=expected)


def _place(pointer: str) -> str:
    return pointer.removeprefix("/") or "The event"


def _kind(value: JsonValue) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "a boolean"
    if isinstance(value, str):
        return "a text"
    if isinstance(value, dict):
        return "an object"
    return "a list" if isinstance(value, list) else "a number"
