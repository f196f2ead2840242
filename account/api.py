"""GET /api/v1/version and /api/v1/account/info: what a client asks first, to see that it is through."""

import tomllib
from functools import cache
from pathlib import Path
from typing import ClassVar, TypedDict

from django.http import HttpRequest, HttpResponse

from account.current import current_account
from contract.http import ApiView, json_response
from contract.openapi import component, describe
from contract.scopes import Scope

PROTOCOL_VERSION = "1.0"  # of the original's contract that is kept to
ORGANISATION = 1  # there is one account
PROJECT = Path(__file__).resolve().parents[1] / "pyproject.toml"


class VersionShape(TypedDict):
    version: str
    protocolVersion: str


class AccountInfoShape(TypedDict):
    """`userEmail` is that of the console user who asks; a key belongs to a source and has none."""

    orgId: int
    organisationName: str
    userEmail: str | None
    timeZone: str
    currency: str
    phoneRegion: str


@cache
def project_version() -> str:
    """The version of this installation."""
    version: str = tomllib.loads(PROJECT.read_text())["project"]["version"]
    return version


class VersionView(ApiView):
    scopes: ClassVar = {"GET": Scope.READ}
    console_permission = "account.view_account"

    @describe(
        "Which version this is",
        answers={200: component(VersionShape)},
        answer_examples={200: {"version": "0.1.0", "protocolVersion": "1.0"}},
        operation_id="readVersion",
        tag="account",
    )
    def get(self, request: HttpRequest) -> HttpResponse:
        return json_response(VersionShape(version=project_version(), protocolVersion=PROTOCOL_VERSION))


class AccountInfoView(ApiView):
    scopes: ClassVar = {"GET": Scope.READ}
    console_permission = "account.view_account"

    @describe(
        "Whose account this is, and its settings",
        answers={200: component(AccountInfoShape)},
        answer_examples={
            200: {
                "orgId": 1,
                "organisationName": "My shop",
                "userEmail": None,
                "timeZone": "Europe/Kyiv",
                "currency": "UAH",
                "phoneRegion": "UA",
            }
        },
        operation_id="readAccountInfo",
        tag="account",
    )
    def get(self, request: HttpRequest) -> HttpResponse:
        account = current_account()
        info: AccountInfoShape = {
            "orgId": ORGANISATION,
            "organisationName": account.name,
            "userEmail": getattr(request.user, "email", None) or None,
            "timeZone": account.time_zone.key,
            "currency": account.default_currency,
            "phoneRegion": account.phone_region,
        }
        return json_response(info)
