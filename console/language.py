"""The console speaks its reader's language; the API always speaks English.

A page's language is the one that the reader chose in the console (a cookie, kept for a year), else the first that the
browser asks for and we have, else English. docs/operations.md, Languages.
"""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase
from django.utils import translation
from django.utils.cache import patch_vary_headers

LANGUAGES = [("en", "English"), ("uk", "Українська"), ("ru", "Русский")]


class ConsoleLanguageMiddleware:
    """Django's LocaleMiddleware, for the addresses below /admin/ only, and undone behind each of them.

    Django's own leaves its language behind in the thread, where the next request of the API would speak it.
    A streaming answer is made after this has ended: what it says is translated before it begins.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not request.path_info.startswith("/admin/"):
            return self.get_response(request)
        language = translation.get_language_from_request(request)
        with translation.override(language):
            request.LANGUAGE_CODE = language  # as Django's own does
            response = self.get_response(request)
        patch_vary_headers(response, ("Accept-Language",))
        response.headers.setdefault("Content-Language", language)
        return response
