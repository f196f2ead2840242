"""The page that says what a replay would hand over, and that starts it."""

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from account.audit import actor_of
from contract.problems import ApiError
from events.admin.replay_links import MOST_CHOSEN, Wanted, list_url, read_wanted
from events.replay_jobs import start_replay, start_replay_of
from events.replay_plan import MOST_COUNTED, load_plan

MAY_START = "events.add_replay"
WORDS = {
    "eventTypeKey": gettext_lazy("Event type"),
    "keyValue": gettext_lazy("Key"),
    "outcome": gettext_lazy("Outcome"),
    "reason": gettext_lazy("Reason"),
    "warning": gettext_lazy("Warning"),
    "source": gettext_lazy("Source"),
    "contactId": gettext_lazy("Contact"),
    "externalOrderId": gettext_lazy("Order"),
    "receivedFrom": gettext_lazy("Received from"),
    "receivedTo": gettext_lazy("Received to"),
    "q": gettext_lazy("Search"),
    "replay": gettext_lazy("Handed over by replay"),
}


def start_view(request: HttpRequest) -> HttpResponse:
    """Says which events the filters of the address find, and starts the replay when that is sent back."""
    if not request.user.has_perm(MAY_START):
        raise PermissionDenied
    if request.method not in ("GET", "HEAD", "POST"):
        return HttpResponseNotAllowed(["GET", "HEAD", "POST"])
    try:
        wanted = read_wanted(request.POST if request.method == "POST" else request.GET)
        if request.method == "POST":
            return HttpResponseRedirect(reverse("admin:events_replay_change", args=[_start(wanted, request)]))
    except ApiError as refusal:
        messages.error(request, refusal.detail)
        return HttpResponseRedirect(reverse("admin:events_event_changelist"))
    plan = load_plan(wanted.select())
    is_listed = bool(list_url(wanted))
    context = {
        **admin.site.each_context(request),
        "title": _("Replay events"),
        "filters": wanted.given,
        "told": [(WORDS.get(name, name), value) for name, value in wanted.given.items()],
        "plan": plan,
        "rows": [
            (row, list_url(wanted, type=row.event_type_key, reason=row.reason) if is_listed else "")
            for row in plan.rows
        ],
        "most_counted": MOST_COUNTED,
        "most_chosen": MOST_CHOSEN if wanted.chosen_by and plan.matched > MOST_CHOSEN else 0,
    }
    request.current_app = admin.site.name
    return TemplateResponse(request, "events/replay_start.html", context)


def _start(wanted: Wanted, request: HttpRequest) -> int:
    """Raises ApiError."""
    if not wanted.chosen_by:
        return start_replay(wanted.filters, actor_of(request))
    ids = wanted.select().order_by("pk").values_list("pk", flat=True)[:MOST_CHOSEN]
    return start_replay_of(list(ids), wanted.filters, actor_of(request))
