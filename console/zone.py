"""The pages of the console speak the account's time zone: what they show, and how they read a date that is typed."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from account.current import current_account


class AccountZoneMiddleware:
    """Only below /admin/: the API names its zones itself, and a request that takes events must not ask for them."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path_info.startswith("/admin/"):
            return self.get_response(request)
        with timezone.override(current_account().time_zone):
            return self.get_response(request)
