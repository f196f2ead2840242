"""DELETE of a contact, by its id or by its externalCustomerId, and how far the erasure of one is.

What deleting and erasing mean is decided in contacts/deletion.py and contacts/erasure.py. Answers have a body, as
clients of the original read every answer as JSON.
"""

from collections.abc import Collection
from typing import Any, ClassVar, Literal, TypedDict

from django.http import HttpRequest, HttpResponse

from account.audit import actor_of
from account.current import current_account
from contacts.deletion import delete_contacts
from contacts.erasure import find_erasure, present_erasure, request_erasure
from contacts.identifiers import EXTERNAL_CUSTOMER_ID, MAX_CONTACT_ID, MAX_VALUE_LENGTH, is_contact_id
from contacts.matching import find_holders
from contacts.models import Contact, ErasureStage
from contract.filters import check_names
from contract.http import ApiView, json_response
from contract.json_values import is_storable
from contract.openapi import READ_ERRORS, Moment, answer_header, component, describe, path_parameter, query_parameter
from contract.problems import ApiError, not_found, parameter_problem, refuse
from contract.scopes import Scope

CONTACT_ID = path_parameter("contact_id", "The contact's id.", {"type": "integer", "minimum": 1, "maximum": 2**63 - 1})
BY_CUSTOMER = query_parameter(
    EXTERNAL_CUSTOMER_ID, "Whose contact it is.", {"type": "string", "minLength": 1, "examples": ["C1"]},
    is_required=True,
)  # fmt: skip
ERASE = query_parameter(
    "erase",
    "With `true` the person is erased, too: their name, identifiers, fields and address, and what events and orders "
    "hold of them. Orders keep their ids, items, money and dates. It cannot be undone.",
    {"type": "boolean", "default": False, "examples": [True]},
)
LOCATION = answer_header(
    "Location",
    "Where to read how far the erasure is.",
    {"type": "string", "examples": ["/api/v1/contact/77/erasure"]},
    statuses=(202,),
)


class DeletedShape(TypedDict):
    id: int
    status: Literal["deleted", "erasing", "erased"]


class ErasureShape(TypedDict):
    """How far an erasure is. `events` and `orders` count those in which something was erased."""

    id: int
    status: Literal["erasing", "erased"]
    stage: Literal["orders", "events", "log", "rest", "done"]
    requestedAt: Moment
    finishedAt: Moment | None
    events: int
    orders: int


DELETED = {200: component(DeletedShape), 202: component(DeletedShape)}
DELETED_EXAMPLES = {200: {"id": 77, "status": "deleted"}, 202: {"id": 77, "status": "erasing"}}


def delete_by_id(request: HttpRequest, contact_id: int) -> HttpResponse:
    """Deletes or erases the contact. Raises ApiError 400 and 404."""
    erases = _read_erase(request, {"erase"})
    return _delete(request, contact_id, f"There is no contact {contact_id}.", erases=erases)


def delete_by_customer(request: HttpRequest) -> HttpResponse:
    """The same by `?externalCustomerId=`."""
    erases = _read_erase(request, {EXTERNAL_CUSTOMER_ID, "erase"})
    customer = request.GET.get(EXTERNAL_CUSTOMER_ID, "")
    if not customer:
        raise refuse([parameter_problem(EXTERNAL_CUSTOMER_ID, "", "the externalCustomerId of the contact")])
    if not is_storable(customer) or len(customer) > MAX_VALUE_LENGTH:
        raise refuse([parameter_problem(EXTERNAL_CUSTOMER_ID, customer[:80], "an externalCustomerId")])
    holder = find_holders([(EXTERNAL_CUSTOMER_ID, customer)]).get((EXTERNAL_CUSTOMER_ID, customer))
    nobody = (
        f"There is no contact with the externalCustomerId “{customer[:80]}”. "
        "One that was erased is not known by it any more."
    )
    return _delete(request, holder.contact_id if holder else None, nobody, erases=erases)


def _read_erase(request: HttpRequest, known: Collection[str]) -> bool:
    problems: list[Any] = [*check_names(request.GET, known)]
    text = request.GET.get("erase", "false")
    if text and text.lower() not in ("true", "false"):
        problems.append(parameter_problem("erase", text[:80], "true or false"))
    if problems:
        raise refuse(problems)
    return text.lower() == "true"


def _delete(request: HttpRequest, contact_id: int | None, nobody: str, *, erases: bool) -> HttpResponse:
    if contact_id is None or contact_id > MAX_CONTACT_ID:
        raise not_found(nobody)
    if erases:
        return _erase(request, contact_id, nobody)
    if not delete_contacts([contact_id], actor_of(request)) and not Contact.objects.filter(pk=contact_id).exists():
        raise not_found(nobody)
    return json_response({"id": contact_id, "status": _status_of(contact_id)})


def _erase(request: HttpRequest, contact_id: int, nobody: str) -> HttpResponse:
    erasure = request_erasure(contact_id, actor_of(request))
    if erasure is None:
        raise not_found(nobody)
    if erasure.stage == ErasureStage.DONE:
        return json_response({"id": contact_id, "status": "erased"})
    location = f"/api/v1/contact/{contact_id}/erasure"
    return json_response({"id": contact_id, "status": "erasing"}, status=202, headers={"Location": location})


def _status_of(contact_id: int) -> str:
    erasure = find_erasure(contact_id)
    if erasure is None:
        return "deleted"
    return "erased" if erasure.stage == ErasureStage.DONE else "erasing"


def no_contact(contact_id: int) -> ApiError:
    """The 404 for a contact that cannot be shown: it never was, or it is deleted or erased."""
    if not Contact.objects.filter(pk=contact_id).exists():
        return not_found(f"There is no contact {contact_id}.")
    words = {"deleted": "is deleted", "erasing": "is being erased", "erased": "was erased"}
    return not_found(f"The contact {contact_id} {words[_status_of(contact_id)]}.")


class ErasureView(ApiView):
    """How far the erasure of a contact is."""

    scopes: ClassVar = {"GET": Scope.READ}
    console_permission = "contacts.view_contact"

    @describe(
        "Read how far the erasure of a contact is",
        "There is one from the moment it was asked for, and for good; it holds no value of the person.",
        answers={200: component(ErasureShape)},
        answer_examples={
            200: {
                "id": 77,
                "status": "erased",
                "stage": "done",
                "requestedAt": "2026-05-14T10:11:00+03:00",
                "finishedAt": "2026-05-14T10:11:04.481516+03:00",
                "events": 12,
                "orders": 3,
            }
        },
        errors=(*READ_ERRORS, 404),
        parameters=[CONTACT_ID],
        operation_id="readErasure",
        tag="contacts",
    )
    def get(self, request: HttpRequest, contact_id: str) -> HttpResponse:
        erasure = find_erasure(int(contact_id)) if is_contact_id(contact_id) else None
        if erasure is None:
            raise not_found(f"Nobody has asked to erase a contact “{contact_id[:40]}”.")
        zone = current_account().time_zone
        return json_response(present_erasure(erasure, lambda moment: moment.astimezone(zone).isoformat()))
