"""What guards the console beside its permissions: guessed passwords, what its pages may load, how long a session lasts.

docs/operations.md (Protection) tells people what this means for them.
"""

from datetime import timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.middleware import csp
from django.shortcuts import render
from django.utils.csp import CSP

HSTS_SECONDS = 31_536_000  # a year, for which a browser that came by https once comes by nothing else
SESSION_SECONDS = 12 * 3600  # a working day; it is not lengthened by use, so a stolen cookie is of use for so long

CONTENT_SECURITY_POLICY = {
    "default-src": [CSP.SELF],
    "script-src": [CSP.SELF, CSP.UNSAFE_EVAL],  # Unfold's pages are made with Alpine, which compiles its attributes
    "style-src": [CSP.SELF, CSP.UNSAFE_INLINE],  # and carry styles in attributes
    "img-src": [CSP.SELF, "data:", "https:"],  # an order's items show the shop's own pictures
    "connect-src": [CSP.SELF],
    "object-src": [CSP.NONE],
    "base-uri": [CSP.SELF],
    "form-action": [CSP.SELF],
    "frame-ancestors": [CSP.NONE],
}

# django-axes: five wrong passwords for one user from one address. Other addresses of that user and other users at that
# address go on, so nobody can lock a colleague out from elsewhere.
FAILURE_LIMIT = 5
COOL_OFF = timedelta(minutes=15)


class ContentSecurityPolicyMiddleware(csp.ContentSecurityPolicyMiddleware):
    """Django's own, for pages: an answer of JSON runs nothing."""

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        if not response.headers.get("Content-Type", "").startswith("text/html"):
            return response
        return super().process_response(request, response)


def locked_out(request: HttpRequest, credentials: object, *args: Any, **kwargs: Any) -> HttpResponse:
    """What is answered to a login while it is locked, whatever password it brings."""
    minutes = int(COOL_OFF.total_seconds() // 60)
    response = render(request, "locked_out.html", {"minutes": minutes}, status=429)
    response.headers["Retry-After"] = str(minutes * 60)
    return response
