"""One line in the log for each request, and the id by which it is found again: docs/operations.md, Logs.

The line says what was called and what came of it in our own words: the template of the path and not the path, the
codes of problems and not what was found, ids and counts and not contents. Measured at 7 µs for each request.
"""

import re
import secrets
import time
from collections.abc import Callable
from typing import Any

import structlog
from django.http import HttpRequest, HttpResponseBase

from config.logs import direct_logger
from contract.request_facts import collect_facts, forget_facts

HEADER = "X-Request-ID"
WELL_FORMED = re.compile(r"[A-Za-z0-9._:+/=@-]{1,128}")
KEY_MARK = "olk_"  # with which every API key begins: who sends one as an id sends a secret
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
ASKED_ALL_THE_TIME = ("/healthz", "/metrics", "/static/")  # their lines are of interest when something is wrong


class RequestLogMiddleware:
    """The outermost: whatever is answered passes by here, refusals and errors of our own too."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response
        self._log: Any = None  # made by the first request, in the process that answers it

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        started = time.perf_counter()
        request_id = request_id_of(request)
        facts = collect_facts()
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            response = self.get_response(request)
            response.headers[HEADER] = request_id
            self._write(request, response, facts, started)
        forget_facts()
        return response

    def _write(self, request: HttpRequest, response: HttpResponseBase, facts: dict[str, Any], started: float) -> None:
        if self._log is None:
            self._log = direct_logger("requests")
        quiet = response.status_code < 400 and request.path_info.startswith(ASKED_ALL_THE_TIME)
        write = self._log.debug if quiet else self._log.info
        write("request", **line_of(request, response), **facts, milliseconds=_milliseconds_since(started))


def request_id_of(request: HttpRequest) -> str:
    """What the sender calls it, when that is a well-formed id; else a new one."""
    given: str = request.META.get("HTTP_X_REQUEST_ID", "")
    if given and WELL_FORMED.fullmatch(given) and KEY_MARK not in given:
        return given
    return secrets.token_hex(8)


def line_of(request: HttpRequest, response: HttpResponseBase) -> dict[str, Any]:
    """What was called, by whom, and how it was answered."""
    match = request.resolver_match
    line: dict[str, Any] = {
        "method": request.method if request.method in METHODS else "other",
        "path": None if match is None else f"/{match.route}",
        "status": response.status_code,
    }
    caller = getattr(request, "auth", None)
    if caller is not None:
        line |= {"source": caller.source_name, "key_id": caller.key_id}
    if "Idempotent-Replayed" in response.headers:
        line["replayed"] = True
    return line


def _milliseconds_since(started: float) -> float:
    return round((time.perf_counter() - started) * 1000, 1)
