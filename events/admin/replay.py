"""Replays in the console: the list, the page that says how far one is, how one is started, and how it is cancelled."""

from collections.abc import Mapping
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.urls import path, reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_filters import FilterSet

from account.audit import actor_of
from console import display
from console.filters import PickFilter
from console.lists import Column, ListAdmin
from contract.paging import Page
from contract.reasons import SENTENCES, Reason, Status
from events.admin.replay_start import MAY_START as MAY_START
from events.admin.replay_start import WORDS, start_view
from events.models import Replay
from events.replay_jobs import cancel_replay
from events.replay_progress import Progress, count_by_outcome, count_by_reason, load_progress, status_of

STATUSES = {"running": "busy", "cancelled": "warn", "finished": "good"}  # with the tone of their badges
MAY_CANCEL = "events.change_replay"


class ReplayFilters(FilterSet):
    status = PickFilter(gettext_lazy("Status"), [(status, status) for status in STATUSES], method="with_status")

    class Meta:
        model = Replay
        fields: list[str] = []

    def with_status(self, replays: QuerySet[Replay], name: str, value: str) -> QuerySet[Replay]:
        if value == "cancelled":
            return replays.filter(cancelled_at__isnull=False)
        return replays.filter(cancelled_at__isnull=True, ended_at__isnull=value == "running")


def about(filters: Mapping[str, Any]) -> str:
    """The filters in words."""
    return ", ".join(f"{WORDS.get(name, name)}: {value}" for name, value in filters.items())


def about_replay(replay: Replay) -> str:
    """Which events it is about, in words."""
    words = about(replay.filters)
    if replay.event_ids is None:
        return words
    return " · ".join(filter(None, (_("those that were chosen when it was started"), words)))


def shown(replay: Replay, progress: Progress) -> dict[str, Any]:
    """What a row and the page show of a replay."""
    status = status_of(replay)
    return {
        "pk": replay.pk,
        "status": status,
        "tone": STATUSES[status],
        "about": about_replay(replay),
        "matched": replay.matched,
        "replayed": replay.replayed,
        "waiting": progress.waiting,
        **count_by_outcome(progress.outcomes),
        "started_at": replay.started_at,
        "started_by": replay.started_by,
    }


@admin.register(Replay)
class ReplayAdmin(ListAdmin):
    filterset_class = ReplayFilters
    columns = (
        Column(gettext_lazy("Replay")),
        Column(gettext_lazy("Status")),
        Column(gettext_lazy("Events")),
        Column(gettext_lazy("Found"), is_number=True),
        Column(gettext_lazy("Handed over"), is_number=True),
        Column(gettext_lazy("Applied"), is_number=True),
        Column(gettext_lazy("Ignored"), is_number=True),
        Column(gettext_lazy("Failed"), is_number=True),
        Column(gettext_lazy("Started")),
    )
    row_template = "events/replay_row.html"
    page_template = "events/replay_page.html"
    intro = gettext_lazy("What was ignored or failed and is handed to the workers again, once its cause is removed.")
    empty_title = gettext_lazy("No replays yet")
    empty_hint = gettext_lazy("Narrow the list of events to what was ignored or failed, and replay what it shows.")

    def _cut_page(self, request: HttpRequest, filterset: FilterSet) -> Page[Any]:
        page = super()._cut_page(request, filterset)
        progress = load_progress(page.rows)
        rows = [shown(replay, progress[replay.pk]) for replay in page.rows]
        return Page(rows=rows, next_url=page.next_url, previous_url=page.previous_url)

    def get_urls(self) -> list[Any]:
        start = self.admin_site.admin_view(start_view)
        cancel = self.admin_site.admin_view(self.cancel_view)
        return [
            path("start/", start, name="events_replay_start"),
            path("<int:replay_id>/cancel/", cancel, name="events_replay_cancel"),
            *super().get_urls(),
        ]

    def page_title(self, obj: Replay) -> str:
        return _("Replay %(id)s") % {"id": obj.pk}

    def page_context(self, request: HttpRequest, obj: Replay) -> dict[str, Any]:
        progress = load_progress([obj])[obj.pk]
        facts = [
            (_("Events"), about_replay(obj)),
            (_("Started"), display.moment(obj.started_at)),
            (_("By"), obj.started_by),
            (_("Cancelled"), obj.cancelled_at and display.moment(obj.cancelled_at)),
            (_("Cancelled by"), obj.cancelled_by),
            (_("Ended"), obj.ended_at and display.moment(obj.ended_at)),
        ]
        replay = shown(obj, progress)
        return {
            "replay": replay,
            "results": [
                (status.value, replay[status.value], events_url(obj.pk, outcome=status.value)) for status in Status
            ],
            "facts": [(title, value) for title, value in facts if value],
            "reasons": [
                {
                    "reason": reason,
                    "sentence": SENTENCES[Reason(reason)],
                    "count": count,
                    "url": events_url(obj.pk, reason=reason),
                }
                for reason, count in count_by_reason(progress.outcomes).items()
            ],
            "is_under_way": obj.ended_at is None,
            "may_cancel": obj.ended_at is None and obj.cancelled_at is None and request.user.has_perm(MAY_CANCEL),
        }

    def cancel_view(self, request: HttpRequest, replay_id: int) -> HttpResponse:
        if not request.user.has_perm(MAY_CANCEL):
            raise PermissionDenied
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not cancel_replay(replay_id, actor_of(request)):
            return HttpResponseRedirect(reverse("admin:events_replay_changelist"))
        messages.success(request, _("No more of its events are handed over. Those that were already are decided."))
        return HttpResponseRedirect(reverse("admin:events_replay_change", args=[replay_id]))


def events_url(replay_id: int, **filters: str) -> str:
    """The list of the events that the replay has handed over, narrowed by what they are now."""
    return f"{reverse('admin:events_event_changelist')}?{urlencode({**filters, 'replay': str(replay_id)})}"
