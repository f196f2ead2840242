"""The OpenAPI document as tests read it: operations, and what conforms to a schema of it."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import jsonschema_rs
from drf_spectacular.generators import SchemaGenerator

from contract.json_values import encode

METHODS = ("get", "post", "put", "patch", "delete")


@cache
def document() -> dict[str, Any]:
    """The document of the application's own addresses, whatever ROOT_URLCONF a test has."""
    return json.loads(encode(SchemaGenerator(urlconf="config.urls").get_schema(request=None, public=True)))


@dataclass(frozen=True)
class Operation:
    path: str
    method: str
    told: dict[str, Any]

    def __str__(self) -> str:
        return f"{self.method.upper()} {self.path}"

    @property
    def responses(self) -> dict[str, Any]:
        return self.told["responses"]

    def parameters(self, place: str) -> dict[str, dict[str, Any]]:
        return {each["name"]: each for each in self.told.get("parameters", []) if each["in"] == place}


@cache
def operations() -> tuple[Operation, ...]:
    return tuple(
        Operation(path, method, told)
        for path, methods in document()["paths"].items()
        for method, told in methods.items()
        if method in METHODS
    )


@cache
def _addresses() -> list[tuple[re.Pattern[str], str]]:
    """Each path as a pattern, those without parameters first."""
    paths = sorted(document()["paths"], key=lambda path: path.count("{"))
    return [(re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(path)) + "/?"), path) for path in paths]


def find_operation(method: str, address: str) -> Operation | None:
    path = next((path for pattern, path in _addresses() if pattern.fullmatch(address)), None)
    return next((each for each in operations() if (each.path, each.method) == (path, method.lower())), None)


def validator(schema: dict[str, Any]) -> jsonschema_rs.Draft202012Validator:
    """Of a schema of the document, whose references lead into its components."""
    return jsonschema_rs.Draft202012Validator({**schema, "components": document()["components"]}, validate_formats=True)


def errors_of(value: Any, schema: dict[str, Any]) -> list[str]:
    return [
        f"{'/'.join(map(str, error.instance_path))}: {error.message}" for error in validator(schema).iter_errors(value)
    ]


def media_types(operation: Operation) -> Iterator[tuple[str, dict[str, Any]]]:
    """(where, media type object) of everything that has a body."""
    for name, content in operation.told.get("requestBody", {}).get("content", {}).items():
        yield f"{operation} takes {name}", content
    for status, answer in operation.responses.items():
        for name, content in answer.get("content", {}).items():
            yield f"{operation} {status} {name}", content
