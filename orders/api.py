"""The reading side of orders: GET /api/v1/orders and /orders/{orderId}."""

from typing import ClassVar

from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse

from account.current import current_account
from contract import filters
from contract.filters import apply_filters, check_names
from contract.http import ApiView, json_response
from contract.openapi import (
    READ_ERRORS,
    component,
    describe,
    filter_parameters,
    page_of,
    page_parameters,
    path_parameter,
)
from contract.paging import cut_page, decimal_key, moment_key
from contract.problems import not_found, refuse
from contract.reasons import ORDER_WARNINGS
from contract.scopes import Scope
from orders.models import Order, OrderItem, OrderStatus
from orders.presentation import OrderShape, present_order
from orders.search import NOT_DIGITS, orders_by_phone_end, orders_with_item, search_orders

WARNINGS = [(code.value, code.value) for code in ORDER_WARNINGS]
# Each page is found in an index alone, as nearly all of them hold the date: so the index that is narrowest for the
# filters is taken, though its orders lie scattered in the table, and only those of the page are read there.
SORT_KEYS = {
    # With an item: order_item_by_item_and_date.
    "date": moment_key("date", copies=("item_date", "item_order"), is_found_first=True),
    "totalCost": decimal_key("total_cost", is_found_first=True),
    "updatedAt": moment_key("updated_at", is_found_first=True),
}
DEFAULT_ORDERING = "-date"


class OrderFilters(filters.StrictFilterSet):
    externalOrderId = filters.TextFilter("external_order_id", label="The order's external id.")  # noqa: N815
    status = filters.SeveralFilter("status", choices=OrderStatus.choices, label="One or more statuses.")
    currency = filters.CurrencyFilter("currency", label="The order's currency.")
    contactId = filters.IdFilter("contact_id", label="The contact whose order it is.")  # noqa: N815
    externalCustomerId = filters.TextFilter(  # noqa: N815
        "external_customer_id", label="The customer id in the order, exactly."
    )
    email = filters.TextFilter("email", lookup_expr="iexact", label="The e-mail address in the order, case ignored.")
    phone = filters.TextFilter(method="of_phone", label="The phone number in the order, as it was sent.")
    dateFrom = filters.MomentFilter("date", label="From this day or moment on, itself included.")  # noqa: N815
    dateTo = filters.MomentFilter("date", is_end=True, label="Up to this day or moment, itself included.")  # noqa: N815
    totalFrom = filters.NumberFilter("total_cost", lookup_expr="gte", label="totalCost at least this.")  # noqa: N815
    totalTo = filters.NumberFilter("total_cost", lookup_expr="lte", label="totalCost at most this.")  # noqa: N815
    storeId = filters.TextFilter("store_id", label="The store id in the order, exactly.")  # noqa: N815
    source = filters.TextFilter("source", label="The source named in the order, exactly.")
    itemId = filters.TextFilter(method="with_item", label="Has an item with this external id.")  # noqa: N815
    warning = filters.ChoiceFilter(choices=WARNINGS, method="with_warning", label="Carries this warning.")
    search = filters.TextFilter(
        method="matching", label="An order id, what names the person who ordered, or an item's id or words of its name."
    )

    def of_phone(self, orders: QuerySet[Order], name: str, value: str) -> QuerySet[Order]:
        return orders_by_phone_end(orders, NOT_DIGITS.sub("", value)).filter(phone=value)

    def with_item(self, orders: QuerySet[Order], name: str, value: str) -> QuerySet[Order]:
        return orders_with_item(orders, value)

    def with_warning(self, orders: QuerySet[Order], name: str, value: str) -> QuerySet[Order]:
        return orders.filter(warnings__contains=[{"code": value}])  # index: one for each code

    def matching(self, orders: QuerySet[Order], name: str, value: str) -> QuerySet[Order]:
        return search_orders(orders, value)


def orders_with_items() -> QuerySet[Order]:
    """Orders and their items in two queries, however many they are."""
    return Order.objects.prefetch_related(Prefetch("items", OrderItem.objects.order_by("order_id", "position")))


class OrdersView(ApiView):
    scopes: ClassVar = {"GET": Scope.READ}
    console_permission = "orders.view_order"

    @describe(
        "List orders",
        "Newest first unless `ordering` says otherwise, each with its items and custom fields. Of several filters all "
        "must hold.",
        tag="orders",
        answers={200: page_of(OrderShape)},
        parameters=[*filter_parameters(OrderFilters), *page_parameters(SORT_KEYS, DEFAULT_ORDERING)],
        operation_id="listOrders",
    )
    def get(self, request: HttpRequest) -> HttpResponse:
        zone = current_account().time_zone
        orders = apply_filters(OrderFilters, request, Order.objects.all(), zone)
        page = cut_page(request, orders, SORT_KEYS, DEFAULT_ORDERING, orders_with_items())
        return json_response(page.present([present_order(order, zone) for order in page.rows]))


class OrderView(ApiView):
    scopes: ClassVar = {"GET": Scope.READ}
    console_permission = "orders.view_order"

    @describe(
        "Read one order",
        tag="orders",
        answers={200: component(OrderShape)},
        errors=(*READ_ERRORS, 404),
        parameters=[path_parameter("order_id", "The order's own id, `orderId`.")],
        operation_id="readOrder",
    )
    def get(self, request: HttpRequest, order_id: int) -> HttpResponse:
        if problems := check_names(request.GET, ()):
            raise refuse(problems)
        order = orders_with_items().filter(pk=order_id).first()
        if order is None:
            raise not_found(f"There is no order with the orderId {order_id}.")
        return json_response(present_order(order, current_account().time_zone))
