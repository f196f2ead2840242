"""Decides how a request is read and how an answer is written: the one road through which every API call goes.

ApiView is Django REST framework's APIView, so its documentation tools know it, with a dispatch of its own: handlers
get Django's HttpRequest with `auth` (the Caller of a key, None for a console user) and `user`. There is nothing to
negotiate: JSON comes in by read_body() or read_object(), and JSON goes out by json_response(), made from bytes.
"""

import zlib
from collections.abc import Mapping
from typing import Any, ClassVar

from django.http import HttpRequest, HttpResponse, HttpResponseBase, UnreadablePostError
from rest_framework import exceptions as drf_errors
from rest_framework.views import APIView

from contract.json_values import JsonValue, NotJsonError, decode, encode
from contract.problems import ApiError, bytes_response, exception_handler, refuse
from contract.ratelimit import Allowance, count_request
from contract.reasons import Problem

DEFAULT_LIMIT = 1024 * 1024  # bytes of a body, after decompression
GZIP = 16 + zlib.MAX_WBITS
GZIP_PIECE = 16 * 1024  # bytes
MAX_GZIP_MEMBERS = 1_000
MAX_METHOD = 20  # characters of a method that an answer repeats


class ApiRequest(HttpRequest):
    """What handlers get, for the type checker: Django's request with the caller on it."""

    auth: Any  # contract.scopes.Caller, or None for a console user


class ApiView(APIView):
    """The base of every endpoint. Handlers are named after methods, return an HttpResponse and raise ApiError."""

    scopes: ClassVar[Mapping[str, str]] = {}  # method → the scope that a key needs for it
    console_permission: ClassVar[str] = ""  # e.g. "orders.view_order": console users who have it may read
    allowance: Allowance | None = None  # what the request's key has left, when it has a rate limit

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        self.request = request  # type: ignore[assignment]
        answer = self._answer(request, *args, **kwargs)
        if self.allowance is not None:
            for name, value in self.allowance.headers().items():
                answer[name] = value
        return answer

    def _answer(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            handler = self._handler(request.method or "")
            self._identify(request)
            answer: HttpResponseBase = handler(request, *args, **kwargs)
        except Exception as error:
            refusal = exception_handler(error, {})
            if refusal is None:  # a bug of ours: Django logs it and answers with contract.problems.server_error
                raise
            return refusal
        return answer

    def _handler(self, method: str) -> Any:
        if method == "OPTIONS":
            return self._answer_options
        handler = getattr(self, method.lower(), None) if method.lower() in self.http_method_names else None
        if handler is None:
            allowed = ", ".join(self.allowed_methods)
            raise ApiError(
                405, "", f"{method[:MAX_METHOD]} is not taken here; use {allowed}.", headers={"Allow": allowed}
            )
        return handler

    def _identify(self, request: HttpRequest) -> None:
        """Sets `user` and `auth`. Raises ApiError 401, 403, or 429 for a key whose rate limit is reached."""
        if request.method == "OPTIONS":
            return
        try:
            self._authenticate(request)
        except drf_errors.AuthenticationFailed as error:
            raise self._unauthorized(str(error.detail)) from error
        caller = getattr(request, "auth", None)
        if caller is not None and caller.requests_per_minute is not None:
            self.allowance = count_request(caller.key_id, caller.requests_per_minute)
            if self.allowance.is_exceeded:
                raise self.allowance.refusal()
        self.check_permissions(request)  # type: ignore[arg-type]

    def _authenticate(self, request: HttpRequest) -> None:
        for authenticator in self.get_authenticators():
            found = authenticator.authenticate(request)  # type: ignore[arg-type]
            if found is not None:
                request.user, request.auth = found  # type: ignore[attr-defined]
                return
        if self.permission_classes:
            raise self._unauthorized("Send an API key: HTTP Basic with the key as password, or Authorization: Bearer.")

    def _unauthorized(self, detail: str) -> ApiError:
        challenge = self.get_authenticators()[0].authenticate_header(self.request) or "Basic"
        return ApiError(401, "", detail, headers={"WWW-Authenticate": challenge})

    def _answer_options(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return HttpResponse(status=204, headers={"Allow": ", ".join(self.allowed_methods)})


def json_response(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> HttpResponse:
    """The answer with this value as JSON. Decimals become JSON numbers: money must have been made text before."""
    return bytes_response(encode(value).encode(), status, "application/json", headers)


def read_object(request: HttpRequest, limit: int = DEFAULT_LIMIT) -> dict[str, JsonValue]:
    """The JSON object that the body is. Raises ApiError 400, 413 or 415 as read_body() and decode() tell."""
    try:
        value = decode(read_body(request, limit))
    except NotJsonError as error:
        problems = [Problem(pointer=at.pointer, code=at.code, detail=at.detail) for at in error.refusals]
        raise refuse(problems) from error
    if not isinstance(value, dict):
        raise refuse([not_an_object(value)])
    return value


def not_an_object(value: JsonValue) -> Problem:
    kind = "an array" if isinstance(value, list) else "a single value"
    return Problem(
        pointer="", code="not_an_object", detail=f"The body is {kind}; it must be a JSON object.",
        found=kind, expected="an object",
    )  # fmt: skip


def read_body(request: HttpRequest, limit: int = DEFAULT_LIMIT) -> bytes:
    """The bytes of the body, decompressed. At most `limit` of them, before and after: else ApiError 413.

    415 for a content type that is not JSON (none at all is taken as JSON) and for an encoding that is not gzip; 400 for
    a body that ends early. Whether the bytes are UTF-8 and JSON is for decode() to tell.
    """
    held: bytes | None = getattr(request, "held_body", None)
    return _read_once(request, limit) if held is None else held


def hold_body(request: HttpRequest, limit: int = DEFAULT_LIMIT) -> bytes:
    """The same, for who looks at the body before the handler does: read_body() then gives it once more."""
    request.held_body = read_body(request, limit)  # type: ignore[attr-defined]
    return request.held_body  # type: ignore[attr-defined]


def _read_once(request: HttpRequest, limit: int) -> bytes:
    check_content_type(request)
    encoding = request.META.get("HTTP_CONTENT_ENCODING", "").strip().lower()
    if encoding in ("", "identity"):
        return _read(request, limit)
    if encoding in ("gzip", "x-gzip"):
        return _decompress(_read(request, limit), limit)
    raise ApiError(
        415, "", f"The content encoding “{encoding[:40]}” is not taken; send gzip or none.",
        headers={"Accept-Encoding": "gzip"},
    )  # fmt: skip


def check_content_type(request: HttpRequest) -> None:
    """Parameters such as charset mean nothing to JSON (RFC 8259, section 11) and are not looked at."""
    content_type = request.content_type or ""
    if content_type in ("application/json", "") or content_type.endswith("+json"):
        return
    raise ApiError(415, "", f"The content type “{content_type[:80]}” is not taken; send application/json.")


def too_large(limit: int) -> ApiError:
    return ApiError(413, "", f"The body is larger than {limit:,} bytes.")


def _read(request: HttpRequest, limit: int) -> bytes:
    length = _content_length(request)
    if length is None:
        return _read_stream(request, limit)
    if length > limit:
        raise too_large(limit)
    body = request.read(length)
    if len(body) < length:
        raise UnreadablePostError("The body is shorter than its Content-Length.")
    return body


def _content_length(request: HttpRequest) -> int | None:
    """Of a body that is streamed (Transfer-Encoding: chunked), None; of no body, 0."""
    if "chunked" in request.META.get("HTTP_TRANSFER_ENCODING", ""):
        return None
    text = request.META.get("CONTENT_LENGTH") or "0"
    return int(text) if text.isascii() and text.isdigit() else 0


def _read_stream(request: HttpRequest, limit: int) -> bytes:
    """Django reads nothing of a body without Content-Length, so this reads the server's stream, up to the limit."""
    body = request.META["wsgi.input"].read(limit + 1)
    if len(body) > limit:
        raise too_large(limit)
    return body


def _decompress(data: bytes, limit: int) -> bytes:
    """Never holds more than the limit in memory, whatever the compressed bytes promise to become.

    Fed in small pieces, because zlib copies what it leaves over: of a body made of ever so many empty members each
    would else copy all that follow.
    """
    parts: list[bytes] = []
    size = at = members = 0
    while at < len(data):
        members += 1
        if members > MAX_GZIP_MEMBERS:
            raise ApiError(400, "", f"The gzip body has more than {MAX_GZIP_MEMBERS:,} members; send it as one.")
        member = zlib.decompressobj(GZIP)
        while not member.eof:
            piece = data[at : at + GZIP_PIECE]
            if not piece:
                raise ApiError(400, "", "The gzip body ends before it is complete.")
            try:
                part = member.decompress(piece, limit + 1 - size)
            except zlib.error as error:
                raise ApiError(400, "", "The body is not gzip, though its Content-Encoding says so.") from error
            size += len(part)
            if size > limit:
                raise too_large(limit)
            parts.append(part)
            at += len(piece) - len(member.unused_data)
    return b"".join(parts)
