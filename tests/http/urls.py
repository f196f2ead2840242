"""The application's addresses, and endpoints whose only purpose is to be called by these tests."""

from typing import Any

from django.core.exceptions import BadRequest, PermissionDenied, RequestDataTooBig, SuspiciousOperation, ValidationError
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, UnreadablePostError
from django.urls import include, path
from rest_framework import exceptions

from config.urls import handler400, handler403, handler404, handler500
from config.urls import urlpatterns as application
from contract.http import ApiView, json_response, read_object
from contract.problems import ApiError
from contract.reasons import Problem

LIMIT = 1000

RAISES: dict[str, Any] = {
    "api-error": lambda: ApiError(422, "Odd", "It is odd.", [Problem(pointer="/a", code="odd", detail="Odd.")]),
    "http404": Http404,
    "denied": PermissionDenied,
    "bad": lambda: BadRequest("no"),
    "suspicious": lambda: SuspiciousOperation("no"),
    "too-big": lambda: RequestDataTooBig("no"),
    "unreadable": lambda: UnreadablePostError("no"),
    "django-validation": lambda: ValidationError({"name": ["Too long.", "Too odd."], "__all__": ["No."]}),
    "operational": lambda: OperationalError("server closed the connection"),
    "interface": lambda: InterfaceError("connection already closed"),
    "drf-validation": lambda: exceptions.ValidationError(
        {"items": [{}, {"url/": ["Bad."]}], "non_field_errors": ["X"]}
    ),
    "drf-parse": exceptions.ParseError,
    "drf-authentication": exceptions.AuthenticationFailed,
    "drf-not-authenticated": exceptions.NotAuthenticated,
    "drf-denied": exceptions.PermissionDenied,
    "drf-not-found": exceptions.NotFound,
    "drf-method": lambda: exceptions.MethodNotAllowed("PUT"),
    "drf-acceptable": exceptions.NotAcceptable,
    "drf-media": lambda: exceptions.UnsupportedMediaType("text/plain"),
    "drf-throttled": lambda: exceptions.Throttled(wait=7),
    "drf-plain": exceptions.APIException,
    "bug": lambda: ZeroDivisionError("a bug"),
}


class Raising(ApiView):
    permission_classes = []

    def get(self, request: HttpRequest, what: str) -> HttpResponse:
        raise RAISES[what]()


class Echo(ApiView):
    scopes = {"GET": "read", "POST": "events:write"}
    console_permission = "orders.view_order"

    def get(self, request: HttpRequest) -> HttpResponse:
        caller = request.auth
        return json_response({"source": caller.source_name if caller else None, "user": request.user.get_username()})

    def post(self, request: HttpRequest) -> HttpResponse:
        return json_response(read_object(request, LIMIT))


urlpatterns = [
    path("api/test/raise/<what>", Raising.as_view()),
    path("api/test/echo", Echo.as_view()),
    path("page/denied", lambda request: (_ for _ in ()).throw(PermissionDenied)),
    path("", include(application)),
]

__all__ = ["handler400", "handler403", "handler404", "handler500", "urlpatterns"]
