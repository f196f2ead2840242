"""The form in which staff correct an order: its fields by the names of docs/rules.md, filled with what holds now.

What is left as it was is not sent. Limits of the single values are said here, beside their fields; what an order as a
whole can take is the rules' to say, by a dry run of the event (events/corrections.py).
"""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from console import display
from contract.json_values import JsonValue, NotJsonError, decode, encode
from orders.fields import ITEMS, ORDER_FIELDS, ORDER_ID, Field, FieldKind
from orders.models import Order, OrderItem, OrderStatus

MAX_ITEMS_TEXT = 500_000  # characters; a body of an event may have a megabyte
SEEN = "seen"
LABELS = {
    "externalCustomerId": gettext_lazy("Customer id"),
    "status": gettext_lazy("Status"),
    "totalCost": gettext_lazy("Total"),
    "currency": gettext_lazy("Currency"),
    "date": gettext_lazy("Date"),
    "source": gettext_lazy("Source"),
    "email": gettext_lazy("E-mail"),
    "phone": gettext_lazy("Phone"),
    "firstName": gettext_lazy("First name"),
    "lastName": gettext_lazy("Last name"),
    "shipping": gettext_lazy("Shipping"),
    "discount": gettext_lazy("Discount"),
    "taxes": gettext_lazy("Taxes"),
    "restoreUrl": gettext_lazy("Restore link"),
    "statusDescription": gettext_lazy("Status description"),
    "storeId": gettext_lazy("Store"),
    "deliveryMethod": gettext_lazy("Delivery"),
    "deliveryAddress": gettext_lazy("Address"),
    "paymentMethod": gettext_lazy("Payment"),
    "additionalInfo": gettext_lazy("Additional"),
    ITEMS: gettext_lazy("Items, as JSON"),
}
CORRECTED = tuple(field for field in ORDER_FIELDS if field is not ORDER_ID)


def _input_of(field: Field) -> forms.Field:
    label = LABELS[field.name]
    match field.kind:
        case FieldKind.STATUS:
            return forms.ChoiceField(label=label, choices=OrderStatus.choices)
        case FieldKind.DATE:
            widget = forms.DateTimeInput(attrs={"type": "datetime-local", "step": "1"}, format="%Y-%m-%dT%H:%M:%S")
            formats = ["%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M"]
            return forms.DateTimeField(label=label, widget=widget, input_formats=formats)
        case FieldKind.MONEY:
            return forms.DecimalField(
                label=label,
                min_value=0,
                max_digits=18,
                decimal_places=4,
                required=field.name == "totalCost",
                widget=forms.TextInput(attrs={"inputmode": "decimal"}),
            )
        case FieldKind.CURRENCY:
            return forms.CharField(label=label, max_length=3)
        case FieldKind.OPTIONAL_ID:
            return forms.CharField(label=label, max_length=255, required=False)
        case FieldKind.OPTIONAL_LINK:
            return forms.CharField(label=label, max_length=2048, required=False)
        case _:
            return forms.CharField(label=label, max_length=2000, required=False)


class CorrectionForm(forms.Form):
    """`seen` says which state of the order the person looked at: a form that is older is not taken."""

    seen = forms.CharField(widget=forms.HiddenInput, max_length=64, required=False)

    def __init__(self, order: Order, items: list[OrderItem], data: Mapping[str, Any] | None = None) -> None:
        self.order = order
        initial = {field.name: getattr(order, field.attribute) for field in CORRECTED}
        initial["date"] = timezone.localtime(order.date).replace(microsecond=0)
        initial[ITEMS] = display.pretty_json(encode([_as_sent(item) for item in items]))
        initial[SEEN] = order.updated_at.isoformat()
        super().__init__(data, initial=initial, auto_id="correct_%s")
        for field in CORRECTED:
            self.fields[field.name] = _input_of(field)
        self.fields[ITEMS] = forms.CharField(
            label=LABELS[ITEMS],
            required=False,
            max_length=MAX_ITEMS_TEXT,
            widget=forms.Textarea(attrs={"rows": 8, "spellcheck": "false"}),
            help_text=gettext_lazy("All items of the order: what stands here replaces them."),
        )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get(SEEN) != self.initial[SEEN]:
            raise forms.ValidationError(
                _("The order has changed since you opened this form. Go back to its page and look at it again.")
            )
        for field in CORRECTED:
            is_taken_away = field.kind is FieldKind.MONEY and field.name in self.changed_data
            if is_taken_away and field.name in cleaned and cleaned[field.name] is None:
                self.add_error(field.name, _("An amount cannot be taken away; write 0."))
        if not self.errors and not self._changed():
            raise forms.ValidationError(_("Nothing is changed yet: correct a field, then send it."))
        return cleaned

    def clean_items(self) -> str:
        text: str = self.cleaned_data[ITEMS]
        if ITEMS in self.changed_data:
            try:
                decode(text or "[]")
            except NotJsonError as error:
                raise forms.ValidationError(_("This is not JSON: %(why)s") % {"why": str(error)}) from error
        return text

    def _changed(self) -> list[str]:
        return [name for name in self.changed_data if name != SEEN]

    def changes(self) -> dict[str, JsonValue]:
        """The parameters of the event: what the person changed."""
        return {name: self._sent(name) for name in self._changed()}

    def _sent(self, name: str) -> JsonValue:
        value = self.cleaned_data[name]
        if name == ITEMS:
            return decode(value or "[]")
        if name == "currency":
            return str(value).upper()
        if name == "date":
            return str(value.isoformat())
        return format(value, "f") if hasattr(value, "as_tuple") else str(value)


def _as_sent(item: OrderItem) -> dict[str, Any]:
    """An item as an event would carry it; what it has not got is left out."""
    own = {
        "externalItemId": item.external_item_id,
        "name": item.name,
        "quantity": item.quantity,
        "cost": item.cost,
        "url": item.url,
        "imageUrl": item.image_url,
    }
    return {**{name: value for name, value in own.items() if value not in ("", None)}, **item.custom_fields}
