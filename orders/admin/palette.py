"""An order in the command palette: by its external order id."""

from collections.abc import Iterator

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from console.palette import Found, add_finder
from orders.models import Order


def find_order(typed: str) -> Iterator[Found]:
    """One statement, by the index of external order ids."""
    for order in Order.objects.filter(external_order_id=typed).only("external_order_id"):
        link = reverse("admin:orders_order_change", args=[order.pk])
        yield Found(title=order.external_order_id, description=_("order"), icon="receipt_long", link=link)


add_finder("orders.view_order", find_order)
