"""The matching rules on one page: edited as a draft, tried on the bench, their impact seen, and then saved.

The page keeps nothing between two requests: the form holds the whole draft, and every button sends it. What is saved,
and what is told before, comes from the functions of the API (events/rule_saving.py).
"""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.translation import gettext as _
from unfold.admin import ModelAdmin

from account.audit import actor_of
from contacts.models import MatchingRule
from contacts.rule_changes import ChangeKind, changes_between
from contacts.rule_list import RuleEntry, VersionConflictError, version_of
from contract.problems import ApiError
from events.admin.matching_bench import bench_context
from events.admin.matching_draft import Editing, opened, sent_back
from events.admin.replay import MAY_START
from events.admin.rule_impact import change_in_words, impact_context
from events.basis import basis_to_try
from events.decided import DAYS, Decided, count_decided
from events.replay_jobs import start_replay_of
from events.replayable import find_replayable
from events.rule_preview import Effect
from events.rule_saving import effect_of, store_rules

LIST_URL = "admin:contacts_matchingrule_changelist"
MAY_CHANGE = "contacts.change_matchingrule"
# What a change takes beside that: a rule that comes or goes is added or deleted, wherever it is typed.
MORE_RIGHTS = {ChangeKind.ADDED: "contacts.add_matchingrule", ChangeKind.REMOVED: "contacts.delete_matchingrule"}
HARMFUL = (Effect.NEWLY_UNMATCHED, Effect.MOVED)  # what asks for a confirmation


@admin.register(MatchingRule)
class MatchingRuleAdmin(ModelAdmin):
    """The one page; the addresses of single rules lead to it."""

    def get_urls(self) -> list[Any]:
        replay = self.admin_site.admin_view(self.replay_view)
        return [path("replay/", replay, name="contacts_matchingrule_replay"), *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        if request.method in ("GET", "HEAD"):
            return self._page(request, opened(request))
        if request.method != "POST":
            return HttpResponseNotAllowed(["GET", "HEAD", "POST"])
        editing = sent_back(request)
        if editing is None:
            return HttpResponseRedirect(reverse(LIST_URL))
        if editing.wants_to_save:
            return self._save(request, editing)
        return self._page(request, editing)

    def _save(self, request: HttpRequest, editing: Editing) -> HttpResponse:
        """Saves the draft, or shows it again with what stands in the way: a problem, another's change, or its harm."""
        if not request.user.has_perm(MAY_CHANGE):
            raise PermissionDenied
        entries = editing.draft.entries
        if entries is None or editing.is_stale:
            return self._page(request, editing)
        changes = changes_between(editing.standing, entries)
        if not request.user.has_perms({MORE_RIGHTS[one.kind] for one in changes if one.kind in MORE_RIGHTS}):
            raise PermissionDenied
        if version_of(entries) == version_of(editing.standing):
            messages.info(request, _("Nothing was changed: these are the rules already."))
            return HttpResponseRedirect(reverse(LIST_URL))
        editing.effect = effect_of(entries)
        if any(editing.effect.counts[harm] for harm in HARMFUL) and editing.confirmed != version_of(entries):
            editing.asks = True
            return self._page(request, editing)
        try:
            entry_id = store_rules(
                entries, editing.version, actor_of(request), effect=editing.effect, undoes=editing.undoes
            )
        except VersionConflictError:
            editing.is_stale = True
            return self._page(request, editing)
        return HttpResponseRedirect(f"{reverse(LIST_URL)}?saved={entry_id or ''}")

    def _page(self, request: HttpRequest, editing: Editing) -> HttpResponse:
        entries = editing.draft.entries
        changes = changes_between(editing.standing, entries) if entries is not None else []
        if editing.wants_impact and changes and editing.effect is None and entries is not None:
            editing.effect = effect_of(entries)
        may_change = request.user.has_perm(MAY_CHANGE)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Matching rules"),
            "editing": editing,
            "draft": editing.draft,
            "digest": version_of(entries) if entries is not None else "",
            "changes": [change_in_words(change) for change in changes],
            "may_change": may_change,
            **_decided_context(editing, count_decided()),
            **impact_context(editing.effect),
            **bench_context(request, editing),
            **_saved_context(request),
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, "events/matching_rules.html", context)

    def replay_view(self, request: HttpRequest) -> HttpResponse:
        """Replays the ignored events that find their contact by the rules as they stand."""
        if not request.user.has_perm(MAY_START):
            raise PermissionDenied
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        try:
            ids = find_replayable(basis_to_try())
            if not ids:
                messages.info(request, _("None of the ignored events finds its contact yet; nothing was replayed."))
                return HttpResponseRedirect(reverse(LIST_URL))
            replay_id = start_replay_of(ids, {"outcome": "ignored"}, actor_of(request))
        except ApiError as refusal:
            messages.error(request, refusal.detail)
            return HttpResponseRedirect(reverse("admin:events_replay_changelist"))
        return HttpResponseRedirect(reverse("admin:events_replay_change", args=[replay_id]))

    # The addresses of single rules: from the palette, from bookmarks, and from Django's own forms.

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return self._lead(request, may=self.has_add_permission(request))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        is_reading = request.method in ("GET", "HEAD")
        may = self.has_view_permission(request) if is_reading else self.has_change_permission(request)
        return self._lead(request, may=may)

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return self._lead(request, may=self.has_delete_permission(request))

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return self._lead(request, may=self.has_view_permission(request))

    def _lead(self, request: HttpRequest, *, may: bool) -> HttpResponse:
        if not may:
            raise PermissionDenied
        query = request.GET.urlencode()
        return HttpResponseRedirect(f"{reverse(LIST_URL)}{'?' if query else ''}{query}")


def _decided_context(editing: Editing, decided: Decided) -> dict[str, Any]:
    """How many events each rule that stands has decided; a rule that is only typed has decided none yet."""
    standing = {(entry.event_type_key, entry.parameter, entry.kind) for entry in editing.standing}
    for row in editing.draft.rows:
        if (row.event_type_key, row.parameter, row.kind) in standing:
            entry = RuleEntry(parameter=row.parameter, kind=row.kind, event_type_key=row.event_type_key)
            row.decided = decided.of(entry)
    return {"decided": decided, "decided_days": DAYS}


def _saved_context(request: HttpRequest) -> dict[str, Any]:
    """After saving: how many ignored events find their contact now, for who may replay them."""
    if "saved" not in request.GET or request.method == "POST":
        return {}
    may_replay = request.user.has_perm(MAY_START)
    return {"is_saved": True, "replayable": len(find_replayable(basis_to_try())) if may_replay else None}
