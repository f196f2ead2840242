"""Orders in the console: the list that marketers search, and the page that tells one order's whole story."""

from collections.abc import Mapping
from typing import Any

from django.contrib import admin
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from account.current import current_account
from console import display
from console.lists import Column, ListAdmin
from console.pages import Panel, add_panels
from contract.json_values import encode
from orders.admin.export import EXPORT, export_urls
from orders.admin.filters import OrderFilters
from orders.api import SORT_KEYS
from orders.models import Order, OrderItem
from orders.presentation import present_order

AMOUNTS = {"shipping": gettext_lazy("Shipping"), "taxes": gettext_lazy("Taxes"), "discount": gettext_lazy("Discount")}
PERSON = {
    "external_customer_id": gettext_lazy("Customer id"),
    "email": gettext_lazy("E-mail"),
    "phone": gettext_lazy("Phone"),
    "first_name": gettext_lazy("First name"),
    "last_name": gettext_lazy("Last name"),
}
DETAILS = {
    "status_description": gettext_lazy("Status description"),
    "store_id": gettext_lazy("Store"),
    "source": gettext_lazy("Source"),
    "delivery_method": gettext_lazy("Delivery"),
    "delivery_address": gettext_lazy("Address"),
    "payment_method": gettext_lazy("Payment"),
    "additional_info": gettext_lazy("Additional"),
    "restore_url": gettext_lazy("Restore link"),
}


@admin.register(Order)
class OrderAdmin(ListAdmin):
    filterset_class = OrderFilters
    columns = (
        Column(gettext_lazy("Order")),
        Column(gettext_lazy("Status")),
        Column(gettext_lazy("Contact")),
        Column(gettext_lazy("Total"), "totalCost", is_number=True),
        Column(gettext_lazy("Date"), "date"),
        Column(gettext_lazy("Source")),
        Column(gettext_lazy("Warnings")),
        Column(gettext_lazy("Updated"), "updatedAt"),
    )
    sort_keys = SORT_KEYS
    default_ordering = "-date"
    row_template = "orders/list_row.html"
    page_template = "orders/page.html"
    has_saved_views = True
    empty_title = gettext_lazy("No orders yet")
    empty_hint = gettext_lazy(
        "Orders appear here as soon as a source posts an orderCreated event and its contact is found."
    )

    def get_urls(self) -> list[Any]:
        return [*export_urls(self.admin_site.admin_view, self), *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        action: dict[str, Any] = {}
        if request.user.has_perm(EXPORT):
            query = request.GET.copy()
            query.pop("cursor", None)
            address = f"{reverse('admin:orders_order_export')}?{query.urlencode()}"
            action = {"list_action": (address, _("Export these orders…"))}
        return super().changelist_view(request, {**action, **(extra_context or {})})

    def rows(self, request: HttpRequest) -> QuerySet[Order]:
        return (
            Order.objects.select_related("contact")
            .only(
                *("id", "external_order_id", "status", "total_cost", "currency", "date", "warnings", "updated_at"),
                *("contact__first_name", "contact__last_name", "from_mobile_sdk", "source"),
            )
            .all()
        )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Order]:
        items = OrderItem.objects.order_by("order_id", "position")
        return Order.objects.select_related("contact").prefetch_related(Prefetch("items", items))

    def page_title(self, obj: Order) -> str:
        return _("Order %(id)s") % {"id": obj.external_order_id}

    def page_context(self, request: HttpRequest, obj: Order) -> dict[str, Any]:
        return {"order": obj, "warnings": display.explained(obj.warnings)}


def load_items(order: Order) -> Mapping[str, Any]:
    rows = [(item, readable(item.custom_fields)) for item in order.items.all()]
    return {"rows": rows, "currency": order.currency}


def load_facts(order: Order) -> Mapping[str, Any]:
    """What the order carries beside its total, status and date; fields that are empty are left out."""
    amounts = [(title, getattr(order, name)) for name, title in AMOUNTS.items()]
    texts = [(title, getattr(order, name)) for name, title in {**PERSON, **DETAILS}.items()]
    return {
        "facts": [
            *((title, display.money(amount, order.currency)) for title, amount in amounts if amount is not None),
            *((title, display.web_link(text)) for title, text in texts if text),
            *([(_("Made by"), _("a mobile-SDK source"))] if order.from_mobile_sdk else []),
            (_("Order’s own id"), order.pk),
            (_("Created"), display.moment(order.created_at)),
            (_("Updated"), display.moment(order.updated_at)),
        ]
    }


def load_custom_fields(order: Order) -> Mapping[str, Any]:
    return {"custom_fields": readable(order.custom_fields)}


def load_json(order: Order) -> Mapping[str, Any]:
    """The order as GET /api/v1/orders/{orderId} answers it, indented."""
    shape = present_order(order, current_account().time_zone)
    return {"title": _("As JSON"), "text": display.pretty_json(encode(shape))}


def readable(fields: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Custom fields as names and texts; a value that is not a text as its JSON."""
    return [(name, display.web_link(display.json_text(value))) for name, value in fields.items()]


add_panels(
    Order,
    [
        Panel("orders/items.html", load_items, "orders.view_order"),
        Panel("orders/facts.html", load_facts, "orders.view_order", aside=True),
        Panel("orders/custom_fields.html", load_custom_fields, "orders.view_order", aside=True),
        Panel("orders/json.html", load_json, "orders.view_order", aside=True),
    ],
)
