"""What is typed on the RFM page: the day that it shows, and the boundaries that staff set. Each fault at its place."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from console.filters import FIRST_DAY
from contract.currencies import CURRENCIES
from insights.rfm.boundaries import (
    BOUNDARIES,
    MAX_AMOUNT_DECIMALS,
    MAX_AMOUNT_DIGITS,
    MAX_DAYS,
    MAX_ORDERS,
    Boundaries,
    first_out_of_order,
)

MEASURES = {
    "recency": gettext_lazy("Days since the last order"),
    "frequency": gettext_lazy("Orders"),
    "monetary": gettext_lazy("Sum of the orders"),
}


class RfmForm(forms.Form):
    """The day and the currency; an empty day is the one that goes on."""

    day = forms.DateField(label=gettext_lazy("On the day"), required=False, input_formats=["%Y-%m-%d"])
    currency = forms.CharField(label=gettext_lazy("Currency"), required=False, max_length=3)

    def clean_day(self) -> date | None:
        day: date | None = self.cleaned_data["day"]
        if day is not None and not FIRST_DAY <= day <= timezone.localdate():
            raise forms.ValidationError(_("Choose a day from 1900 up to today; what comes later is not known yet."))
        return day

    def clean_currency(self) -> str:
        currency = str(self.cleaned_data["currency"]).upper()
        if currency and currency not in CURRENCIES:
            raise forms.ValidationError(_("There is no such currency; use three letters of ISO 4217, such as UAH."))
        return currency


class BoundariesForm(forms.Form):
    """Four boundaries for each measure: `recency_1` to `monetary_4`. Each must be above the one before it."""

    def __init__(self, data: Any = None, *, initial: Boundaries | None = None) -> None:
        super().__init__(data)
        for measure in MEASURES:
            for place in range(1, BOUNDARIES + 1):
                field = _field_of(measure)
                field.initial = getattr(initial, measure)[place - 1] if initial else None
                field.label = _("%(measure)s, boundary %(place)s") % {"measure": MEASURES[measure], "place": place}
                self.fields[f"{measure}_{place}"] = field

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        for measure in MEASURES:
            values = self._values(measure)
            if len(values) == BOUNDARIES and (place := first_out_of_order(values)) is not None:
                words = _("It must be above the boundary before it, %(before)s.") % {"before": values[place - 1]}
                self.add_error(f"{measure}_{place + 1}", words)
        return cleaned

    def boundaries(self) -> Boundaries:
        """What was typed; the form must be valid."""
        return Boundaries(
            scored_by="thresholds",
            recency=tuple(self._values("recency")),
            frequency=tuple(self._values("frequency")),
            monetary=tuple(self._values("monetary")),
        )

    def rows(self) -> Iterator[tuple[Any, list[forms.BoundField]]]:
        """The measures with their four fields, for the template."""
        for measure, title in MEASURES.items():
            yield title, [self[f"{measure}_{place}"] for place in range(1, BOUNDARIES + 1)]

    def _values(self, measure: str) -> list[Any]:
        names = (f"{measure}_{place}" for place in range(1, BOUNDARIES + 1))
        return [self.cleaned_data[name] for name in names if name in self.cleaned_data]


def _field_of(measure: str) -> forms.Field:
    match measure:
        case "recency":
            return forms.IntegerField(min_value=0, max_value=MAX_DAYS)
        case "frequency":
            return forms.IntegerField(min_value=1, max_value=MAX_ORDERS)
        case _:
            return forms.DecimalField(
                min_value=Decimal(0), max_digits=MAX_AMOUNT_DIGITS, decimal_places=MAX_AMOUNT_DECIMALS
            )
