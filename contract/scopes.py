"""Decides who may call an endpoint: a key with the scope, or a signed-in console user with the permission to read.

A view names the scope of each of its methods (`scopes`) and the Django permission that lets console users read it
(`console_permission`). A method without a scope is open to nobody.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import models
from django.http import HttpRequest
from rest_framework.authentication import BaseAuthentication
from rest_framework.permissions import BasePermission

from contract.problems import ApiError

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class Scope(models.TextChoices):
    EVENTS_WRITE = "events:write"
    ORDERS_WRITE = "orders:write"
    CONTACTS_WRITE = "contacts:write"
    READ = "read"
    SETTINGS_WRITE = "settings:write"


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Whose key it is that a request came with: `request.auth` of every keyed request."""

    key_id: int
    source_id: int
    source_name: str
    source_kind: str
    scopes: frozenset[str]
    requests_per_minute: int | None = None  # its rate limit, if it has one (contract/ratelimit.py)


class SessionReadAuthentication(BaseAuthentication):
    """A signed-in console user, for reading only: what changes something needs a key, so no CSRF token is needed."""

    def authenticate(self, request: Any) -> tuple[Any, None] | None:
        if request.method not in SAFE_METHODS:
            return None
        user = getattr(request, "user", None)
        return (user, None) if user is not None and user.is_authenticated else None


class HasScope(BasePermission):
    """Raises ApiError 403 that names what is missing. The request must have been authenticated."""

    def has_permission(self, request: HttpRequest, view: Any) -> bool:
        method = "GET" if request.method == "HEAD" else request.method or ""
        scopes: Mapping[str, str] = view.scopes
        scope = scopes.get(method)
        caller = getattr(request, "auth", None)
        if isinstance(caller, Caller):
            if scope is None or scope not in caller.scopes:
                raise ApiError(403, "", f"This needs a key with the scope “{scope}”; yours has not got it.")
            return True
        permission: str = view.console_permission
        if not permission or not request.user.has_perm(permission):
            raise ApiError(403, "", "Your console user has not got the permission to read this.")
        return True
