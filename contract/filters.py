"""Reads the filters of a list strictly: an unknown parameter or a value that does not parse is a 400, never ignored.

Problems name their query parameter in the member `parameter`; their pointer is "", since nothing in a body is meant.
Texts compare exactly as sent. Moments are read in the account's time zone, and a day stands for all of it.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from decimal import Decimal
from typing import Any

import django_filters
from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import ProhibitNullCharactersValidator
from django.db.models import QuerySet
from django.http import HttpRequest, QueryDict

from contract import paging
from contract.currencies import CURRENCIES
from contract.moments import parse_moment
from contract.problems import ParameterProblem, parameter_problem, refuse

A_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
A_NUMBER = re.compile(r"-?[0-9]{1,18}(\.[0-9]{1,18})?")
AN_ID = re.compile(r"[0-9]{1,18}")
A_CURRENCY = re.compile(r"[A-Z]{3}")
A_KNOWN_CURRENCY = re.compile("|".join(sorted(CURRENCIES)))


def check_names(
    query: QueryDict, known: Iterable[str], several: frozenset[str] = frozenset()
) -> list[ParameterProblem]:
    """What is wrong with a query string by names alone: unknown, given more than once, or without a value."""
    names = sorted(known)
    problems = []
    for name, values in query.lists():
        if name not in names:
            known_here = f"known are {', '.join(names)}" if names else "this address takes none"
            detail = f"There is no parameter “{name[:80]}” here; {known_here}."
            problems.append(ParameterProblem(pointer="", parameter=name[:80], code="unknown_parameter", detail=detail))
        elif len(values) > 1 and name not in several:
            detail = f"The parameter {name} is given {len(values)} times; it takes one value."
            problems.append(ParameterProblem(pointer="", parameter=name, code="repeated_parameter", detail=detail))
        elif not all(values):
            problems.append(parameter_problem(name, "", "left out, or given a value"))
    return problems


# --- Values: each field's clean() gives the value, or a ValidationError that completes “it must be …” ---------------


@dataclass(frozen=True, slots=True)
class Bound:
    """One end of a span of time; `is_inclusive` says whether the moment itself belongs to it."""

    moment: datetime
    is_inclusive: bool


def parse_day(text: str) -> date | None:
    """The day of an ISO 8601 date; None for anything else."""
    try:
        return date.fromisoformat(text) if A_DAY.fullmatch(text) else None
    except ValueError:
        return None


def day_start(day: date, zone: tzinfo) -> datetime:
    """The first moment of a day in a zone, in UTC; where midnight comes twice, the first."""
    return datetime.combine(day, time(), tzinfo=zone).astimezone(UTC)


class PatternField(forms.Field):
    """A text that is one of a kind; the kind is told by `expected`."""

    pattern: re.Pattern[str]
    expected: str

    def to_python(self, value: str | None) -> Any:
        if not value:
            return None
        if not self.pattern.fullmatch(value):
            raise ValidationError(self.expected)
        return self.parse(value)

    def parse(self, text: str) -> Any:
        return text


class IdField(PatternField):
    pattern = AN_ID
    expected = "the number of an id"

    def parse(self, text: str) -> int:
        return int(text)


class NumberField(PatternField):
    pattern = A_NUMBER
    expected = "a number with a point, such as 258.00"

    def parse(self, text: str) -> Decimal:
        return Decimal(text)


class CurrencyField(PatternField):
    pattern = A_KNOWN_CURRENCY
    expected = "three capital letters of ISO 4217, such as UAH"


class ChoiceField(PatternField):
    def __init__(self, *, choices: Sequence[tuple[str, str]], **options: Any) -> None:
        values = [value for value, _ in choices]
        self.pattern = re.compile("|".join(map(re.escape, values)))
        self.expected = f"one of {', '.join(values)}"
        super().__init__(**options)


class MomentField(forms.Field):
    """A moment, or a day for all of it. `is_end`: the span ends here, else it begins here; both ends belong to it."""

    def __init__(self, *, time_zone: tzinfo = UTC, is_end: bool = False, **options: Any) -> None:
        self.time_zone = time_zone
        self.is_end = is_end
        super().__init__(**options)

    def to_python(self, value: str | None) -> Bound | None:
        if not value:
            return None
        moment = parse_moment(value, self.time_zone, takes_a_day=True)
        if moment is None:
            raise ValidationError("a day, or a moment such as 2020-05-14T10:11:00+03:00 with its + sent as %2B")
        if self.is_end and (day := parse_day(value)):
            return Bound(day_start(day + timedelta(days=1), self.time_zone), is_inclusive=False)
        return Bound(moment, is_inclusive=True)


class SeveralField(forms.Field):
    """Some of the choices: the parameter repeated, or one with commas."""

    widget = forms.MultipleHiddenInput

    def __init__(self, *, choices: Sequence[tuple[str, str]], **options: Any) -> None:
        self.values = [value for value, _ in choices]
        super().__init__(**options)

    def to_python(self, value: list[str] | None) -> list[str]:
        found = [part for text in value or [] for part in text.split(",")]
        if not set(found) <= set(self.values):
            raise ValidationError(f"one or more of {', '.join(self.values)}")
        return found


# --- Filters: for use in a StrictFilterSet --------------------------------------------------------------------------


class TextField(forms.CharField):
    """A text that the database can hold; what Django says of NUL does not complete “it must be …”."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.validators = [ProhibitNullCharactersValidator("a text without NUL")]


class TextFilter(django_filters.CharFilter):
    """The text exactly as sent, blanks and case included."""

    field_class = TextField

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{**options, "strip": False})


class IdFilter(django_filters.Filter):
    field_class = IdField


class NumberFilter(django_filters.Filter):
    field_class = NumberField


class CurrencyFilter(django_filters.Filter):
    field_class = CurrencyField


class ChoiceFilter(django_filters.Filter):
    field_class = ChoiceField


class SeveralFilter(django_filters.Filter):
    field_class = SeveralField

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{**options, "lookup_expr": "in"})


class MomentFilter(django_filters.Filter):
    field_class = MomentField

    def filter(self, qs: Any, value: Bound | None) -> Any:
        if value is None:
            return qs
        direction = "lt" if self.extra.get("is_end") else "gt"
        return qs.filter(**{f"{self.field_name}__{direction}{'e' if value.is_inclusive else ''}": value.moment})


class StrictFilterSet(django_filters.FilterSet):
    """A FilterSet whose moments are read in `time_zone`; SeveralFilters may be repeated, others may not."""

    def __init__(self, data: QueryDict, queryset: QuerySet[Any], *, request: HttpRequest, time_zone: tzinfo) -> None:
        super().__init__(data, queryset, request=request)
        for each in self.filters.values():
            if isinstance(each, MomentFilter):
                each.extra["time_zone"] = time_zone


def apply_filters[Row: Any](
    filters: type[StrictFilterSet],
    request: HttpRequest,
    rows: QuerySet[Row],
    time_zone: tzinfo,
    others: Sequence[str] = paging.PARAMETERS,
) -> QuerySet[Row]:
    """The rows that the query string asks for. Raises ApiError 400 with every problem of it.

    `others` are the parameters that the list takes besides its filters.
    """
    filter_set = filters(request.GET, rows, request=request, time_zone=time_zone)
    several = frozenset(name for name, each in filter_set.filters.items() if isinstance(each, SeveralFilter))
    problems = check_names(request.GET, {*filter_set.filters, *others}, several)
    told = {problem.parameter for problem in problems}
    for name, messages in filter_set.form.errors.items():
        if name not in told:
            problems.append(parameter_problem(name, request.GET[name], str(messages[0])))
    if problems:
        raise refuse(problems)
    found: QuerySet[Row] = filter_set.qs
    return found
