"""POST and DELETE /api/v1/orders beside the list: the layer above orders, because both are events."""

from typing import ClassVar

from django.http import HttpRequest, HttpResponse

from account.audit import actor_of
from account.current import current_account
from contract.http import ApiRequest, hold_body, json_response
from contract.idempotency import idempotently, idempotently_in_two_steps
from contract.json_lists import ListError
from contract.openapi import (
    IDEMPOTENCY_ERRORS,
    IDEMPOTENCY_KEY_HEADER,
    READ_ERRORS,
    WRITE_ERRORS,
    component,
    describe,
)
from contract.problems import UnavailableError, refuse
from contract.scopes import Scope
from events import inbox
from events.add_orders import MAX_BYTES, SentOrder, events_of, known_by_event, read_orders
from events.add_orders_answer import answer_of
from events.add_orders_shapes import (
    ADD_ORDERS_DESCRIPTION,
    ANSWER_EXAMPLE,
    DELETE_DESCRIPTION,
    DELETE_PARAMETERS,
    DELETION_EXAMPLE,
    ORDERS_EXAMPLE,
    ORDERS_TO_SEND,
    WAITING_EXAMPLE,
    AddedOrdersShape,
    DeletionShape,
)
from events.at_once import apply_at_once
from events.inbox import StoreUnavailableError
from events.order_deletion import request_deletion
from events.order_deletion_query import read_wanted
from orders.api import OrdersView


class AllOrdersView(OrdersView):
    """The list of orders, and what changes many of them at once."""

    scopes: ClassVar = {**OrdersView.scopes, "POST": Scope.ORDERS_WRITE, "DELETE": Scope.ORDERS_WRITE}

    @describe(
        "Add up to 1,000 orders",
        ADD_ORDERS_DESCRIPTION,
        tag="orders",
        body=ORDERS_TO_SEND,
        body_examples={"A delivered order": ORDERS_EXAMPLE},
        answer_examples={200: ANSWER_EXAMPLE, 202: WAITING_EXAMPLE},
        answers={200: component(AddedOrdersShape), 202: component(AddedOrdersShape)},
        errors=(*WRITE_ERRORS, *IDEMPOTENCY_ERRORS),
        parameters=[IDEMPOTENCY_KEY_HEADER],
        operation_id="addOrders",
    )
    def post(self, request: ApiRequest) -> HttpResponse:
        orders = _read_orders(request)

        def store() -> list[int]:
            return _store(orders, request.auth.source_id)

        def finish(event_ids: list[int]) -> HttpResponse:
            apply_at_once(event_ids, known=known_by_event(orders, event_ids))
            status, body = answer_of(orders, event_ids)
            return json_response(body, status)

        return idempotently_in_two_steps(request, store, finish, MAX_BYTES)

    @describe(
        "Delete orders",
        DELETE_DESCRIPTION,
        tag="orders",
        answers={202: component(DeletionShape)},
        errors=(*READ_ERRORS, *IDEMPOTENCY_ERRORS),
        parameters=[*DELETE_PARAMETERS, IDEMPOTENCY_KEY_HEADER],
        answer_examples={202: DELETION_EXAMPLE},
        operation_id="deleteOrders",
    )
    def delete(self, request: ApiRequest) -> HttpResponse:
        wanted = read_wanted(request.GET)

        def ask() -> HttpResponse:
            deletion_id = request_deletion(wanted, request.auth.source_id, actor_of(request))
            return json_response({"id": str(deletion_id), "status": "accepted"}, status=202)

        return idempotently(request, ask)


def _read_orders(request: HttpRequest) -> list[SentOrder]:
    try:
        return read_orders(hold_body(request, MAX_BYTES), current_account())
    except ListError as error:
        raise refuse(error.problems) from error


def _store(orders: list[SentOrder], source_id: int) -> list[int]:
    """The ids of the orders' events, in their order, durable when this returns. Raises ApiError 503."""
    events = events_of(orders, source_id)
    try:
        return inbox.store_many(events, wakes=False) if events else []
    except StoreUnavailableError as error:
        raise UnavailableError() from error
