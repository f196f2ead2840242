"""GET /api/v1/orders/{orderId}/changes: an order's history, each change with its event.

It stands here and not beside the other reads of orders, because a change knows only the number of its event, and events
are the layer above.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo
from typing import Any, ClassVar, TypedDict

from django.http import HttpRequest, HttpResponse

from account.current import current_account
from contract.filters import check_names
from contract.http import ApiView, json_response
from contract.moments import present_moment
from contract.openapi import READ_ERRORS, Moment, describe, page_of, page_parameters, path_parameter
from contract.paging import cut_page, id_key
from contract.problems import not_found, refuse
from contract.scopes import Scope
from events.models import Event
from orders.models import Order, OrderChange

# A field's value before and after, as the order shows it; null where there was none.
FieldChangeShape = TypedDict("FieldChangeShape", {"from": Any, "to": Any})


class ChangeShape(TypedDict):
    at: Moment
    eventId: str
    eventTypeKey: str
    fields: dict[str, FieldChangeShape]


class OrderChangesView(ApiView):
    scopes: ClassVar = {"GET": Scope.READ}
    console_permission = "orders.view_order"

    @describe(
        "Read an order's history, oldest first",
        tag="orders",
        answers={200: page_of(ChangeShape)},
        errors=(*READ_ERRORS, 404),
        parameters=[path_parameter("order_id", "The order's own id, `orderId`."), *page_parameters()],
        operation_id="listOrderChanges",
    )
    def get(self, request: HttpRequest, order_id: int) -> HttpResponse:
        if problems := check_names(request.GET, ("limit", "cursor")):
            raise refuse(problems)
        if not Order.objects.filter(pk=order_id).exists():
            raise not_found(f"There is no order with the orderId {order_id}.")
        page = cut_page(request, OrderChange.objects.filter(order_id=order_id), {"id": id_key()}, "id")
        return json_response(page.present(present_changes(page.rows)))


def present_changes(changes: Sequence[OrderChange]) -> list[ChangeShape]:
    """The changes as the API shows them: one query for the types of all their events."""
    zone = current_account().time_zone
    events = Event.objects.filter(pk__in=[change.event_id for change in changes])
    type_keys = dict(events.values_list("pk", "event_type__key"))
    return [
        {
            "at": present_moment(change.at, zone),
            "eventId": str(change.event_id),
            "eventTypeKey": type_keys.get(change.event_id, ""),
            "fields": _present_fields(change.fields, zone),
        }
        for change in changes
    ]


def _present_fields(fields: Mapping[str, Any], zone: tzinfo) -> dict[str, Any]:
    """A history keeps its moments in UTC; the API tells all moments in the account's zone."""
    if "date" not in fields:
        return dict(fields)
    date = {
        name: None if text is None else present_moment(datetime.fromisoformat(text), zone)
        for name, text in fields["date"].items()
    }
    return {**fields, "date": date}
