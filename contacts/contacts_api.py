"""POST and GET /api/v1/contacts: an import of many contacts, and the list of the original."""

import re
from typing import Any, ClassVar

from django.http import HttpRequest, HttpResponse
from drf_spectacular.utils import OpenApiParameter

from contacts.api_shapes import ContactShape, SentImportShape, TakenImportShape
from contacts.contact_list import IDENTIFIERS, NAMES, find_page
from contacts.import_api import MAX_IMPORT_BYTES, take_import
from contacts.payload import MAX_TEXT
from contract.filters import check_names
from contract.http import ApiView, json_response
from contract.idempotency import idempotently
from contract.json_values import is_storable
from contract.openapi import (
    IDEMPOTENCY_ERRORS,
    IDEMPOTENCY_KEY_HEADER,
    READ_ERRORS,
    WRITE_ERRORS,
    answer_header,
    component,
    describe,
    query_parameter,
)
from contract.problems import parameter_problem, refuse
from contract.scopes import Scope

MAX_ROWS = 500
MAX_START = 10**9  # far beyond what there is; the cost of a place in the list grows with it
_number = re.compile(r"[0-9]{1,10}", re.ASCII)


def _text_parameter(name: str, description: str, example: str) -> OpenApiParameter:
    return query_parameter(name, description, {"type": "string", "minLength": 1, "examples": [example]})


def _number_parameter(name: str, description: str, most: int, default: int) -> OpenApiParameter:
    schema = {"type": "integer", "minimum": 1, "maximum": most, "default": default, "examples": [default]}
    return query_parameter(name, description, schema)


PARAMETERS = [
    _text_parameter("email", "The contact with this e-mail address, case ignored.", "olha@shop.example"),
    _text_parameter("sms", "The contact with this phone number, in any spelling.", "+380501234567"),
    _text_parameter("externalCustomerId", "Exactly as it was sent.", "C1"),
    _text_parameter("firstname", "The whole first name, case ignored.", "Olha"),
    _text_parameter("lastname", "The whole last name, case ignored.", "Koval"),
    _number_parameter("startindex", "From which on; 1 is the first.", MAX_START, 1),
    _number_parameter("maxrows", "How many at most.", MAX_ROWS, MAX_ROWS),
]
OLHA: dict[str, Any] = {"firstName": "Olha", "channels": [{"type": "email", "value": "olha@shop.example"}]}
IMPORT = {"contacts": [OLHA], "dedupeOn": "email", "groupNames": ["Newsletter"], "restoreDeleted": True}
TAKEN = {"asyncSessionId": "3f2b8c1e-6a0d-4b57-9d3e-5d1f0a7c2b94", "status": "STARTED", "total": 1}
FOUND: dict[str, Any] = {
    **OLHA,
    "id": 77,
    "lastName": "",
    "externalCustomerId": None,
    "contactKey": None,
    "address": {},
    "fields": [],
    "groups": [{"id": 3, "name": "Newsletter", "type": "Static"}],
    "createdAt": "2026-05-14T10:11:00+03:00",
    "updatedAt": "2026-05-14T10:11:00+03:00",
}


class ContactsView(ApiView):
    """Takes many contacts at once; finds some."""

    scopes: ClassVar = {"POST": Scope.CONTACTS_WRITE, "GET": Scope.READ}
    console_permission = "contacts.view_contact"

    @describe(
        "Import contacts",
        "Stored before it is answered, and worked off in the order of acceptance; GET "
        "/api/v1/importstatus/{asyncSessionId} tells how far it is, and why contacts were refused. `dedupeOn` says "
        "what tells contacts apart (all identifiers, without it); one with `externalCustomerId` is told apart by that. "
        "`contactFields` and `customFieldsIDs` limit what is written, each of its own kind.",
        answers={200: component(TakenImportShape)},
        answer_examples={200: TAKEN},
        errors=(*WRITE_ERRORS, *IDEMPOTENCY_ERRORS),
        parameters=[IDEMPOTENCY_KEY_HEADER],
        headers=[answer_header("Location", "How far it is.", {"type": "string"})],
        body=SentImportShape,
        body_examples={"One contact": IMPORT},
        operation_id="importContacts",
        tag="contacts",
    )
    def post(self, request: HttpRequest) -> HttpResponse:
        return idempotently(request, lambda: take_import(request), MAX_IMPORT_BYTES)

    @describe(
        "Find contacts",
        "By the order of their ids. The header `TotalCount` tells how many match in all. Deleted ones are left out.",
        answers={200: {"type": "array", "items": component(ContactShape)}},
        answer_examples={200: [FOUND]},
        headers=[answer_header("TotalCount", "How many match in all.", {"type": "integer"})],
        errors=READ_ERRORS,
        parameters=PARAMETERS,
        operation_id="findContacts",
        tag="contacts",
    )
    def get(self, request: HttpRequest) -> HttpResponse:
        wanted, start, limit = _read_query(request)
        page = find_page(wanted, start, limit)
        return json_response(page.contacts, headers={"TotalCount": str(page.total)})


def _read_query(request: HttpRequest) -> tuple[dict[str, str], int, int]:
    """What is looked for, from where on, and how many. Raises ApiError 400 with every problem."""
    texts = [*IDENTIFIERS, *NAMES]
    problems = check_names(request.GET, [*texts, "startindex", "maxrows"])
    told = {problem.parameter for problem in problems}
    wanted = {name: request.GET[name] for name in texts if name in request.GET and name not in told}
    for name, text in wanted.items():
        if len(text) > MAX_TEXT or not is_storable(text):
            problems.append(parameter_problem(name, text, f"a text of 1 to {MAX_TEXT:,} characters without NUL"))
    numbers = {}
    for name, default, most in (("startindex", 1, MAX_START), ("maxrows", MAX_ROWS, MAX_ROWS)):
        text = request.GET.get(name, str(default))
        if name not in told and not (_number.fullmatch(text) and 1 <= int(text) <= most):
            problems.append(parameter_problem(name, text, f"a number from 1 to {most:,}"))
        else:
            numbers[name] = default if name in told else int(text)
    if problems:
        raise refuse(problems)
    return wanted, numbers["startindex"], numbers["maxrows"]
