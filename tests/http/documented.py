"""Holds every answer that any test gets to the OpenAPI document: status, headers, content type, body and query.

A plugin of all tests (tests/conftest.py). What a test does not ask for is not seen; what it asks for must be told.
"""

import json
from functools import cache
from typing import Any
from unittest import mock

import pytest

from contract.http import ApiView
from tests.http.openapi_document import Operation, find_operation, validator

HEADERS_OF_HTTP = {"Content-Type", "Content-Length", "Allow", "Cache-Control", "Vary"}
OF_THE_TESTS = "/api/test/"
_seen: list[str] = []


def complaint(request: Any, answer: Any) -> str:
    """What the document does not tell of this answer; "" when it tells all of it."""
    operation = find_operation(request.method, request.path_info)
    if operation is None:
        return "" if answer.status_code in (204, 404, 405) else "this method is not documented"
    status = str(answer.status_code)
    if status not in operation.responses:
        return f"the status {status} is not documented"
    if answer.status_code < 400 and (unknown := set(request.GET) - operation.parameters("query").keys()):
        return f"the parameters {unknown} are not documented"
    told = operation.responses[status].get("headers", {}).keys() | HEADERS_OF_HTTP
    if unknown := set(answer.headers) - told:
        return f"the headers {unknown} are not documented"
    return _complaint_of_body(operation, status, answer)


def _complaint_of_body(operation: Operation, status: str, answer: Any) -> str:
    told = operation.responses[status].get("content", {})
    sent = answer.headers.get("Content-Type", "").partition(";")[0]
    if not told:
        return f"a body of {len(answer.content)} bytes is not documented" if answer.content else ""
    if sent not in told:
        return f"the content type “{sent}” is not documented"
    if "json" not in sent:
        return ""
    errors = list(_validator(operation.path, operation.method, status, sent).iter_errors(json.loads(answer.content)))
    return "; ".join(f"/{'/'.join(map(str, error.instance_path))}: {error.message}" for error in errors[:3])


@cache
def _validator(path: str, method: str, status: str, media_type: str) -> Any:
    operation = find_operation(method, path)
    assert operation is not None
    return validator(operation.responses[status]["content"][media_type]["schema"])


@pytest.fixture(autouse=True, scope="session")
def _answers_are_watched():
    real = ApiView.dispatch

    def dispatch(self, request, *args, **kwargs):
        answer = real(self, request, *args, **kwargs)
        if not request.path_info.startswith(OF_THE_TESTS) and (told := complaint(request, answer)):
            _seen.append(f"{request.method} {request.get_full_path()[:200]} {answer.status_code}: {told}")
        return answer

    with mock.patch.object(ApiView, "dispatch", dispatch):
        yield


@pytest.fixture(autouse=True)
def _answers_are_documented(_answers_are_watched):
    _seen.clear()
    yield
    assert _seen == [], "the OpenAPI document does not tell of these answers"
