"""Reads a JSON Schema for the parameters of a custom event, and holds events against it: docs/rules.md, section 2.

Pure: no Django, no clock, no I/O. A schema is one document of JSON Schema 2020-12 that describes an object, whose
members are the event's parameters by name. It refers to nothing: no keyword can make anybody fetch an address, or walk
in a circle. Patterns run in an engine without backtracking, so that none can hold up a lane.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice
from typing import Any

import jsonschema_rs

from contract.json_values import JsonValue, NotJsonError, Number, check_depth, escape_pointer
from contract.parameters import Parameters
from contract.reasons import Caution, Problem, WarningCode

MAX_CHARACTERS = 20_000
MAX_VIOLATIONS = 20  # told of one event
MAX_DETAIL = 300  # characters
MAX_PATTERN_BYTES = 1_000_000  # of a compiled pattern
DIALECT = "https://json-schema.org/draft/2020-12/schema"

REFERRING = frozenset({"$ref", "$dynamicRef", "$recursiveRef", "$id", "$anchor", "$dynamicAnchor", "$vocabulary"})
NAMED_SCHEMAS = frozenset({"properties", "patternProperties", "$defs", "definitions", "dependentSchemas"})
LISTED_SCHEMAS = frozenset({"allOf", "anyOf", "oneOf", "prefixItems"})
ONE_SCHEMA = frozenset(
    {
        *("additionalProperties", "contains", "contentSchema", "else", "if", "items", "not"),
        *("propertyNames", "then", "unevaluatedItems", "unevaluatedProperties"),
    }
)

INVALID = "invalid_schema"


class SchemaError(ValueError):
    """This is no schema that can be taken; `problem` says where in it, and why."""

    def __init__(self, pointer: str, detail: str) -> None:
        self.problem = Problem(pointer=pointer, code=INVALID, detail=detail)
        super().__init__(f"{pointer}: {detail}" if pointer else detail)


@dataclass(frozen=True, slots=True)
class Checker:
    """A schema that events can be held against."""

    validator: jsonschema_rs.Draft202012Validator

    def violations(self, parameters: Parameters) -> tuple[Caution, ...]:
        """What of the parameters is not as the schema says, each with its pointer into the event; at most
        MAX_VIOLATIONS. No value of the event stands in a detail.
        """
        instance = {name: _plain(parameter.value) for name, parameter in parameters.items()}
        errors = self.validator.iter_errors(instance)
        return tuple(_caution(error, parameters) for error in islice(errors, MAX_VIOLATIONS))


def read_schema(text: str) -> Checker:
    """The schema that a JSON text holds. Raises SchemaError with the first thing that is wrong."""
    schema = _decode(text)
    for pointer, detail in _faults(schema):
        raise SchemaError(pointer, detail)
    try:
        return Checker(
            jsonschema_rs.Draft202012Validator(
                schema,
                validate_formats=True,
                mask="The value",
                offline=True,
                pattern_options=jsonschema_rs.RegexOptions(size_limit=MAX_PATTERN_BYTES),
            )
        )
    except jsonschema_rs.ValidationError as error:
        raise SchemaError(_pointer(error.instance_path), _shortened(_reason_of(error))) from error
    except (ValueError, jsonschema_rs.ReferencingError) as error:
        raise SchemaError("", _shortened(str(error))) from error


def _reason_of(error: jsonschema_rs.ValidationError) -> str:
    """The library's words, and for a pattern what it does not say: which ones are taken."""
    if error.instance_path and error.instance_path[-1] == "pattern":
        return f"{error.message} that can be taken: patterns have no look-around and no back-references."
    return f"{error.message}."


def _decode(text: str) -> dict[str, Any]:
    if len(text) > MAX_CHARACTERS:
        raise SchemaError("", f"It has {len(text):,} characters; at most {MAX_CHARACTERS:,} are taken.")
    try:
        check_depth(text.encode())
        schema = json.loads(text, parse_float=Decimal, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        raise SchemaError("", f"It is not JSON: {error.msg} (line {error.lineno}, column {error.colno}).") from error
    except NotJsonError as error:
        raise SchemaError(error.pointer, error.detail) from error
    except ValueError as error:  # surrogates, an integer of thousands of digits, NaN
        raise SchemaError("", f"It is not JSON: {error}.") from error
    if not isinstance(schema, dict):
        raise SchemaError("", "It has to be an object: {…}.")
    return schema


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON number")


def _faults(schema: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """What JSON Schema allows and we do not, with its pointer."""
    dialect = schema.get("$schema", DIALECT)
    if not isinstance(dialect, str) or dialect.removesuffix("#") != DIALECT:
        yield "/$schema", f"Schemas are JSON Schema 2020-12: leave it out, or write {DIALECT}."
    kind = schema.get("type", "object")
    if kind != "object" and not (isinstance(kind, list) and "object" in kind):
        yield "/type", "It describes an object, whose members are the event's parameters: “type” has to be “object”."
    yield from _references(schema, ())


def _references(schema: Any, path: tuple[str | int, ...]) -> Iterator[tuple[str, str]]:
    """Every keyword that refers to something, or lets something refer to it; names and data are not keywords."""
    if not isinstance(schema, dict):
        return
    for keyword, value in schema.items():
        here = (*path, keyword)
        if keyword in REFERRING:
            yield _pointer(here), f"“{keyword}” is not taken: write what it stands for in its place."
        elif keyword in NAMED_SCHEMAS and isinstance(value, dict):
            for name, inner in value.items():
                yield from _references(inner, (*here, name))
        elif keyword in LISTED_SCHEMAS and isinstance(value, list):
            for index, inner in enumerate(value):
                yield from _references(inner, (*here, index))
        elif keyword in ONE_SCHEMA:
            yield from _references(value, here)


def _plain(value: JsonValue) -> Any:
    """A decoded value as the library takes it: numbers with a point or an exponent as Decimals."""
    if isinstance(value, Number):
        return Decimal(value.text)
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    return value


def _caution(error: jsonschema_rs.ValidationError, parameters: Parameters) -> Caution:
    path = error.instance_path
    if not path:
        return Caution(code=WarningCode.SCHEMA_VIOLATION, detail=_shortened(f"{error.message}."), pointer="/params")
    name = str(path[0])
    parameter = parameters.get(name)
    start = parameter.pointer if parameter is not None else "/params"
    detail = _shortened(f"“{_shortened(name, 100)}”: {error.message}.")
    return Caution(code=WarningCode.SCHEMA_VIOLATION, detail=detail, pointer=start + _pointer(path[1:]))


def _pointer(path: Sequence[str | int]) -> str:
    return "".join(f"/{escape_pointer(str(part))}" for part in path)


def _shortened(text: str, length: int = MAX_DETAIL) -> str:
    return text if len(text) <= length else f"{text[: length - 1]}…"


TYPE_NAMES = {bool: "boolean", int: "integer", Number: "number", str: "string", list: "array", dict: "object"}


def type_of(value: JsonValue) -> str:
    """What JSON Schema calls the type of a decoded value."""
    return TYPE_NAMES.get(type(value), "null")


def draft_of(seen: Mapping[str, Mapping[str, int]], events: int) -> str:
    """A schema to begin with: the parameters as so many events had them. `seen` is {name: {type: how many events}}.

    Required is what every event had; a parameter that was null now and then may be null.
    """
    properties = {name: {"type": _types(counts)} for name, counts in sorted(seen.items())}
    required = sorted(name for name, counts in seen.items() if sum(counts.values()) == events)
    schema: dict[str, Any] = {"type": "object", "properties": properties}
    if required:
        schema["required"] = required
    return json.dumps(schema, indent=2, ensure_ascii=False)


def _types(counts: Mapping[str, int]) -> str | list[str]:
    names = sorted(counts)
    if "number" in names and "integer" in names:
        names.remove("integer")  # every integer is a number
    return names[0] if len(names) == 1 else names
