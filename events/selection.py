"""Decides which events a replay is about: those that were ignored or failed, and that its filters name."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from django.db.models import Count, Max, Min
from django.http import HttpRequest, QueryDict

from account.current import current_account
from contract.filters import check_names
from contract.json_values import JsonValue, escape_pointer, excerpt
from contract.problems import refuse
from contract.reasons import Problem
from events.filters import REPLAYABLE, EventFilters, Events
from events.models import Event

DRY_RUN = "dryRun"

type Filters = Mapping[str, str]  # those of docs/api.md, by name


def read_filters(body: Mapping[str, JsonValue]) -> dict[str, str]:
    """The filters that a body names, at least one of them. Raises ApiError 400 with every problem."""
    filters = {name: value for name, value in body.items() if name != DRY_RUN}
    problems = list(_shape_problems(body, filters))
    texts = {name: value if isinstance(value, str) else str(value) for name, value in filters.items()}
    told = {problem.pointer for problem in problems}
    filter_set = _filter_set(texts)
    problems += [problem for problem in _filter_problems(filter_set, filter_set.data) if problem.pointer not in told]
    if problems:
        raise refuse(problems)
    return texts


def select_events(filters: Filters) -> Events:
    """The ignored and failed events that these filters name, as they are now. The filters come from read_filters()."""
    selected: Events = _filter_set(filters).qs
    return selected.filter(outcome__status__in=REPLAYABLE)


def _filter_set(filters: Filters) -> EventFilters:
    query = QueryDict(mutable=True)
    query.update(filters)
    zone = current_account().time_zone
    return EventFilters(query, Event.objects.all(), request=HttpRequest(), time_zone=zone)


@dataclass(frozen=True, slots=True)
class Selected:
    """How many events were found, and the ids that they lie between; 0 where none was."""

    matched: int
    first: int
    last: int


def count_selected(events: Events) -> Selected:
    """One query."""
    found = events.aggregate(count=Count("pk"), first=Min("pk"), last=Max("pk"))
    return Selected(found["count"], found["first"] or 0, found["last"] or 0)


def _shape_problems(body: Mapping[str, JsonValue], filters: Mapping[str, JsonValue]) -> Iterator[Problem]:
    if not isinstance(body.get(DRY_RUN, False), bool):
        yield _wrong_type(DRY_RUN, body[DRY_RUN], "true or false")
    if not filters:
        names = ", ".join(EventFilters.base_filters)
        yield Problem(
            pointer="", code="missing", detail=f"There is no filter; name at least one of {names}.", expected="a filter"
        )
    for name, value in filters.items():
        if isinstance(value, bool) or not isinstance(value, (str, int)):
            yield _wrong_type(name, value, "a text, or the number of an id")


def _filter_problems(filter_set: EventFilters, query: QueryDict) -> Iterator[Problem]:
    for problem in check_names(query, filter_set.filters):
        yield Problem(
            pointer=f"/{escape_pointer(problem.parameter)}",
            code=problem.code,
            detail=problem.detail,
            found=problem.found,
        )
    for name, messages in filter_set.form.errors.items():
        expected = str(messages[0])
        detail = f"{name} cannot be read: it must be {expected}."
        yield Problem(
            pointer=f"/{name}", code="invalid_parameter", detail=detail, found=str(query[name])[:80], expected=expected
        )


def _wrong_type(name: str, value: JsonValue, expected: str) -> Problem:
    return Problem(
        pointer=f"/{escape_pointer(name)}",
        code="wrong_type",
        detail=f"{name} must be {expected}.",
        found=excerpt(value),
        expected=expected,
    )
