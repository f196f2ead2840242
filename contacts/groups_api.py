"""GET /api/v1/groups and /api/v1/addressbooks: which groups and which contact fields there are."""

from typing import ClassVar

from django.http import HttpRequest, HttpResponse

from account.current import current_account
from contacts.api_shapes import AddressBooksShape, GroupShape
from contacts.fields import load_fields
from contacts.models import Group
from contacts.presentation import present_address_book, present_group
from contract.http import ApiView, json_response
from contract.openapi import component, describe
from contract.scopes import Scope

FIELD = {
    "id": 30,
    "name": "Size",
    "fieldKey": "size",
    "description": {"type": "integer", "required": False, "readonly": False},
}
BOOK = {"addressBookId": 1, "name": "My shop", "fieldGroups": [{"name": "Contact fields", "fields": [FIELD]}]}


class GroupsView(ApiView):
    """All groups of the account."""

    scopes: ClassVar = {"GET": Scope.READ}
    console_permission = "contacts.view_group"

    @describe(
        "All groups of contacts",
        "By their names; there are at most 10,000.",
        answers={200: {"type": "array", "items": component(GroupShape)}},
        answer_examples={200: [{"id": 3, "name": "Newsletter", "type": "Static"}]},
        operation_id="listGroups",
        tag="contacts",
    )
    def get(self, request: HttpRequest) -> HttpResponse:
        groups = Group.objects.order_by("name").values_list("id", "name")
        return json_response([present_group(group_id, name) for group_id, name in groups])


class AddressBooksView(ApiView):
    """The contact fields that staff declared."""

    scopes: ClassVar = {"GET": Scope.READ}
    console_permission = "contacts.view_contactfield"

    @describe(
        "The contact fields, with their types",
        "Those that are declared, by their ids. A field is posted by its `id`, or by its `fieldKey` as `name`.",
        answers={200: component(AddressBooksShape)},
        answer_examples={200: {"addressBook": BOOK}},
        operation_id="readAddressBooks",
        tag="contacts",
    )
    def get(self, request: HttpRequest) -> HttpResponse:
        return json_response(present_address_book(load_fields(), current_account().name))
