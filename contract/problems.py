"""Decides how every refusal looks: application/problem+json (RFC 9457), all problems at once, each with its pointer.

A view raises ApiError and never builds an error answer itself. Whatever else is raised is put into the same form here:
the exceptions of Django REST framework and of Django, and a database that cannot be reached (503 with Retry-After).
`message` is `detail` once more, which the clients of the original read. What no input can cause stays a 500.
"""

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import psycopg
from django.core import exceptions as django_errors
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, UnreadablePostError
from django.views import defaults
from rest_framework import exceptions as drf_errors

from contract.json_values import encode, escape_pointer
from contract.reasons import Problem
from contract.request_facts import tell

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_SECONDS = 2  # a PostgreSQL that restarts is back within a few seconds

# The code of an answer that lists no problem of its own.
CODES: dict[int, str] = {
    400: "invalid_request",
    401: "not_authenticated",
    403: "permission_denied",
    404: "not_found",
    405: "method_not_allowed",
    406: "not_acceptable",
    409: "conflict",
    413: "body_too_large",
    415: "unsupported_media_type",
    422: "unprocessable",
    429: "rate_limited",
    500: "internal_error",
    503: "unavailable",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ParameterProblem(Problem):
    """A problem with a parameter of the query string: its pointer is "", and `parameter` names it."""

    parameter: str = ""


class ApiError(Exception):
    """A refusal on its way out. An empty title is the status's own phrase; `detail` is a sentence for a person.

    `members` stand beside the standard ones in the answer (RFC 9457, section 3.2).
    """

    def __init__(
        self,
        status: int,
        title: str = "",
        detail: str = "",
        errors: Sequence[Problem] = (),
        headers: Mapping[str, str] | None = None,
        members: Mapping[str, Any] | None = None,
    ) -> None:
        self.status = status
        self.title = title or HTTPStatus(status).phrase
        self.detail = detail or self.title
        self.errors = tuple(errors)
        self.headers = dict(headers or {})
        self.members = dict(members or {})
        super().__init__(self.detail)


class UnavailableError(ApiError):
    """503: what the answer needs cannot be reached now; the same request may be sent again."""

    def __init__(self, detail: str = "The database cannot be reached at the moment; send the request again.") -> None:
        super().__init__(503, "", detail, headers={"Retry-After": str(RETRY_AFTER_SECONDS)})


def refuse(problems: Sequence[Problem], status: int = 400) -> ApiError:
    """The refusal of a request for these problems (at least one); the first one's sentence speaks for all of them."""
    more = len(problems) - 1
    suffix = f" ({more} more problem{'s' if more > 1 else ''}: see errors.)" if more else ""
    return ApiError(status, "", problems[0].detail + suffix, problems)


def parameter_problem(name: str, found: str, expected: str) -> ParameterProblem:
    """The problem of one parameter whose value does not parse; `expected` completes “it must be …”."""
    return ParameterProblem(
        pointer="",
        parameter=name,
        code="invalid_parameter",
        detail=f"The parameter {name} cannot be read: it must be {expected}.",
        found=found[:80],
        expected=expected,
    )


def refuse_parameter(name: str, found: str, expected: str) -> ApiError:
    return refuse([parameter_problem(name, found, expected)])


def not_found(detail: str) -> ApiError:
    return ApiError(404, "", detail)


def present_problem(problem: Problem) -> dict[str, str]:
    """One member of `errors`; what was found and expected stands in it where it is known."""
    entry = {"pointer": problem.pointer, "code": problem.code, "detail": problem.detail}
    if isinstance(problem, ParameterProblem):
        entry["parameter"] = problem.parameter
    if problem.found:
        entry["found"] = problem.found
    if problem.expected:
        entry["expected"] = problem.expected
    return entry


def body_of(error: ApiError) -> dict[str, Any]:
    """The members of the answer that tells the refusal."""
    errors = error.errors or [Problem(pointer="", code=CODES.get(error.status, "error"), detail=error.detail)]
    return {
        "type": "about:blank",
        "title": error.title,
        "status": error.status,
        "detail": error.detail,
        "message": error.detail,
        "errors": [present_problem(problem) for problem in errors],
        **error.members,
    }


def problem_response(error: ApiError) -> HttpResponse:
    """The answer that tells the refusal."""
    tell(codes=_codes_of(error))
    return bytes_response(encode(body_of(error)).encode(), error.status, MEDIA_TYPE, error.headers)


MOST_CODES = 5  # in one line of the log


def _codes_of(error: ApiError) -> list[str]:
    """What was wrong, for the log: the codes, each once, in the order of the problems."""
    codes = dict.fromkeys(problem.code for problem in error.errors) or {CODES.get(error.status, "error"): None}
    return list(codes)[:MOST_CODES]


def bytes_response(
    content: bytes, status: int, content_type: str, headers: Mapping[str, str] | None = None
) -> HttpResponse:
    """An answer that is finished: its length is told here, since keyed requests pass by Django's CommonMiddleware."""
    length = {"Content-Length": str(len(content))}
    return HttpResponse(content, content_type, status, headers={**headers, **length} if headers else length)


def exception_handler(error: Exception, context: Mapping[str, Any]) -> HttpResponse | None:
    """For REST_FRAMEWORK["EXCEPTION_HANDLER"]: the answer to what a view raised; None for what is a bug of ours."""
    refusal = refusal_of(error)
    return None if refusal is None else problem_response(refusal)


def refusal_of(error: BaseException | None) -> ApiError | None:
    """What was raised, as a refusal; None when it is an error of our own, which must surface as a 500."""
    match error:
        case ApiError():
            return error
        case drf_errors.APIException():
            return _from_rest_framework(error)
        case Http404():
            return not_found("There is nothing at this address.")
        case django_errors.PermissionDenied():
            return ApiError(403, "", "You may not do this.")
        case django_errors.RequestDataTooBig():
            return ApiError(413, "", "The body is too large.")
        case UnreadablePostError():
            return ApiError(400, "", "The body ended before it was complete.")
        case django_errors.SuspiciousOperation() | django_errors.BadRequest():
            return ApiError(400, "", "The request is malformed.")
        case django_errors.ValidationError():
            return refuse(list(_from_form(error)))
        case OperationalError() | InterfaceError() | psycopg.OperationalError() | psycopg.InterfaceError():
            return UnavailableError()
    return None


def _from_rest_framework(error: drf_errors.APIException) -> ApiError:
    headers: dict[str, str] = {}
    if auth_header := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = auth_header
    if wait := getattr(error, "wait", None):
        headers["Retry-After"] = str(int(wait))
    if isinstance(error, drf_errors.ValidationError):
        return refuse(list(_flatten(error.detail)), error.status_code)
    return ApiError(error.status_code, "", str(error.detail), headers=headers)


def _flatten(detail: Any, pointer: str = "") -> Iterator[Problem]:
    """The problems of a serializer's nested errors, depth first, with pointers to the fields."""
    if isinstance(detail, Mapping):
        for name, inner in detail.items():
            yield from _flatten(inner, pointer if name == "non_field_errors" else f"{pointer}/{escape_pointer(name)}")
    elif isinstance(detail, (list, tuple)):
        for index, inner in enumerate(detail):
            yield from _flatten(inner, f"{pointer}/{index}" if isinstance(inner, Mapping) else pointer)
    else:
        yield Problem(pointer=pointer, code=getattr(detail, "code", "invalid"), detail=str(detail))


def _from_form(error: django_errors.ValidationError) -> Iterator[Problem]:
    fields = error.error_dict if hasattr(error, "error_dict") else {django_errors.NON_FIELD_ERRORS: error.error_list}
    for name, failures in fields.items():
        pointer = "" if name == django_errors.NON_FIELD_ERRORS else f"/{escape_pointer(name)}"
        for failure in failures:
            code = getattr(failure, "code", None) or "invalid"
            yield Problem(pointer=pointer, code=code, detail=" ".join(getattr(failure, "messages", [str(failure)])))


# --- Django's own error pages: what never reaches a view of ours, for config/urls.py --------------------------------


def is_api(request: HttpRequest) -> bool:
    return request.path_info.startswith("/api/") or request.path_info == "/api"


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    if not is_api(request):
        return defaults.bad_request(request, exception)
    return problem_response(refusal_of(exception) or ApiError(400, "", "The request is malformed."))


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    if not is_api(request):
        return defaults.permission_denied(request, exception)
    return problem_response(ApiError(403, "", "You may not do this."))


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    if not is_api(request):
        return defaults.page_not_found(request, exception)
    return problem_response(not_found("There is nothing at this address; see /api/docs."))


def server_error(request: HttpRequest) -> HttpResponseBase:
    """Also what a middleware raised, such as a session that could not be read: Django calls this inside its except."""
    if not is_api(request):
        return defaults.server_error(request)
    refusal = refusal_of(sys.exc_info()[1])
    return problem_response(refusal or ApiError(500, "", "Orderloom made an error of its own; nothing was taken."))
