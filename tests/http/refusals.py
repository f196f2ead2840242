"""What the tables of bad requests share: who sends, how a refusal reads, and the rows of every table."""

from dataclasses import dataclass, field
from functools import cache
from typing import Any

from django.db import connection
from django.http import HttpResponse
from django.test import Client

from contract.problems import MEDIA_TYPE
from contract.scopes import Scope
from tests.callers import bearer, make_key


@dataclass
class Caller:
    """Sends requests with a key of all scopes, unless told otherwise. `ids` stand for what addresses name in braces."""

    ids: dict[str, Any]
    keys: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)

    def send(self, method: str, address: str, body: str = "") -> HttpResponse:
        for name, value in self.ids.items():
            address = address.replace(f"{{{name}}}", str(value))
        client = Client(raise_request_exception=False)
        return client.generic(method, address, body, "application/json", headers=self.headers)

    def without(self, scope: str) -> "Caller":
        return Caller(self.ids, self.keys, bearer(self.keys[scope]))

    def nobody(self) -> "Caller":
        return Caller(self.ids)


def make_caller(**ids: Any) -> Caller:
    """With a key of all scopes, and one for each scope that has all but this one."""
    keys = {scope: make_key(scopes=[each for each in Scope.values if each != scope]) for scope in Scope.values}
    return Caller(ids, keys, bearer(make_key(scopes=Scope.values)))


def refused(answer: HttpResponse) -> tuple[int, str]:
    """The status, and what was wrong: pointers or parameters with their codes, in their order."""
    assert answer.headers["Content-Type"] == MEDIA_TYPE, answer.content
    problem = answer.json()
    assert problem["status"] == answer.status_code
    assert problem["message"] == problem["detail"] != ""
    assert all(error["detail"] for error in problem["errors"])
    wrong = [f"{error.get('parameter') or error['pointer']} {error['code']}".strip() for error in problem["errors"]]
    return answer.status_code, "; ".join(wrong)


def row_counts() -> tuple[int, ...]:
    """The rows of each table, all counted by one statement."""
    with connection.cursor() as cursor:
        cursor.execute(_count_all())
        return tuple(cursor.fetchone())


@cache
def _count_all() -> str:
    with connection.cursor() as cursor:
        names = sorted(connection.introspection.table_names(cursor))
    assert len(names) > 20
    return "SELECT " + ", ".join(f'(SELECT count(*) FROM "{name}")' for name in names)  # noqa: S608
