"""Where the list of events leads to a replay of what it shows, and back: one filter under two names.

A replay can be told by filters, whose names are the API's. What the list was searched for, and the replay whose events
it shows, are no filters of a replay: for these the events are chosen, and the replay is of their ids.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.http import QueryDict
from django.urls import reverse
from django.utils.http import urlencode

from console.filters import MAX_TYPED
from console.lists import CURSOR, LIMIT, ORDERING
from contract.json_values import is_storable
from contract.paging import AN_ID
from contract.problems import refuse_parameter
from contract.reasons import Status
from events.filters import Events
from events.models import Attempt, Source
from events.search import search_events
from events.selection import read_filters, select_events

SAME_FILTERS = {
    "outcome": "outcome",
    "reason": "reason",
    "type": "eventTypeKey",
    "warning": "warning",
    "contact": "contactId",
    "received_from": "receivedFrom",
    "received_to": "receivedTo",
}
CHOOSING = ("q", "replay")
LIST_FILTERS = {*SAME_FILTERS, *CHOOSING, "source"}  # those that can be said of a replay
OF_THE_PAGE = (CURSOR, ORDERING, LIMIT)
MOST_CHOSEN = 20_000  # events that a replay names one by one: their ids stand in its row


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the page that starts a replay was asked for. `chosen_by` are those of CHOOSING, `filters` the API's."""

    filters: Mapping[str, str]
    chosen_by: Mapping[str, str]

    @property
    def given(self) -> dict[str, str]:
        return {**self.filters, **self.chosen_by}

    def select(self) -> Events:
        """The ignored and failed events that are meant, as they are now."""
        events = select_events(self.filters)
        if text := self.chosen_by.get("q"):
            events = search_events(events, text)
        if replay_id := self.chosen_by.get("replay"):
            handed_over = Attempt.objects.filter(replay_id=int(replay_id))
            events = events.filter(pk__in=handed_over.values("event_id"))  # index: attempt_by_replay_and_event
        return events


def read_wanted(sent: QueryDict) -> Wanted:
    """What an address or a form asks for. Raises ApiError 400."""
    given: dict[str, Any] = {name: value for name, value in sent.dict().items() if name != "csrfmiddlewaretoken"}
    chosen_by = {name: given.pop(name) for name in CHOOSING if given.get(name)}
    text, replay_id = chosen_by.get("q", ""), chosen_by.get("replay", "0")
    if len(text) > MAX_TYPED or not is_storable(text):
        raise refuse_parameter("q", text, f"a text of at most {MAX_TYPED} characters")
    if not AN_ID.fullmatch(replay_id):
        raise refuse_parameter("replay", replay_id, "the id of a replay")
    return Wanted(filters=read_filters(given) if given or not chosen_by else {}, chosen_by=chosen_by)


def start_url(query: QueryDict) -> str:
    """The page that starts a replay of what the list shows; "" when it is not narrowed, or none is ever replayed."""
    given = {name: str(value) for name, value in query.dict().items() if value and name not in OF_THE_PAGE}
    if given.get("outcome") in (Status.APPLIED, Status.WAITING) or set(given) - LIST_FILTERS:
        return ""
    filters = {SAME_FILTERS[name]: value for name, value in given.items() if name in SAME_FILTERS}
    if "source" in given:
        name = _source_name(given["source"])
        if not name:
            return ""
        filters["source"] = name
    filters |= {name: given[name] for name in CHOOSING if name in given}
    return f"{reverse('admin:events_replay_start')}?{urlencode(filters)}" if filters else ""


def list_url(wanted: Wanted, **more: str) -> str:
    """The list of the events that are meant, narrowed by filters of the list; "" where the list has no such filter."""
    names = {api: own for own, api in SAME_FILTERS.items()}
    query = {names[name]: value for name, value in wanted.filters.items() if name in names}
    others = set(wanted.filters) - set(names)
    if others == {"source"}:
        source_id = Source.objects.filter(name=wanted.filters["source"]).values_list("pk", flat=True).first()
        query["source"] = str(source_id or "")
    elif others:
        return ""
    if any(len(query.get(name, "")) != len("2026-05-01") for name in ("received_from", "received_to") if name in query):
        return ""  # a moment: the list has days only
    return f"{reverse('admin:events_event_changelist')}?{urlencode({**query, **wanted.chosen_by, **more})}"


def _source_name(source_id: str) -> str:
    if not AN_ID.fullmatch(source_id):
        return ""
    return Source.objects.filter(pk=int(source_id)).values_list("name", flat=True).first() or ""
