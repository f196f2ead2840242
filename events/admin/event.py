"""Events in the console: the list, and the page that says what came, what became of it, and why."""

from dataclasses import replace
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from console.lists import Column, ListAdmin
from contract.paging import id_key
from events.admin.event_actions import action_urls
from events.admin.event_filters import HANDED_OVER, EventFilters
from events.admin.event_page import load_page
from events.admin.replay import MAY_START
from events.admin.replay_links import start_url
from events.fates import load_fate
from events.filters import REPLAYABLE, events_beyond
from events.models import Event

ROW_FIELDS = (
    *("id", "key_value", "order_key", "received_at", "source__name", "event_type__key"),
    *("outcome__status", "outcome__reason", "outcome__warnings"),
    *("outcome__contact__first_name", "outcome__contact__last_name"),
)


def _beyond(events: QuerySet[Event], lookup: str, event_id: int) -> QuerySet[Event]:
    if HANDED_OVER in events.query.annotations:
        return events.filter(**{f"{HANDED_OVER}__{lookup}": event_id})
    return events_beyond(events, lookup, event_id)


# The events of a replay are sorted by its attempts, all others by their own ids, which are the order of acceptance.
BY_ID = replace(id_key(beyond=_beyond), copies=(HANDED_OVER, HANDED_OVER))


@admin.register(Event)
class EventAdmin(ListAdmin):
    filterset_class = EventFilters
    columns = (
        Column(gettext_lazy("Event")),
        Column(gettext_lazy("Type")),
        Column(gettext_lazy("Outcome")),
        Column(gettext_lazy("Key")),
        Column(gettext_lazy("Contact")),
        Column(gettext_lazy("Source")),
        Column(gettext_lazy("Received")),
    )
    sort_keys = {"id": BY_ID}
    row_template = "events/list_row.html"
    page_template = "events/page.html"
    empty_title = gettext_lazy("No events yet")
    empty_hint = gettext_lazy(
        "Create a source and a key, then post an event with the curl line that stands beside the new key."
    )
    empty_link = (reverse_lazy("admin:events_source_changelist"), gettext_lazy("Sources"), "events.view_source")

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        url = start_url(request.GET) if request.user.has_perm(MAY_START) else ""
        action = {"list_action": (url, _("Replay what was ignored or failed of these…"))} if url else {}
        return super().changelist_view(request, {**action, **(extra_context or {})})

    def get_urls(self) -> list[Any]:
        return [*action_urls(self.admin_site.admin_view), *super().get_urls()]

    def rows(self, request: HttpRequest) -> QuerySet[Event]:
        return Event.objects.select_related("source", "event_type", "outcome", "outcome__contact").only(*ROW_FIELDS)

    def page_title(self, obj: Event) -> str:
        return _("Event %(id)s") % {"id": obj.pk}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Event]:
        beside = ("outcome", "outcome__contact", "outcome__order", "outcome__basis")
        return Event.objects.select_related("source", "event_type", *beside)

    def page_context(self, request: HttpRequest, obj: Event) -> dict[str, Any]:
        fate = load_fate(obj.pk) or {}
        may_replay = fate["outcome"] in REPLAYABLE and request.user.has_perm(MAY_START)
        return {**load_page(request, obj, fate), "may_replay": may_replay}
