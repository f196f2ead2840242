"""What is chosen on the pages of event analytics: days, and what else a page asks. Each fault at its place."""

from datetime import date, timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from console.filters import FIRST_DAY, LAST_DAY
from insights.analytics.carts import DEFAULT_WITHIN_DAYS, MAX_WITHIN_DAYS

DEFAULT_DAYS = 30  # today included
MOST_DAYS = 3_660


class SpanForm(forms.Form):
    """The days, both included: the last thirty unless something else is said."""

    date_from = forms.DateField(label=gettext_lazy("From"), required=False, input_formats=["%Y-%m-%d"])
    date_to = forms.DateField(label=gettext_lazy("To"), required=False, input_formats=["%Y-%m-%d"])

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if self.errors:
            return cleaned
        last_day: date = cleaned.get("date_to") or timezone.localdate()
        if not FIRST_DAY + timedelta(days=DEFAULT_DAYS) <= last_day <= LAST_DAY:
            self.add_error("date_to", _("Choose a later day than %(day)s.") % {"day": FIRST_DAY})
            return cleaned
        first_day: date = cleaned.get("date_from") or last_day - timedelta(days=DEFAULT_DAYS - 1)
        if first_day > last_day:
            words = _("The first day must not be after the last one, %(last)s.") % {"last": last_day}
            self.add_error("date_from", words)
        elif first_day < FIRST_DAY or (last_day - first_day).days >= MOST_DAYS:
            self.add_error("date_from", _("Ten years are the most that can be looked at."))
        return {**cleaned, "date_from": first_day, "date_to": last_day}


class EventsForm(SpanForm):
    """Events of one type, or of all."""

    type = forms.CharField(label=gettext_lazy("Event type"), required=False, max_length=255)


class CartsForm(SpanForm):
    within = forms.IntegerField(
        label=gettext_lazy("Days to buy within"),
        required=False,
        min_value=1,
        max_value=MAX_WITHIN_DAYS,
        widget=forms.NumberInput(attrs={"placeholder": DEFAULT_WITHIN_DAYS}),
    )

    def clean_within(self) -> int:
        return self.cleaned_data["within"] or DEFAULT_WITHIN_DAYS
