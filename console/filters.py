"""The inputs that the lists' filters share: a search box, a choice, a day. They look like inputs without any script."""

from collections.abc import Callable, Iterable
from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django_filters import CharFilter, ChoiceFilter, DateFilter, NumberFilter

MAX_TYPED = 255
FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(9998, 12, 30)  # what every zone can turn into a moment and back


class SearchFilter(CharFilter):
    """The search box of a list. NUL, which PostgreSQL cannot look for, is refused by the form's own validator."""

    def __init__(self, placeholder: Any, **options: Any) -> None:
        widget = forms.TextInput(attrs={"type": "search", "placeholder": placeholder, "id": "searchbar"})
        super().__init__(label=_("Search"), max_length=MAX_TYPED, widget=widget, **options)


class SuggestInput(forms.TextInput):
    """A text input that offers values, for lists that may be too long to pick from."""

    def __init__(self, load: Callable[[], Iterable[str]]) -> None:
        super().__init__()
        self.load = load

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        list_id = f"{name}-suggestions"
        box = super().render(name, value, {**(attrs or {}), "list": list_id}, renderer)
        options = format_html_join("", '<option value="{}"></option>', ((text,) for text in self.load()))
        return format_html('{}<datalist id="{}">{}</datalist>', box, list_id, options)


class SuggestFilter(CharFilter):
    """A text that must be equal, with suggestions that are loaded for each form."""

    def __init__(self, label: Any, load: Callable[[], Iterable[str]], **options: Any) -> None:
        super().__init__(label=label, max_length=MAX_TYPED, widget=SuggestInput(load), **options)


class PickFilter(ChoiceFilter):
    """One of a few values, or any."""

    def __init__(self, label: Any, choices: Any, **options: Any) -> None:
        super().__init__(label=label, choices=choices, empty_label=_("any"), **options)


class AmountFilter(NumberFilter):
    """An amount of money, in the form of docs/rules.md: not negative, at most 18 digits, 4 of them decimals."""

    def __init__(self, label: Any, **options: Any) -> None:
        widget = forms.TextInput(attrs={"inputmode": "decimal"})
        limits = {"min_value": 0, "max_digits": 18, "decimal_places": 4}
        super().__init__(label=label, widget=widget, **limits, **options)

    def get_max_validator(self) -> None:
        """None: the digits are limited, and the library's own limit is one of floats."""


class DayFilter(DateFilter):
    """From a day on, or up to and with a day, in the account's time zone."""

    def __init__(self, label: Any, *, is_end: bool = False, **options: Any) -> None:
        self.is_end = is_end
        widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
        bounds = [MinValueValidator(FIRST_DAY), MaxValueValidator(LAST_DAY)]
        super().__init__(label=label, widget=widget, input_formats=["%Y-%m-%d"], validators=bounds, **options)

    def bound_of(self, day: date) -> date:
        """The day at whose start the range begins, or before whose start it ends."""
        return day + timedelta(days=1) if self.is_end else day

    def filter(self, qs: QuerySet[Any], value: date | None) -> QuerySet[Any]:
        if value is None:
            return qs
        lookup = f"{self.field_name}__{'lt' if self.is_end else 'gte'}"
        return qs.filter(**{lookup: start_of(self.bound_of(value))})


def start_of(day: date) -> datetime:
    """The first moment of a day in the current zone (the account's)."""
    return datetime.combine(day, time.min, tzinfo=timezone.get_current_timezone())
