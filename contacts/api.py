"""/api/v1/contact and /api/v1/contact/{id}: reads the request, calls one function, writes the answer."""

from typing import ClassVar

from django.http import HttpRequest, HttpResponse

from contacts.api_shapes import ContactIdShape, ContactShape, SentContactShape
from contacts.deletion_api import (
    BY_CUSTOMER,
    CONTACT_ID,
    DELETED,
    DELETED_EXAMPLES,
    ERASE,
    LOCATION,
    delete_by_customer,
    delete_by_id,
    no_contact,
)
from contacts.fields import load_address_book
from contacts.identifiers import is_contact_id
from contacts.payload import ContactError, read_contact
from contacts.presentation import load_contact
from contacts.saving import save_or_refuse
from contract.http import ApiView, json_response, read_object
from contract.idempotency import idempotently
from contract.openapi import (
    IDEMPOTENCY_ERRORS,
    IDEMPOTENCY_KEY_HEADER,
    READ_ERRORS,
    WRITE_ERRORS,
    answer_header,
    component,
    describe,
)
from contract.problems import not_found, refuse
from contract.scopes import Scope


class ContactView(ApiView):
    """Creates a contact, or updates the one that its identifiers name."""

    scopes: ClassVar = {"POST": Scope.CONTACTS_WRITE, "DELETE": Scope.CONTACTS_WRITE}

    @describe(
        "Create a contact, or update the one that its identifiers name",
        "Channels replace those of their type, fields those of their name; an empty text says nothing. Identifiers of "
        "two contacts are a 409 whose `contactIds` names both, and nothing is changed.",
        answers={200: component(ContactIdShape)},
        errors=(*WRITE_ERRORS, *IDEMPOTENCY_ERRORS),
        parameters=[IDEMPOTENCY_KEY_HEADER],
        headers=[answer_header("Location", "The contact.", {"type": "string"})],
        body=SentContactShape,
        operation_id="postContact",
        tag="contacts",
    )
    def post(self, request: HttpRequest) -> HttpResponse:
        return idempotently(request, lambda: self._take(request))

    def _take(self, request: HttpRequest) -> HttpResponse:
        contact_id = _save(request, None)
        return json_response({"id": contact_id}, headers={"Location": f"/api/v1/contact/{contact_id}"})

    @describe(
        "Delete or erase the contact that an externalCustomerId names",
        "A deleted contact is out of sight and out of matching; its orders and the money stay. Deleting it again "
        "changes nothing.",
        answers=DELETED,
        answer_examples=DELETED_EXAMPLES,
        errors=(*READ_ERRORS, 404),
        parameters=[BY_CUSTOMER, ERASE],
        headers=[LOCATION],
        operation_id="deleteContactByCustomer",
        tag="contacts",
    )
    def delete(self, request: HttpRequest) -> HttpResponse:
        return delete_by_customer(request)


class OneContactView(ApiView):
    """One contact by its id."""

    scopes: ClassVar = {"GET": Scope.READ, "PUT": Scope.CONTACTS_WRITE, "DELETE": Scope.CONTACTS_WRITE}
    console_permission = "contacts.view_contact"

    @describe(
        "One contact",
        answers={200: component(ContactShape)},
        errors=(*READ_ERRORS, 404),
        parameters=[CONTACT_ID],
        operation_id="readContact",
        tag="contacts",
    )
    def get(self, request: HttpRequest, contact_id: str) -> HttpResponse:
        return json_response(_present(_id_of(contact_id)))

    @describe(
        "Replace what is sent of one contact",
        "As in a POST, but an empty text empties what it names: a name, an identifier, a field, a type of channel.",
        answers={200: component(ContactShape)},
        errors=(*WRITE_ERRORS, 404, 409),
        parameters=[CONTACT_ID],
        body=SentContactShape,
        operation_id="putContact",
        tag="contacts",
    )
    def put(self, request: HttpRequest, contact_id: str) -> HttpResponse:
        return json_response(_present(_save(request, _id_of(contact_id))))

    @describe(
        "Delete or erase one contact",
        "A deleted contact is out of sight and out of matching; its orders and the money stay. Deleting it again "
        "changes nothing, and neither does erasing it again.",
        answers=DELETED,
        answer_examples=DELETED_EXAMPLES,
        errors=(*READ_ERRORS, 404),
        parameters=[CONTACT_ID, ERASE],
        headers=[LOCATION],
        operation_id="deleteContact",
        tag="contacts",
    )
    def delete(self, request: HttpRequest, contact_id: str) -> HttpResponse:
        return delete_by_id(request, _id_of(contact_id))


def _id_of(text: str) -> int:
    if not is_contact_id(text):
        raise not_found(f"There is no contact “{text[:40]}”; an id is a positive integer.")
    return int(text)


def _present(contact_id: int) -> ContactShape:
    contact = load_contact(contact_id)
    if contact is None:
        raise no_contact(contact_id)
    return contact


def _save(request: HttpRequest, contact_id: int | None) -> int:
    """Saves the contact of the body, under this id when one is put; its id."""
    payload = read_object(request)
    try:
        change = read_contact(payload, load_address_book(), contact_id=contact_id)
    except ContactError as error:
        raise refuse(error.problems) from error
    return save_or_refuse(change, contact_id)
