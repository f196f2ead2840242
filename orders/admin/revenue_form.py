"""What the revenue page can be asked for: everything has a default, and an impossible value is said at its place."""

from datetime import date, timedelta
from itertools import islice
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from console.filters import FIRST_DAY, LAST_DAY
from contract.currencies import CURRENCIES
from orders.calendar import Calendar, Granularity
from orders.revenue_report import periods_of

GRANULARITIES: dict[Granularity, Any] = {
    "day": gettext_lazy("Day"),
    "week": gettext_lazy("Week"),
    "month": gettext_lazy("Month"),
}
SPLITS = [
    ("source", gettext_lazy("Source")),
    ("store", gettext_lazy("Store")),
    ("category", gettext_lazy("Category of items")),
]
DEFAULT_DAYS: dict[Granularity, int] = {"day": 30, "week": 26 * 7, "month": 365}
MOST_PERIODS = 400  # what a chart can show and a table can be read as


class DayField(forms.DateField):
    """A day as an input of type date sends it, within what every zone and comparison can hold."""

    def __init__(self, label: Any) -> None:
        widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
        super().__init__(label=label, required=False, widget=widget, input_formats=["%Y-%m-%d"])

    def clean(self, value: Any) -> date | None:
        day = super().clean(value)
        if day is not None and not FIRST_DAY <= day <= LAST_DAY:
            first, last = FIRST_DAY.isoformat(), LAST_DAY.isoformat()
            raise forms.ValidationError(_("Choose a day from %(first)s to %(last)s.") % {"first": first, "last": last})
        return day


class RevenueForm(forms.Form):
    by = forms.ChoiceField(choices=list(GRANULARITIES.items()), required=False)
    date_from = DayField(gettext_lazy("From"))
    date_to = DayField(gettext_lazy("To"))
    split = forms.ChoiceField(
        label=gettext_lazy("Split by"), choices=[("", gettext_lazy("nothing")), *SPLITS], required=False
    )
    into = forms.CharField(
        label=gettext_lazy("Also in"),
        required=False,
        max_length=3,
        widget=forms.TextInput(attrs={"list": "reporting-currencies", "size": 5, "placeholder": "EUR"}),
    )
    sdk = forms.ChoiceField(choices=[("hide", "")], required=False)

    def __init__(self, data: Any, calendar: Calendar) -> None:
        super().__init__(data)
        self.calendar = calendar

    def clean_into(self) -> str:
        code = str(self.cleaned_data["into"]).strip().upper()
        if code and code not in CURRENCIES:
            raise forms.ValidationError(_("This is no currency of ISO 4217: three letters, such as EUR."))
        return code

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if "date_from" in self.errors or "date_to" in self.errors:
            return cleaned
        by: Granularity = cleaned.get("by") or "day"
        last_day = cleaned.get("date_to") or timezone.localdate()
        first_day = cleaned.get("date_from") or self._default_start(by, last_day)
        if first_day > last_day:
            raise forms.ValidationError(_("The first day must not be after the last one."))
        periods = periods_of(self.calendar, by, (first_day, last_day))
        if len(list(islice(periods, MOST_PERIODS + 1))) > MOST_PERIODS:
            words = _("More than %(count)d periods cannot be read; choose weeks or months.")
            raise forms.ValidationError(words % {"count": MOST_PERIODS})
        return {**cleaned, "by": by, "date_from": first_day, "date_to": last_day}

    def _default_start(self, by: Granularity, last_day: date) -> date:
        if last_day - FIRST_DAY < timedelta(days=DEFAULT_DAYS[by]):
            return FIRST_DAY
        return self.calendar.start(by, last_day - timedelta(days=DEFAULT_DAYS[by] - 1))
