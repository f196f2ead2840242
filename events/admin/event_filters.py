"""What the console's list of events can be narrowed to. What a word means is the API's filters' to say."""

from typing import Any

from django.db.models import F, QuerySet
from django.forms import HiddenInput
from django.utils.translation import gettext_lazy as _
from django_filters import CharFilter, FilterSet

from console.filters import DayFilter, PickFilter, SearchFilter, SuggestFilter, start_of
from console.telling import outcome_word
from contract.paging import AN_ID
from contract.reasons import Reason, Status, WarningCode
from events import filters
from events.decided import decided_by
from events.models import Event, EventType, Source
from events.received import first_ids_since
from events.search import search_events

SUGGESTED_TYPES = 200
HANDED_OVER = "handed_over"  # the event's id once more, where the list is that of a replay


def outcome_choices() -> list[tuple[str, str]]:
    return [(status.value, outcome_word(status.value)) for status in Status]


def reason_choices() -> list[tuple[str, str]]:
    return [(reason.value, reason.value) for reason in Reason]


def warning_choices() -> list[tuple[str, str]]:
    return [(code.value, code.value) for code in WarningCode]


def source_choices() -> list[tuple[str, str]]:
    return [(str(pk), name) for pk, name in Source.objects.order_by("name").values_list("pk", "name")]


def type_suggestions() -> list[str]:
    return list(EventType.objects.order_by("key").values_list("key", flat=True)[:SUGGESTED_TYPES])


class ReceivedFilter(DayFilter):
    """A day of acceptance, found by the ids of its events."""

    def filter(self, qs: QuerySet[Event], value: Any) -> QuerySet[Event]:
        if value is None:
            return qs
        [first_id] = first_ids_since([start_of(self.bound_of(value))])
        return filters.events_beyond(qs, "lt" if self.is_end else "gte", first_id)


class EventFilters(FilterSet):
    q = SearchFilter(_("Event id, order id, e-mail, phone or customer id"), method="search")
    outcome = PickFilter(_("Outcome"), outcome_choices, method="with_outcome")
    reason = PickFilter(_("Reason"), reason_choices, method="with_reason")
    type = SuggestFilter(_("Event type"), type_suggestions, method="of_type")
    source = PickFilter(_("Source"), source_choices, field_name="source_id")
    warning = PickFilter(_("Warning"), warning_choices, method="with_warning")
    received_from = ReceivedFilter(_("From"))
    received_to = ReceivedFilter(_("To"), is_end=True)
    contact = CharFilter(label=_("Contact"), method="of_contact", widget=HiddenInput)  # set by a contact's page
    replay = CharFilter(label=_("Replay"), method="of_replay", widget=HiddenInput)  # set by a replay's page

    decided_by = CharFilter(label=_("Decided by"), method="by_rule", widget=HiddenInput)  # set by the matching rules

    class Meta:
        model = Event
        fields: list[str] = []

    def search(self, events: QuerySet[Event], name: str, value: str) -> QuerySet[Event]:
        return search_events(events, value)

    with_outcome = filters.EventFilters.with_outcome
    with_reason = filters.EventFilters.with_reason
    with_warning = filters.EventFilters.with_warning
    of_type = filters.EventFilters.of_type

    def by_rule(self, events: QuerySet[Event], name: str, value: str) -> QuerySet[Event]:
        return decided_by(events, value)

    def of_contact(self, events: QuerySet[Event], name: str, value: str) -> QuerySet[Event]:
        return events.filter(outcome__contact_id=int(value)) if AN_ID.fullmatch(value) else events.none()

    def of_replay(self, events: QuerySet[Event], name: str, value: str) -> QuerySet[Event]:
        """Those that a replay has handed over, sorted by its attempts (index: attempt_by_replay_and_event)."""
        if not AN_ID.fullmatch(value):
            return events.none()
        handed_over = events.filter(earlier_attempts__replay_id=int(value))
        return handed_over.alias(**{HANDED_OVER: F("earlier_attempts__event_id")})
