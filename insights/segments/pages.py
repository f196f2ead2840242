"""Why a person is in a segment, the export, and what is done with a segment by its buttons."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from account.audit import AuditAction, actor_of, record_audit
from console import display
from contacts.models import Contact
from contract.csv_files import csv_response
from insights.rfm.condition import Scores
from insights.segments.bounded import TookTooLongError
from insights.segments.builder import VIEW_CONTACTS, require_change
from insights.segments.loading import load_segment
from insights.segments.members import EXPORT_HEAD, export_rows
from insights.segments.models import VIEW_SEGMENT, Segment
from insights.segments.reasons import Reason, explain
from insights.segments.saving import delete_segment, refresh_soon, what_of
from insights.segments.words import in_words


def require_people(request: HttpRequest) -> None:
    """Who is in a segment is for those who may see segments and contacts."""
    if not request.user.has_perms((VIEW_SEGMENT, VIEW_CONTACTS)):
        raise PermissionDenied


def why(request: HttpRequest, frame: dict[str, Any], segment_id: int, contact_id: int) -> HttpResponse:
    """What each condition of the segment says of a person now, with the orders and events that it says it by."""
    require_people(request)
    segment = get_object_or_404(Segment, pk=segment_id)
    contact = Contact.objects.filter(pk=contact_id, deleted_at=None).first()
    if contact is None:
        messages.warning(request, _("There is no such person any more."))
        return HttpResponseRedirect(reverse("admin:insights_segment_change", args=[segment.pk]))
    node = load_segment(segment.conditions)
    context = {**frame, "title": _("Why %(person)s?") % {"person": contact}, "segment": segment, "contact": contact}
    if isinstance(node, list):
        context["problems"] = node
    else:
        try:
            found = explain(node, contact)
        except TookTooLongError:
            context["took_too_long"] = True
        else:
            context["is_found"] = found.is_found
            context["reasons"] = [_present(reason, request) for reason in found.reasons]
    return TemplateResponse(request, "insights/segment_why.html", context)


def _present(reason: Reason, request: HttpRequest) -> dict[str, Any]:
    """A condition for the page; orders and events for who may see those."""
    return {
        "words": in_words(reason.leaf),
        "is_fulfilled": reason.is_fulfilled,
        "orders": reason.orders if request.user.has_perm("orders.view_order") else [],
        "events": reason.events if request.user.has_perm("events.view_event") else [],
        "number": reason.number,
        "more": max(reason.number - len(reason.ids), 0),
        "value": _value(reason.value),
    }


def _value(value: Any) -> Any:
    if value is None:
        return ""
    if isinstance(value, Scores):
        return _("recency %(recency)s, frequency %(frequency)s, monetary %(monetary)s") % {
            "recency": value.recency,
            "frequency": value.frequency,
            "monetary": value.monetary,
        }
    return display.moment(value) if hasattr(value, "tzinfo") else display.json_text(value)


def export(request: HttpRequest, segment_id: int) -> HttpResponseBase:
    """The people of the last refresh as CSV, told in the audit log."""
    require_people(request)
    segment = get_object_or_404(Segment, pk=segment_id)
    record_audit(actor_of(request), AuditAction.SEGMENT_EXPORTED, what_of(segment), count=segment.size or 0)
    return csv_response(f"segment-{segment.pk}", EXPORT_HEAD, export_rows(segment))


@require_POST
def refresh(request: HttpRequest, segment_id: int) -> HttpResponse:
    """Has the segment refreshed at once."""
    require_change(request)
    segment = get_object_or_404(Segment, pk=segment_id)
    refresh_soon(segment)
    messages.success(request, _("It is refreshed within seconds; load this page again then."))
    return HttpResponseRedirect(reverse("admin:insights_segment_change", args=[segment.pk]))


def delete(request: HttpRequest, frame: dict[str, Any], segment_id: int) -> HttpResponse:
    """Asks, and deletes."""
    require_change(request)
    segment = get_object_or_404(Segment, pk=segment_id)
    if request.method == "POST":
        delete_segment(segment, actor_of(request))
        messages.success(request, _("The segment %(name)s is deleted.") % {"name": segment.name})
        return HttpResponseRedirect(reverse("admin:insights_segment_changelist"))
    context = {**frame, "title": _("Delete %(name)s?") % {"name": segment.name}, "segment": segment}
    return TemplateResponse(request, "insights/segment_delete.html", context)
