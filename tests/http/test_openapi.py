"""The OpenAPI document is whole: every address, method, parameter, body, answer and refusal, each with an example."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.urls import URLPattern, URLResolver, get_resolver
from openapi_spec_validator import OpenAPIV31SpecValidator

from contract.filters import StrictFilterSet
from contract.paging import PARAMETERS
from tests.http.openapi_document import METHODS, Operation, document, errors_of, media_types, operations

OPEN_ADDRESSES = {"/api/schema", "/api/docs", "/healthz"}  # to everybody, without a key


def addresses(patterns: list[Any], prefix: str = "/") -> Iterator[tuple[str, Any]]:
    """(path with its parameters in braces, view) of every address below these patterns."""
    for pattern in patterns:
        route = prefix + re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", str(pattern.pattern))
        if isinstance(pattern, URLResolver):
            yield from addresses(pattern.url_patterns, route)
        elif isinstance(pattern, URLPattern):
            yield route, pattern.callback


def methods_of(view: Any) -> set[str]:
    view_class = getattr(view, "view_class", None) or getattr(view, "cls", None)
    return {method for method in METHODS if hasattr(view_class, method)} if view_class else {"get"}


def test_every_address_and_method_stands_in_it_once():
    own = re.compile(r"/(api|healthz|metrics)(/|$)")
    found = addresses(get_resolver("config.urls").url_patterns)
    wanted = {
        (path, method)
        for path, view in found
        if own.match(path) and not path.endswith("/")
        for method in methods_of(view)
    }
    assert wanted == {(each.path, each.method) for each in operations()}
    assert len(wanted) == len(operations())


def test_every_address_has_a_twin_with_a_slash():
    routes = {str(pattern.pattern) for pattern in get_resolver("config.api_urls").url_patterns}
    assert {f"{route.rstrip('/')}/" for route in routes} | {route.rstrip("/") for route in routes} == routes


def test_it_is_a_document_of_openapi_3_1():
    assert document()["openapi"].startswith("3.1")
    OpenAPIV31SpecValidator(document()).validate()


def test_every_operation_has_a_name_of_its_own_and_tells_what_it_does():
    names = [each.told["operationId"] for each in operations()]
    assert len(set(names)) == len(names)
    for each in operations():
        assert each.told["summary"], each
        assert each.told["description"], each
        assert each.told["tags"] != ["api"], each


def test_every_operation_says_how_to_send_a_key():
    schemes = document()["components"]["securitySchemes"]
    assert {name: scheme.get("scheme", scheme.get("in")) for name, scheme in schemes.items()} == {
        "basic": "basic",
        "bearer": "bearer",
        "console": "cookie",
    }
    for each in operations():
        ways = [way for requirement in each.told.get("security", []) for way in requirement]
        if each.path in OPEN_ADDRESSES:
            assert ways == [], each
        else:
            assert ways == ["basic", "bearer", "console"][: 3 if each.method == "get" else 2], each


def test_every_operation_that_takes_a_key_says_which_scope_the_key_needs():
    said = re.compile(r"Needs a key with the scope `([a-z:]+)`\.$")
    for each in operations():
        if each.path not in OPEN_ADDRESSES:
            assert (scope := said.search(each.told["description"])), each
            assert (scope[1] == "read") == (each.method == "get" or each.path.endswith("/render")), each


def refusals_due(operation: Operation) -> set[str]:
    """The refusals that every operation of its kind may answer with."""
    if operation.path in OPEN_ADDRESSES:
        return set()
    due = {"401", "403", "503"} | ({"429"} if operation.path.startswith("/api/") else set())
    if "requestBody" in operation.told:
        due |= {"400", "413", "415"}
    if operation.parameters("query"):
        due |= {"400"}
    if operation.parameters("path"):
        due |= {"404"}
    if "Idempotency-Key" in operation.parameters("header"):
        due |= {"409", "422"}
    return due


def test_every_operation_tells_its_answers_and_its_refusals():
    for each in operations():
        assert any(status.startswith("2") for status in each.responses), each
        assert refusals_due(each) <= each.responses.keys(), each
        assert all(answer["description"] for answer in each.responses.values()), each


def test_refusals_are_problems_and_say_when_to_come_again():
    for each in operations():
        for status, answer in each.responses.items():
            if status >= "400":
                assert list(answer["content"]) == ["application/problem+json"], (str(each), status)
            if status in {"429", "503"}:
                assert "Retry-After" in answer["headers"], (str(each), status)


def test_every_parameter_is_described_and_shown():
    for each in operations():
        for parameter in each.told.get("parameters", []):
            where = f"{each} {parameter['name']}"
            assert parameter.get("description"), where
            assert examples_of_parameter(parameter), where


def examples_of_parameter(parameter: dict[str, Any]) -> list[Any]:
    """Values that it shows: of its own or by its schema."""
    schema = parameter["schema"]
    told = [*schema.get("examples", []), *schema.get("enum", []), *([schema["default"]] if "default" in schema else [])]
    return told + [[value] for value in schema.get("items", {}).get("enum", [])]


def test_every_parameters_examples_are_what_its_schema_says():
    wrong = {
        f"{each} {parameter['name']} {value!r}": found
        for each in operations()
        for parameter in each.told.get("parameters", [])
        for value in examples_of_parameter(parameter)
        if (found := errors_of(value, parameter["schema"]))
    }
    assert wrong == {}


def test_every_body_answer_and_refusal_has_an_example():
    assert [
        where
        for each in operations()
        for where, content in media_types(each)
        if "json" in where and not content.get("examples")
    ] == []


def test_every_example_is_what_its_schema_says():
    wrong = {
        f"{where}, {name}": found
        for each in operations()
        for where, content in media_types(each)
        for name, example in content.get("examples", {}).items()
        if (found := errors_of(example["value"], content["schema"]))
    }
    assert wrong == {}


def schemas_with_examples(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        if isinstance(node.get("examples"), list):
            yield node
        node = list(node.values())
    if isinstance(node, list):
        for member in node:
            yield from schemas_with_examples(member)


def test_every_example_inside_a_shape_is_what_it_says():
    shapes = list(schemas_with_examples(document()["components"]["schemas"]))
    assert shapes
    for schema in shapes:
        assert [errors_of(value, schema) for value in schema["examples"]] == [[]] * len(schema["examples"]), schema


def test_every_reference_leads_somewhere():
    references = set(re.findall(r"'\$ref': '([^']+)'", str(document())))
    assert references
    assert references <= {f"#/components/schemas/{name}" for name in document()["components"]["schemas"]}


def filter_sets(of: type = StrictFilterSet) -> Iterator[type[StrictFilterSet]]:
    for each in of.__subclasses__():
        if not each.__module__.startswith("tests."):
            yield each
        yield from filter_sets(each)


def test_every_filter_of_a_list_is_a_parameter_and_every_parameter_a_filter():
    told = [set(each.parameters("query")) - set(PARAMETERS) for each in operations() if each.method == "get"]
    sets = list(filter_sets())
    assert sets
    for each in sets:
        assert set(each.base_filters) in told, each


READS = [
    each
    for each in operations()
    if each.method == "get" and each.parameters("query") and each.path not in OPEN_ADDRESSES
]


@pytest.mark.parametrize("operation", READS, ids=str)
def test_a_parameter_that_is_not_told_is_refused_naming_those_that_are(client, operation):
    address = re.sub(r"\{\w+\}", "1", operation.path)
    problem = client.get(f"{address}?colour=red").json()["errors"][0]
    assert (problem["code"], problem["parameter"]) == ("unknown_parameter", "colour")
    known = problem["detail"].partition("known are ")[2].rstrip(".")
    assert set(known.split(", ")) == set(operation.parameters("query"))
