"""Why events find nobody, on one page: groups of the latest of them, rules that would cure it, and values to mend.

Its figures are those of events/unmatched.py; each leads to the events it counts, to a draft of the rule with its
impact, or both.
"""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _
from django.views.generic import TemplateView
from unfold.views import UnfoldSiteViewMixin

from contacts.kind_names import kind_names
from contacts.models import IdentifierKind
from contract.reasons import SENTENCES
from events.admin.replay import MAY_START
from events.basis import basis_to_try
from events.models import Event
from events.unmatched import EVENTS, Cure, Group, Unmatched, load_unmatched

MAY_DRAFT = ("contacts.add_matchingrule", "contacts.change_matchingrule")
SHOWN_GROUPS = 50
SHOWN_EVENTS = 200  # of one group


class UnmatchedPage(UnfoldSiteViewMixin, TemplateView):
    title = _("Unmatched events")
    permission_required = ("events.view_event", "contacts.view_matchingrule")
    template_name = "events/unmatched.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        unmatched = load_unmatched(basis_to_try())
        context = {**self.get_context_data(**kwargs), **_figures(unmatched, request.user)}
        if "group" in request.GET:
            context |= _one_group(unmatched, request.GET["group"])
        return self.render_to_response(context)


def _figures(unmatched: Unmatched, user: Any) -> dict[str, Any]:
    names = kind_names(IdentifierKind.objects.all())
    return {
        "examined": unmatched.examined,
        "most": EVENTS,
        "is_partial": unmatched.is_partial,
        "groups": [_shown(group) for group in unmatched.groups[:SHOWN_GROUPS]],
        "more_groups": max(0, len(unmatched.groups) - SHOWN_GROUPS),
        "suggestions": [_row(cure, names, user) for cure in unmatched.suggestions],
        "to_clean": [_row(cure, names, user) for cure in unmatched.to_clean],
        "may_replay": user.has_perm(MAY_START),
    }


def _shown(group: Group) -> dict[str, Any]:
    return {
        "group": group,
        "sentence": SENTENCES[group.reason],
        "url": f"{reverse('admin:unmatched')}?{urlencode({'group': group.key})}",
    }


def _one_group(unmatched: Unmatched, key: str) -> dict[str, Any]:
    """The events of one group, the newest first: one query; a group that is no more has none."""
    group = next((group for group in unmatched.groups if group.key == key), None)
    ids = group.event_ids[:SHOWN_EVENTS] if group else []
    events = Event.objects.filter(pk__in=ids).select_related("source", "event_type", "outcome").defer("body")
    return {
        "is_of_group": True,
        "one": _shown(group) if group else None,
        "events": events.order_by("-pk"),
        "shown_events": SHOWN_EVENTS,
    }


def _row(cure: Cure, names: dict[str, str], user: Any) -> dict[str, Any]:
    rules = reverse("admin:contacts_matchingrule_changelist")
    draft = f"{rules}?{urlencode({'parameter': cure.parameter, 'kind': cure.kind})}"
    return {
        "cure": cure,
        "kind": names.get(cure.kind, cure.kind),
        "draft_url": draft if user.has_perms(MAY_DRAFT) and not cure.is_read else "",
        "event_url": reverse("admin:events_event_change", args=[cure.example_event_id]),
        "contact_url": reverse("admin:contacts_contact_change", args=[cure.example_contact_id])
        if user.has_perm("contacts.view_contact")
        else "",
    }
