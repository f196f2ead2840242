"""Rows for tests: valid and dull unless the test says what matters to it. One function for each thing."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from django.utils import timezone

from contacts.identifiers import normalize
from contacts.models import Contact, Group, Identifier, IdentifierKind, MatchingRule, Membership, NormalForm
from orders.models import Order, OrderItem

REGION = "UA"


def make_contact(
    *,
    external_customer_id: str = "",
    email: str = "",
    phone: str = "",
    push_token: str = "",
    contact_key: str = "",
    declared: Mapping[str, str] | None = None,
    groups: Sequence[str] = (),
    is_deleted: bool = False,
    **columns: Any,
) -> Contact:
    """A contact with these identifiers; `declared` maps kinds of staff to values, which are fields as well."""
    declared = declared or {}
    columns.setdefault("fields", dict(declared))
    contact = Contact.objects.create(deleted_at=timezone.now() if is_deleted else None, **columns)
    given = {
        "externalCustomerId": external_customer_id,
        "email": email,
        "phone": phone,
        "pushToken": push_token,
        "contactKey": contact_key,
        **declared,
    }
    for kind, value in given.items():
        if value:
            make_identifier(contact, kind, value)
    for name in groups:
        Membership.objects.create(group=Group.objects.get_or_create(name=name)[0], contact=contact)
    return contact


def make_identifier(contact: Contact, kind: str, value: str) -> Identifier:
    form = IdentifierKind.objects.get(pk=kind).normal_form
    return Identifier.objects.create(
        contact=contact,
        kind_id=kind,
        value=value,
        normalized=normalize(kind, form, value, REGION),
        push_channel="mobilepush" if kind == "pushToken" else "",
    )


def make_kind(key: str = "loyaltyCard", normal_form: NormalForm = NormalForm.EXACT) -> IdentifierKind:
    """An identifier kind that staff declared."""
    return IdentifierKind.objects.create(key=key, name=key, normal_form=normal_form)


def make_rule(parameter: str, kind: str, *, position: int = 100, event_type_key: str = "", **columns: Any):
    """A matching rule after those that every account starts with; with an event type, that type's own."""
    return MatchingRule.objects.create(
        parameter=parameter, kind_id=kind, position=position, event_type_key=event_type_key, **columns
    )


def make_order(
    external_order_id: str = "1001",
    *,
    total: str = "19.90",
    date: datetime = datetime(2026, 5, 14, 7, 11, tzinfo=UTC),
    items: Sequence[Mapping[str, Any]] = (),
    **columns: Any,
) -> Order:
    """An order of nobody, IN_PROGRESS in UAH; it leaves no mark, as a row that no event made."""
    order = Order.objects.create(
        external_order_id=external_order_id,
        total_cost=Decimal(total),
        date=date,
        **{"status": "IN_PROGRESS", "currency": "UAH", "created_at": date, "updated_at": date, **columns},
    )
    rows = [{"external_item_id": "200600", "name": "Super Device", "quantity": Decimal(1), **item} for item in items]
    OrderItem.objects.bulk_create(
        OrderItem(order=order, order_date=date, position=position, **row) for position, row in enumerate(rows)
    )
    return order
