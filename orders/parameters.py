"""Reads the parameters of an event as an order with its items and custom fields (docs/rules.md, section 3).

Pure: no Django, no clock, no I/O. Never raises for bad input: a value that cannot be taken becomes a Problem with its
JSON pointer, and all of them are found at once.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from contract.json_values import JsonValue, NotJsonError, UnstorableError, decode, escape_pointer, excerpt
from contract.parameters import Parameter, Parameters
from contract.reasons import Problem, Reason
from orders.fields import ITEM_FIELDS, ITEMS, MAX_ITEMS, ORDER_FIELDS, ORDER_ID, Field
from orders.state import ItemState
from orders.values import READERS, Reader, Rejection, custom_value, second_level_value


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """The parameters of one event as an order's values, by attribute of OrderState; absent ones are not in it.

    `items` is None when the event has none. `problems` is empty when everything that is there can be taken.
    """

    values: Mapping[str, Any]
    items: tuple[ItemState, ...] | None
    custom_fields: Mapping[str, Any]
    problems: tuple[Problem, ...]


def read_order(
    parameters: Parameters,
    zone: ZoneInfo,
    *,
    required: tuple[str, ...],
    required_of_items: tuple[str, ...] = (),
    empty_is_absent: bool = False,
) -> Reading:
    """All that an event says of its order; `zone` is that of dates without an offset. null counts as absent.

    `empty_is_absent`: so does an empty text, in items too.
    """
    if empty_is_absent:
        parameters = without_empty(parameters)
    problems = _missing_parameters(parameters, required)
    members = ((name, parameter.value) for name, parameter in parameters.items() if name != ITEMS)
    values, custom_fields, rejected = _read_members(members, _ORDER_READERS, custom_value, zone)
    problems += [_invalid(name, parameters[name].pointer, parameters[name].value, why) for name, why in rejected]
    items = None
    if (sent := parameters.get(ITEMS)) is not None and sent.value is not None:
        items, problems_of_items = read_items(sent, zone, required_of_items, empty_is_absent=empty_is_absent)
        problems += problems_of_items
    return Reading(values=values, items=items, custom_fields=custom_fields, problems=tuple(problems))


def without_empty(parameters: Parameters) -> Parameters:
    """The parameters without those whose value is an empty text."""
    return {name: parameter for name, parameter in parameters.items() if parameter.value != ""}


def read_order_id(parameters: Parameters, zone: ZoneInfo) -> Reading:
    """Only the order's id, of an event that reads nothing else."""
    wanted = {ORDER_ID.name: parameters[ORDER_ID.name]} if ORDER_ID.name in parameters else {}
    return read_order(wanted, zone, required=(ORDER_ID.name,))


type Members = Iterable[tuple[str, JsonValue]]
type Readers = Mapping[str, tuple[str, Reader]]  # attribute and reader, by the name in the API


def _readers_of(fields: Iterable[Field]) -> Readers:
    return {field.name: (field.attribute, READERS[field.kind]) for field in fields}


_ORDER_READERS = _readers_of(ORDER_FIELDS)
_ITEM_READERS = _readers_of(ITEM_FIELDS)


def _read_members(
    members: Members, readers: Readers, keep: Callable[[JsonValue], Any], zone: ZoneInfo
) -> tuple[dict[str, Any], dict[str, Any], list[tuple[str, Rejection]]]:
    """The values by attribute, the custom fields, and what cannot be taken."""
    values: dict[str, Any] = {}
    custom_fields: dict[str, Any] = {}
    rejected: list[tuple[str, Rejection]] = []
    for name, value in members:
        if value is None:
            continue
        known = readers.get(name)
        if known is None:
            custom_fields[name] = keep(value)
            continue
        attribute, read = known
        result = read(value, zone)
        if result.__class__ is Rejection:
            rejected.append((name, result))
        else:
            values[attribute] = result
    return values, custom_fields, rejected


# Items


def read_items(
    sent: Parameter, zone: ZoneInfo, required: tuple[str, ...], *, empty_is_absent: bool = False
) -> tuple[tuple[ItemState, ...], list[Problem]]:
    """The items of a parameter that holds an array of them, or a JSON string of one."""
    value = sent.value
    if isinstance(value, str):
        try:
            value = decode(value)
        except NotJsonError as error:
            return (), list(_problems_of_json_string(sent, error))
    if not isinstance(value, list):
        return (), [_invalid(ITEMS, sent.pointer, sent.value, _ITEMS_EXPECTED)]
    if len(value) > MAX_ITEMS:
        return (), [_too_many_items(sent.pointer, len(value))]
    items: list[ItemState] = []
    problems: list[Problem] = []
    for position, item in enumerate(value):
        pointer = f"{sent.pointer}/{position}"
        if not isinstance(item, dict):
            problems.append(_invalid("An item", pointer, item, _ITEM_EXPECTED))
            continue
        if empty_is_absent:
            item = {name: member for name, member in item.items() if member != ""}
        if found := _problems_or_item(item, pointer, zone, required, items):
            problems += found
    return tuple(items), problems


def _problems_or_item(
    item: dict[str, JsonValue], pointer: str, zone: ZoneInfo, required: tuple[str, ...], items: list[ItemState]
) -> list[Problem]:
    """Appends the item to `items`, or says all that is wrong with it."""
    values, custom_fields, rejected = _read_members(item.items(), _ITEM_READERS, second_level_value, zone)
    problems = [_missing_of_item(name, pointer) for name in required if item.get(name) is None]
    problems += [_invalid(name, f"{pointer}/{escape_pointer(name)}", item[name], why) for name, why in rejected]
    if not problems:
        items.append(ItemState(custom_fields=custom_fields, **values))
    return problems


_ITEMS_EXPECTED = Rejection("an array of items, or a JSON string of one")
_ITEM_EXPECTED = Rejection("an object")


def _problems_of_json_string(sent: Parameter, error: NotJsonError) -> Iterator[Problem]:
    refusals = error.refusals if isinstance(error, UnstorableError) else (error,)
    for refusal in refusals:
        yield Problem(
            pointer=sent.pointer + refusal.pointer,
            code=Reason.INVALID_PARAMETER,
            detail=f"items must be {_ITEMS_EXPECTED.expected}. {refusal.detail}",
            found=excerpt(sent.value),
            expected=_ITEMS_EXPECTED.expected,
        )


def _too_many_items(pointer: str, count: int) -> Problem:
    return Problem(
        pointer=pointer,
        code=Reason.INVALID_PARAMETER,
        detail=f"An order may have at most {MAX_ITEMS:,} items, and this one has {count:,}.",
        found=f"{count:,} items",
        expected=f"at most {MAX_ITEMS:,} items",
    )


# Problems


def _missing_parameters(parameters: Parameters, required: Iterable[str]) -> list[Problem]:
    absent = [name for name in required if (sent := parameters.get(name)) is None or sent.value is None]
    return [_missing(name, "/params", f"The parameter {name} is required and is not there.") for name in absent]


def _missing_of_item(name: str, pointer: str) -> Problem:
    return _missing(name, pointer, f"Each item needs {name}, and this one has none.")


def _missing(name: str, pointer: str, detail: str) -> Problem:
    return Problem(pointer=pointer, code=Reason.MISSING_PARAMETER, detail=detail, expected=name)


def _invalid(name: str, pointer: str, value: JsonValue, why: Rejection) -> Problem:
    found = excerpt(value)
    return Problem(
        pointer=pointer,
        code=Reason.INVALID_PARAMETER,
        detail=f"{name} must be {why.expected}; found {found}.",
        found=found,
        expected=why.expected,
    )
