"""The baseline's work: one event, one task, one transaction, saved object by object."""

from typing import Any

from celery import shared_task
from django.db import transaction
from django.utils import timezone

from benchmarks.naive.models import Contact, Event, Order, OrderHistory, OrderItem
from benchmarks.naive.serializers import OrderSerializer

IDENTIFIERS = {"externalCustomerId": "external_customer_id", "email": "email", "phone": "phone"}
ITEM_FIELDS = {"externalItemId", "name", "quantity", "cost", "url", "imageUrl"}


@shared_task
def process_event(event_id: int) -> None:
    with transaction.atomic():
        event = Event.objects.get(pk=event_id)
        if event.status != "waiting":
            return
        event.status, event.reason = _apply(event)
        event.processed_at = timezone.now()
        event.save(update_fields=["status", "reason", "processed_at"])


def _apply(event: Event) -> tuple[str, str]:
    params = {param["name"]: param["value"] for param in event.params}
    serializer = OrderSerializer(data=params)
    if not serializer.is_valid():
        return "ignored", "invalid_parameter"
    values = serializer.validated_data
    if Order.objects.filter(external_order_id=values["externalOrderId"]).exists():
        return "ignored", "order_exists"
    contact = _find_contact(values)
    if contact is None:
        return "ignored", "contact_not_found"
    _create_order(event, contact, params, values)
    return "applied", ""


def _find_contact(values: dict[str, Any]) -> Contact | None:
    for parameter, column in IDENTIFIERS.items():
        if values[parameter]:
            contact = Contact.objects.filter(**{column: values[parameter]}).first()
            if contact is not None:
                return contact
    return None


def _create_order(event: Event, contact: Contact, params: dict[str, Any], values: dict[str, Any]) -> None:
    known = set(OrderSerializer().fields)
    order = Order.objects.create(
        external_order_id=values["externalOrderId"],
        contact=contact,
        status=values["status"],
        total_cost=values["totalCost"],
        currency=values["currency"],
        date=values["date"],
        external_customer_id=values["externalCustomerId"],
        email=values["email"],
        phone=values["phone"],
        custom_fields={name: value for name, value in params.items() if name not in known},
    )
    for sent, item in zip(params.get("items", []), values["items"], strict=True):
        OrderItem.objects.create(
            order=order,
            external_item_id=item["externalItemId"],
            name=item["name"],
            quantity=item["quantity"],
            cost=item["cost"],
            url=item["url"],
            image_url=item["imageUrl"],
            custom_fields={name: value for name, value in sent.items() if name not in ITEM_FIELDS},
        )
    changes = {name: {"from": None, "to": value} for name, value in params.items()}
    OrderHistory.objects.create(order=order, event=event, changes=changes)
