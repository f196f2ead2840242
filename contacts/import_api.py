"""POST /api/v1/contacts and GET /api/v1/importstatus/{asyncSessionId}: takes imports, and tells how far they are."""

from typing import ClassVar
from uuid import UUID

import msgspec
from django.http import HttpRequest, HttpResponse

from account.audit import actor_of
from contacts.api_shapes import ImportStatusShape, TakenImportShape
from contacts.fields import load_address_book
from contacts.import_options import read_options
from contacts.import_reading import options_message, split_contacts
from contacts.import_results import load_status
from contacts.import_wake import wake_importer
from contacts.imports import store_import
from contacts.payload import ContactError
from contract import json_values
from contract.http import ApiView, json_response, not_an_object, read_body
from contract.json_values import JsonValue, NotJsonError, excerpt
from contract.openapi import (
    READ_ERRORS,
    component,
    describe,
    path_parameter,
)
from contract.problems import ApiError, not_found, refuse
from contract.reasons import Problem
from contract.scopes import Scope

MAX_CONTACTS = 3_000
# 5 kB for each of 3,000 contacts; a full one with a hundred fields has some 4 kB. A worker holds a few times as much
# while it reads one, and there is one at a time.
MAX_IMPORT_BYTES = 16 * 1_048_576


def take_import(request: HttpRequest) -> HttpResponse:
    """Stores the import of the body, and has it worked off. Raises ApiError 400 for what is no list of contacts."""
    body = json_values.bytes_of(read_body(request, MAX_IMPORT_BYTES))
    total, options = _read(body)
    try:
        read_options(options, load_address_book())
    except ContactError as error:
        raise refuse(error.problems) from error
    source_id: int = request.auth.source_id  # type: ignore[attr-defined]  # what writes needs a key of a source
    session_id = store_import(body, total, source_id, actor_of(request))
    wake_importer()
    taken: TakenImportShape = {"asyncSessionId": str(session_id), "status": "STARTED", "total": total}
    return json_response(taken, headers={"Location": f"/api/v1/importstatus/{session_id}"})


def _read(body: bytes) -> tuple[int, dict[str, JsonValue]]:
    """How many contacts a body holds, and its other members. What each contact says is for the worker to read."""
    try:
        json_values.check_depth(body)
        if json_values.may_hold_nul(body):
            json_values.decode(body)
        body.decode()
        total, options = len(split_contacts(body)), options_message(body)
    except NotJsonError as error:
        raise _not_json(error) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _explain(body) from error
    if not 1 <= total <= MAX_CONTACTS:
        raise _wrong_count(total)
    return total, options


def _explain(body: bytes) -> ApiError:
    """Why a body that did not decode cannot be taken."""
    try:
        value = json_values.decode(body)
    except NotJsonError as error:
        return _not_json(error)
    if not isinstance(value, dict):
        return refuse([not_an_object(value)])
    found = value.get("contacts")
    code, shown = ("missing", "") if found is None else ("wrong_type", excerpt(found))
    detail = "The list of contacts is missing or no array."
    return refuse(
        [Problem(pointer="/contacts", code=code, detail=detail, found=shown, expected="an array of contacts")]
    )  # fmt: skip


def _not_json(error: NotJsonError) -> ApiError:
    return refuse([Problem(pointer=at.pointer, code=at.code, detail=at.detail) for at in error.refusals])


def _wrong_count(total: int) -> ApiError:
    code = "too_many" if total else "empty"
    expected = f"1 to {MAX_CONTACTS:,} contacts; send more in several requests"
    detail = f"There are {total:,} contacts; expected {expected}."
    return refuse([Problem(pointer="/contacts", code=code, detail=detail, found=f"{total:,}", expected=expected)])


SESSION = "3f2b8c1e-6a0d-4b57-9d3e-5d1f0a7c2b94"
EXAMPLE = {
    "asyncSessionId": SESSION,
    "status": "FINISHED",
    "total": 2,
    "done": 2,
    "created": 1,
    "updated": 0,
    "mapping": [{"index": 0, "contactId": 77}],
    "refused": [
        {
            "index": 1,
            "errors": [
                {
                    "pointer": "/contacts/1/channels/0/value",
                    "code": "identifier_taken",
                    "detail": "The phone belongs to contact 12, and what was sent is for contact 77.",
                    "expected": "an identifier that no contact has but contact 77",
                }
            ],
            "contactIds": [12, 77],
        }
    ],
}


class ImportStatusView(ApiView):
    """How far an import is."""

    scopes: ClassVar = {"GET": Scope.READ}
    console_permission = "contacts.view_contact"

    @describe(
        "How far an import of contacts is",
        "`mapping` and `refused` grow while it is under way, in the order of the contacts. Both are told for seven "
        "days after it is finished. What is told of a refused contact names its place and the fix, and no value.",
        answers={200: component(ImportStatusShape)},
        answer_examples={200: EXAMPLE},
        errors=(*READ_ERRORS, 404),
        parameters=[
            path_parameter(
                "session_id",
                "From the answer to the import.",
                {"type": "string", "format": "uuid", "examples": [SESSION]},
            )
        ],
        operation_id="readImportStatus",
        tag="contacts",
    )
    def get(self, request: HttpRequest, session_id: str) -> HttpResponse:
        try:
            status = load_status(UUID(session_id))
        except ValueError:
            status = None
        if status is None:
            raise not_found(f"There is no import “{session_id[:40]}”; an import is told for seven days.")
        return json_response(status)
