"""What the OpenAPI document says of refusals: for each status when it comes, with which headers, and an example."""

from collections.abc import Iterable, Iterator
from typing import Any

from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse

from contract.problems import CODES, MEDIA_TYPE, ApiError, body_of
from contract.reasons import Problem

type Schema = dict[str, Any]

ERRORS = {
    400: "The request is malformed; `errors` lists every problem.",
    401: "No key, or not a valid one.",
    403: "The key has not got the scope, or the console user not the permission.",
    404: "There is no such thing.",
    409: "It conflicts with what is there, or a request with the same Idempotency-Key is still under way.",
    413: "The body is too large.",
    415: "The body is not JSON by its content type, or has an unknown content encoding.",
    422: "The Idempotency-Key was used with another body.",
    429: "The key's rate limit is reached; send it again after Retry-After seconds.",
    503: "The database cannot be reached; send it again after Retry-After seconds.",
}

_DETAILS = {
    400: "params/3/name is empty.",
    401: "Send an API key: HTTP Basic with the key as password, or Authorization: Bearer.",
    403: "This needs the scope events:write, which the key has not got.",
    404: "There is nothing at this address.",
    409: "A request with this Idempotency-Key is still under way; send it again in a moment.",
    413: "The body is larger than 1,048,576 bytes.",
    415: "The content type “text/plain” is not taken; send application/json.",
    422: "This Idempotency-Key was used with another body.",
    429: "This key may send 600 requests in 60 seconds, and they are used up; send this one again in 12 seconds.",
    503: "The database cannot be reached at the moment; send the request again.",
}
_PROBLEMS = {
    400: Problem(
        pointer="/params/3/name", code="empty", detail=_DETAILS[400], found='""', expected="1 to 255 characters"
    ),
    409: Problem(pointer="", code="idempotency_key_under_way", detail=_DETAILS[409]),
    422: Problem(pointer="", code="idempotency_key_reused", detail=_DETAILS[422]),
}  # fmt: skip

_RATE_LIMIT = (
    ("RateLimit-Policy", "The limit of a key that has one: `q` requests in `w` seconds.", '"key";q=600;w=60'),
    ("RateLimit", "What is left of it: `r` requests, and `t` seconds until it is whole again.", '"key";r=599;t=60'),
)

_SECONDS: Schema = {"type": "string", "pattern": "^[0-9]+$", "examples": ["2"]}
RETRY_AFTER = "Retry-After", _SECONDS, "In how many seconds to send it again."
HEADERS: dict[int, tuple[str, Schema, str]] = {
    401: ("WWW-Authenticate", {"type": "string", "examples": ['Basic realm="Orderloom"']}, "How to send a key."),
    409: RETRY_AFTER,
    415: ("Accept-Encoding", {"type": "string", "enum": ["gzip"]}, "What a body may be encoded with."),
    429: RETRY_AFTER,
    503: RETRY_AFTER,
}


def refusal_response(status: int, schema: Schema) -> OpenApiResponse:
    """The answer of this status in the document, with an example of it."""
    example = OpenApiExample("Refused", _example(status), status_codes=[status], media_type=MEDIA_TYPE)
    return OpenApiResponse(schema, description=ERRORS[status], examples=[example])


def plain_refusal(status: int) -> dict[str, Any]:
    """The same as the document has it, for addresses that are written into it by hand."""
    name, schema, description = HEADERS[status]
    return {
        "description": ERRORS[status],
        "headers": {name: {"schema": schema, "description": description}},
        "content": {
            MEDIA_TYPE: {
                "schema": {"$ref": "#/components/schemas/Refusal"},
                "examples": {"Refused": {"value": _example(status)}},
            }
        },
    }


def _example(status: int) -> dict[str, Any]:
    problem = _PROBLEMS.get(status) or Problem(pointer="", code=CODES[status], detail=_DETAILS[status])
    return body_of(ApiError(status, "", _DETAILS[status], [problem]))


def refusal_headers(statuses: set[int]) -> Iterator[OpenApiParameter]:
    """The headers that these refusals carry."""
    for name in sorted({HEADERS[status][0] for status in statuses & HEADERS.keys()}):
        carrying = [status for status in sorted(statuses & HEADERS.keys()) if HEADERS[status][0] == name]
        _, schema, description = HEADERS[carrying[0]]
        yield OpenApiParameter(name, schema, OpenApiParameter.HEADER, description=description, response=carrying)


def rate_limit_headers(statuses: Iterable[int]) -> Iterator[OpenApiParameter]:
    """The headers that tell how far a key is from its limit, on all answers to a key that was known."""
    for name, description, example in _RATE_LIMIT:
        yield OpenApiParameter(
            name,
            {"type": "string", "examples": [example]},
            OpenApiParameter.HEADER,
            description=description,
            response=sorted(set(statuses) - {401}),
        )
