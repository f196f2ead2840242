"""Decides what stands for an absent `keyValue`: docs/api.md. Pure: no Django, no I/O.

An order event takes its externalOrderId; any other event the first of KEY_PARAMETERS that holds a text, a number or a
boolean, whatever the case of its name. A null or an empty text counts as absent.
"""

from contract.json_values import JsonValue, excerpt, text_of
from contract.parameters import Parameter, Parameters
from contract.reasons import Problem
from orders.rules import ORDER_EVENT_TYPES

MAX_KEY_LENGTH = 255  # characters
ORDER_ID = "externalOrderId"
KEY_PARAMETERS = ("contactId", "externalCustomerId", "email", "phone", "pushToken")


def order_key_of(event_type_key: str, parameters: Parameters) -> str:
    """The id of the order that an order event is about, when it can be used as one; else ""."""
    return _usable_text(parameters.get(ORDER_ID)) if event_type_key in ORDER_EVENT_TYPES else ""


def derived_key(event_type_key: str, parameters: Parameters) -> str:
    """The text that stands for an absent keyValue, or "" when there is none: key_problem() then says why."""
    return _usable_text(_key_parameter(event_type_key, parameters))


def key_problem(event_type_key: str, parameters: Parameters) -> Problem | None:
    """Why no text can stand for an absent keyValue; None when one does."""
    parameter = _key_parameter(event_type_key, parameters)
    if _usable_text(parameter):
        return None
    names = ORDER_ID if event_type_key in ORDER_EVENT_TYPES else " or ".join(KEY_PARAMETERS)
    found = ""
    if parameter is None or parameter.value is None or parameter.value == "":
        code, detail = "missing", f"There is no keyValue, and no parameter {names} that could stand for it."
    else:
        found = excerpt(parameter.value)
        code = "wrong_type" if isinstance(parameter.value, (list, dict)) else "too_long"
        detail = f"There is no keyValue, and what would stand for it at {parameter.pointer} cannot be used."
    expected = f"a text of 1 to {MAX_KEY_LENGTH} characters in keyValue or in {names}"
    return Problem(pointer="/keyValue", code=code, detail=detail, found=found, expected=expected)


def _key_parameter(event_type_key: str, parameters: Parameters) -> Parameter | None:
    """The parameter that stands for keyValue."""
    if event_type_key in ORDER_EVENT_TYPES:
        return parameters.get(ORDER_ID)
    present = {name.lower(): parameter for name, parameter in parameters.items() if _scalar_text(parameter.value)}
    return next((present[name.lower()] for name in KEY_PARAMETERS if name.lower() in present), None)


def _usable_text(parameter: Parameter | None) -> str:
    text = "" if parameter is None else _scalar_text(parameter.value)
    return text if len(text) <= MAX_KEY_LENGTH else ""


def _scalar_text(value: JsonValue) -> str:
    """A text as it is, a number or boolean as its JSON text, anything else as ""."""
    return "" if value is None or isinstance(value, (list, dict)) else text_of(value)
