"""What orders add to a person's page: their DELIVERED totals. events/admin/of_contact.py has the history of orders."""

from collections.abc import Mapping
from typing import Any

from django.db.models import Count, Sum

from console.pages import Panel, add_panels
from contacts.models import Contact
from orders.models import Order, OrderStatus


def load_totals(contact: Contact) -> Mapping[str, Any]:
    """DELIVERED totals, one for each currency, summed over the orders as they stand now (index: order_by_contact)."""
    delivered = Order.objects.filter(contact=contact, status=OrderStatus.DELIVERED)
    return {
        "contact": contact,
        "totals": delivered.values("currency")
        .annotate(total=Sum("total_cost"), orders=Count("id"))
        .order_by("currency"),
    }


add_panels(Contact, [Panel("orders/contact_totals.html", load_totals, "orders.view_order")])
