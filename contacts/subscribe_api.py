"""POST /api/v1/contact/subscribe: one contact from a form."""

from typing import ClassVar

from django.http import HttpRequest, HttpResponse

from account.audit import actor_of
from contacts.api_shapes import ContactIdShape, SubscriptionShape
from contacts.fields import load_address_book
from contacts.payload import ContactError
from contacts.saving import save_or_refuse
from contacts.subscription import read_subscription
from contract.http import ApiView, json_response, read_object
from contract.idempotency import idempotently
from contract.openapi import (
    IDEMPOTENCY_ERRORS,
    IDEMPOTENCY_KEY_HEADER,
    WRITE_ERRORS,
    answer_header,
    component,
    describe,
)
from contract.problems import refuse
from contract.scopes import Scope

EXAMPLE = {
    "contact": {"firstName": "Olha", "channels": [{"type": "email", "value": "olha@shop.example"}]},
    "groups": ["Newsletter"],
    "formType": "footer",
}


class SubscribeView(ApiView):
    """Creates or updates the contact that a form names, and puts it into groups."""

    scopes: ClassVar = {"POST": Scope.CONTACTS_WRITE}

    @describe(
        "Create or update one contact from a form",
        "As POST /api/v1/contact, but groups are joined and none is left, a deleted contact comes back, and an `id` is "
        "not looked at. `formType` is taken, and means nothing here.",
        answers={200: component(ContactIdShape)},
        answer_examples={200: {"id": 77}},
        errors=(*WRITE_ERRORS, *IDEMPOTENCY_ERRORS),
        parameters=[IDEMPOTENCY_KEY_HEADER],
        headers=[answer_header("Location", "The contact.", {"type": "string"})],
        body=SubscriptionShape,
        body_examples={"A form": EXAMPLE},
        operation_id="subscribeContact",
        tag="contacts",
    )
    def post(self, request: HttpRequest) -> HttpResponse:
        return idempotently(request, lambda: self._take(request))

    def _take(self, request: HttpRequest) -> HttpResponse:
        try:
            change = read_subscription(read_object(request), load_address_book())
        except ContactError as error:
            raise refuse(error.problems) from error
        contact_id = save_or_refuse(change, actor=actor_of(request))
        return json_response({"id": contact_id}, headers={"Location": f"/api/v1/contact/{contact_id}"})
