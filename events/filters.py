"""Decides which events a list or a replay is about: the filters of docs/api.md. docs/plans.md has the plan of each.

Ids are given in the order of acceptance, so a span of time is a span of ids (events/received.py), and needs no index of
its own. A name that no row has, of an event type or a source, finds nothing without looking at any event.
"""

from datetime import timedelta
from typing import Any

from django.db.models import Model, QuerySet
from django.db.models.sql.constants import INNER

from contract.filters import Bound, ChoiceFilter, IdFilter, MomentFilter, StrictFilterSet, TextFilter
from contract.paging import id_key
from contract.reasons import Reason, Status, WarningCode
from events.models import Event, EventType, Outcome, Source, Waiting
from events.received import first_ids_since
from events.settled import first_unsettled_id

type Events = QuerySet[Event]

REPLAYABLE = (Status.IGNORED.value, Status.FAILED.value)
OUTCOMES = Outcome._meta.db_table
FEW_WAITING = 2_000
MICROSECOND = timedelta(microseconds=1)  # the resolution of PostgreSQL's moments


def _choices(words: Any) -> list[tuple[str, str]]:
    return [(word.value, word.value) for word in words]


def events_beyond(events: Events, lookup: str, event_id: int) -> Events:
    """The events whose ids are less (“lt”) or greater (“gt”, “gte”) than this one.

    PostgreSQL knows that an outcome has its event's id, but never draws from it that both ids are less than a third.
    So where the filters have chosen among the outcomes, the bound is said of these as well: the page is then read from
    an index of outcomes that is entered at the bound, and not at its newest entry.
    """
    bounds = {f"pk__{lookup}": event_id}
    if any(table.table_name == OUTCOMES and table.join_type == INNER for table in events.query.alias_map.values()):
        bounds[f"outcome__event_id__{lookup}"] = event_id
    return events.filter(**bounds)


class ReceivedFilter(MomentFilter):
    """A span of acceptance, as a span of ids."""

    def filter(self, qs: Any, value: Bound | None) -> Any:
        if value is None:
            return qs
        is_end = self.extra.get("is_end", False)
        first_outside = is_end and value.is_inclusive
        [event_id] = first_ids_since([value.moment + MICROSECOND if first_outside else value.moment])
        return events_beyond(qs, "lt" if is_end else "gte", event_id)


class EventFilters(StrictFilterSet):
    eventTypeKey = TextFilter(method="of_type", label="The event type's key, exactly.")  # noqa: N815
    keyValue = TextFilter("key_value", label="The event's key value, exactly.")  # noqa: N815
    outcome = ChoiceFilter(choices=_choices(Status), method="with_outcome", label="What became of the event.")
    reason = ChoiceFilter(choices=_choices(Reason), method="with_reason", label="Why it was ignored or failed.")
    warning = ChoiceFilter(choices=_choices(WarningCode), method="with_warning", label="Its outcome has this warning.")
    source = TextFilter(method="of_source", label="The name of the source that sent it, exactly.")
    contactId = IdFilter("outcome__contact_id", label="The contact that it found.")  # noqa: N815
    externalOrderId = TextFilter("order_key", label="The order that it is about.")  # noqa: N815
    receivedFrom = ReceivedFilter(label="Received at this moment or day, or later.")  # noqa: N815
    receivedTo = ReceivedFilter(is_end=True, label="Received up to this moment or day, itself included.")  # noqa: N815

    def of_type(self, events: Events, name: str, value: str) -> Events:
        return _of_one(events, "event_type_id", EventType.objects.filter(key=value))

    def of_source(self, events: Events, name: str, value: str) -> Events:
        return _of_one(events, "source_id", Source.objects.filter(name=value))

    def with_outcome(self, events: Events, name: str, value: str) -> Events:
        if value == Status.WAITING:
            return _of_the_queue(events)
        return events.filter(outcome__status=value)  # index: outcome_by_status

    def with_reason(self, events: Events, name: str, value: str) -> Events:
        return events.filter(outcome__reason=value, outcome__status__in=REPLAYABLE)  # index: outcome_by_reason

    def with_warning(self, events: Events, name: str, value: str) -> Events:
        return events.filter(outcome__warnings__contains=[{"code": value}])  # index: one for each code


def _of_the_queue(events: Events) -> Events:
    """The waiting ones. While these are few they are named one by one, or a page would be looked for among all decided
    events that are newer than the one that is stuck; where they are many, a page is soon full either way.
    """
    waiting = Waiting.objects.values_list("event_id", flat=True)
    few = list(waiting[: FEW_WAITING + 1])
    events = events.filter(pk__in=waiting)
    return events.filter(pk__in=few) if len(few) <= FEW_WAITING else events


def _settled(events: Events) -> Events:
    return events_beyond(events, "lt", first_unsettled_id())


# Ids are given in the order of acceptance.
SORT_KEYS = {"receivedAt": id_key(beyond=events_beyond, settled=_settled)}


def _of_one[Row: Model](events: Events, column: str, named: QuerySet[Row]) -> Events:
    row_id = named.values_list("pk", flat=True).first()
    return events.none() if row_id is None else events.filter(**{column: row_id})
