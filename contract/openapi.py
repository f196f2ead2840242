"""Ties the OpenAPI document to the code: shapes are the TypedDicts that presentations build, filters the FilterSets.

`describe` is put on a handler; the two hooks stand in SPECTACULAR_SETTINGS. A shape is written into the document under
its class's name without “Shape”, by msgspec, so what an endpoint builds and what is promised cannot drift apart.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Annotated, Any, NotRequired, TypedDict

import msgspec
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import (
    OpenApiExample,
    OpenApiParameter,
    OpenApiRequest,
    OpenApiResponse,
    extend_schema,
)

from contract import filters, paging
from contract.openapi_refusals import rate_limit_headers, refusal_headers, refusal_response
from contract.problems import MEDIA_TYPE

type Schema = dict[str, Any]

# What a shape's members are, beyond their Python type.
Moment = Annotated[str, msgspec.Meta(description="ISO 8601 with offset.", extra_json_schema={"format": "date-time"})]
Day = Annotated[str, msgspec.Meta(extra_json_schema={"format": "date"})]
Money = Annotated[str, msgspec.Meta(pattern=r"^[0-9]+(\.[0-9]+)?$", examples=["258.00"])]
ExactNumber = Annotated[Any, msgspec.Meta(extra_json_schema={"type": "number"})]  # a Decimal with the digits as sent

VERSION = re.compile(r"/api/v([0-9])/")

READ_ERRORS = (400, 401, 403, 503)
WRITE_ERRORS = (400, 401, 403, 413, 415, 503)
IDEMPOTENCY_ERRORS = (409, 422)
IDEMPOTENCY_KEY_HEADER = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "minLength": 1, "maxLength": 255, "examples": ["5f0c7a34-order-1001"]},
    OpenApiParameter.HEADER,
    description="The same key with the same body answers as the first time, with `Idempotent-Replayed: true`, and "
    "stores nothing. With another body it is a 422, while the first is under way a 409. Kept for at least 24 hours, "
    "per source.",
)


class ProblemShape(TypedDict):
    pointer: str
    code: str
    detail: str
    found: NotRequired[str]
    expected: NotRequired[str]
    parameter: NotRequired[str]


class RefusalShape(TypedDict):
    """application/problem+json, RFC 9457."""

    type: str
    title: str
    status: int
    detail: str
    message: str
    errors: list[ProblemShape]


_shapes: dict[str, type] = {}


def component(shape: type) -> Schema:
    """A reference to the shape, which stands among the document's components from then on."""
    name = shape.__name__.removesuffix("Shape")
    if _shapes.setdefault(name, shape) is not shape:
        raise ValueError(f"two shapes are called {name}")
    return {"$ref": f"#/components/schemas/{name}"}


def page_of(shape: type) -> Schema:
    """A keyset page of the shape."""
    address = {"type": ["string", "null"], "format": "uri"}
    properties = {
        "results": {"type": "array", "items": component(shape)},
        "next": address,
        "previous": address,
    }
    return {"type": "object", "properties": properties, "required": list(properties)}


def describe(
    summary: str,
    description: str = "",
    *,
    answers: Mapping[int, Schema | None],
    errors: Iterable[int] = READ_ERRORS,
    parameters: Iterable[OpenApiParameter] = (),
    headers: Iterable[OpenApiParameter] = (),
    body: type | Schema | None = None,
    body_examples: Mapping[str, Any] | None = None,
    answer_examples: Mapping[int, Any] | None = None,
    operation_id: str | None = None,
    tag: str,
) -> Callable[[Any], Any]:
    """Documents a handler: what it takes and answers, and which refusals it may tell.

    `answers` has the schema of each status, None for one without a body. `headers` are those of the answers, from
    answer_header(). `body_examples` are bodies by what they show, `answer_examples` an answer for each status: each
    has to be what its schema says (tests/http/test_openapi.py).
    """
    refusal, refused, taken = component(RefusalShape), set(errors), tuple(parameters)
    limits: list[OpenApiParameter] = []
    if 401 in refused:  # it takes a key, and each key may have a rate limit
        refused.add(429)
        limits = list(rate_limit_headers({*answers, *refused}))
    shown = {status: [OpenApiExample("Answer", value)] for status, value in (answer_examples or {}).items()}
    responses: dict[Any, Any] = {
        **{
            (status, "application/json"): OpenApiResponse(
                schema, description=PHRASES[status], examples=shown.get(status)
            )
            for status, schema in answers.items()
        },
        **{(status, MEDIA_TYPE): refusal_response(status, refusal) for status in sorted(refused)},
    }
    if IDEMPOTENCY_KEY_HEADER in taken:
        headers = [*headers, answer_header(*REPLAYED_HEADER, statuses=answers)]
    return extend_schema(
        summary=summary,
        description=description or f"{summary}.",
        responses=responses,
        parameters=[*taken, *headers, *limits, *refusal_headers(refused)],
        request=_request(body, body_examples or {}),
        operation_id=operation_id,
        tags=[tag],
    )


PHRASES = {200: "Done.", 201: "Created.", 202: "Taken, and done in the background.", 204: "Done, without a body."}
REPLAYED_HEADER = (
    "Idempotent-Replayed",
    "Present when the answer is that of an earlier request with the same Idempotency-Key.",
    {"type": "string", "enum": ["true"]},
)


def _request(body: type | Schema | None, examples: Mapping[str, Any]) -> Any:
    if not body:
        return None
    schema = component(body) if isinstance(body, type) else body
    named = [OpenApiExample(name, value) for name, value in examples.items()]
    return {"application/json": OpenApiRequest(schema, examples=named)}


def answer_header(name: str, description: str, schema: Schema, statuses: Iterable[int] = (200,)) -> OpenApiParameter:
    """A header that the answers of these statuses may carry."""
    return OpenApiParameter(
        name, schema, OpenApiParameter.HEADER, description=description, response=sorted(statuses)
    )  # fmt: skip


def query_parameter(
    name: str, description: str, schema: Schema | None = None, *, is_required: bool = False, is_list: bool = False
) -> OpenApiParameter:
    return OpenApiParameter(
        name,
        _with_example(name, schema or {"type": "string"}),
        OpenApiParameter.QUERY,
        required=is_required,
        description=description,
        explode=False if is_list else None,
        style="form" if is_list else None,
    )


def path_parameter(name: str, description: str, schema: Schema | None = None) -> OpenApiParameter:
    return OpenApiParameter(
        name,
        _with_example(name, schema or {"type": "integer", "minimum": 1}),
        OpenApiParameter.PATH,
        required=True,
        description=description,
    )


# A value of each parameter that does not list its own: one name means one thing wherever it stands.
PARAMETER_EXAMPLES: Mapping[str, Any] = {
    "contactId": 77,
    "contact_id": 77,
    "currency": "UAH",
    "cursor": "WyItZGF0ZSIsZmFsc2UsIjIwMjAtMDUtMTRUMDc6MTE6MDArMDA6MDAiLDEyXQ",
    "email": "olha@shop.example",
    "eventTypeKey": "orderCreated",
    "event_id": 1042,
    "externalCustomerId": "C1",
    "externalOrderId": "1001",
    "from": "2020-05-01",
    "in": "EUR",
    "itemId": "200600",
    "keyValue": "1001",
    "order_id": 12,
    "phone": "+380501234567",
    "preview": True,
    "replay_id": 5,
    "search": "olha@shop.example",
    "source": "shop",
    "storeId": "S1",
    "to": "2020-05-31",
    "totalFrom": "100.00",
    "totalTo": "258.00",
    "wait": 5,
}


def _with_example(name: str, schema: Schema) -> Schema:
    lists_its_own = {"examples", "enum", "default", "items"} & schema.keys()
    if lists_its_own or name not in PARAMETER_EXAMPLES:
        return schema
    return {**schema, "examples": [PARAMETER_EXAMPLES[name]]}


def page_parameters(sort_keys: Iterable[str] = (), default_ordering: str = "") -> list[OpenApiParameter]:
    """`limit`, `cursor` and, where the list can be sorted, `ordering`."""
    limit = {"type": "integer", "minimum": 1, "maximum": paging.MAX_LIMIT, "default": paging.DEFAULT_LIMIT}
    found = [
        query_parameter("limit", "How many on a page.", limit),
        query_parameter("cursor", "Where the page begins: from `next` or `previous`."),
    ]
    if orderings := [f"{sign}{name}" for name in sort_keys for sign in ("", "-")]:
        schema = {"type": "string", "enum": orderings, "default": default_ordering}
        found.append(query_parameter("ordering", "What the list is sorted by; “-” for descending.", schema))
    return found


def filter_parameters(filter_set: type[filters.StrictFilterSet]) -> list[OpenApiParameter]:
    """The filters of a list, each described by its label."""
    return [_filter_parameter(name, each) for name, each in filter_set.base_filters.items()]


def _filter_parameter(name: str, each: Any) -> OpenApiParameter:
    match each:
        case filters.SeveralFilter():
            items = {"type": "string", "enum": [value for value, _ in each.extra["choices"]]}
            return query_parameter(name, each.label, {"type": "array", "items": items}, is_list=True)
        case filters.IdFilter():
            schema: Schema = {"type": "integer", "minimum": 1}
        case filters.NumberFilter():
            schema = {"type": "string", "pattern": f"^{filters.A_NUMBER.pattern}$"}
        case filters.CurrencyFilter():
            schema = {"type": "string", "pattern": f"^{filters.A_CURRENCY.pattern}$"}
        case filters.MomentFilter():
            schema = {"type": "string", "examples": ["2020-05-14", "2020-05-14T10:11:00+03:00"]}
        case filters.ChoiceFilter():
            schema = {"type": "string", "enum": [value for value, _ in each.extra["choices"]]}
        case _:
            schema = {"type": "string", "minLength": 1}
    return query_parameter(name, each.label, schema)


class ApiSchema(AutoSchema):
    """Tells the scope of each operation, and apart those of addresses that differ by version only.

    Named by REST_FRAMEWORK in config/settings.py.
    """

    def get_operation(self, *args: Any, **kwargs: Any) -> Any:
        operation = super().get_operation(*args, **kwargs)
        if operation and (scope := getattr(self.view, "scopes", {}).get(self.method)):
            operation["description"] += f"\n\nNeeds a key with the scope `{scope}`."
        return operation

    def get_operation_id(self) -> str:
        name = super().get_operation_id()
        version = VERSION.match(self.path)
        return f"{name}_v{version[1]}" if version and version[1] != "1" else name


# --- Hooks of drf-spectacular ---------------------------------------------------------------------------------------


def drop_slash_twins(endpoints: list[tuple[str, str, str, Any]]) -> list[tuple[str, str, str, Any]]:
    """Every address is there with and without a trailing slash; the document names the one without."""
    return [endpoint for endpoint in endpoints if not endpoint[0].endswith("/")]


def add_components(result: dict[str, Any], **context: Any) -> dict[str, Any]:
    """Writes the shapes that were referred to, and the shapes inside them."""
    _, schemas = msgspec.json.schema_components(list(_shapes.values()), ref_template="#/components/schemas/{name}")
    described = {_component_name(name): _rename_references(schema) for name, schema in schemas.items()}
    result.setdefault("components", {}).setdefault("schemas", {}).update(sorted(described.items()))
    return result


def _component_name(name: str) -> str:
    return name.removesuffix("Shape")


def _rename_references(schema: Any) -> Any:
    if isinstance(schema, dict):
        return {
            name: re.sub(r"Shape$", "", value) if name == "$ref" else _rename_references(value)
            for name, value in schema.items()
            if not (name == "title" and isinstance(value, str) and value.endswith("Shape"))
        }
    if isinstance(schema, list):
        return [_rename_references(member) for member in schema]
    return schema
