"""The builder: makes and changes a segment, and counts while it is built.

It works without a script: the conditions are a text of JSON, and a button counts. static/console/segment_builder.js
makes forms of that text, writes it again after each change, and asks for the count.
"""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from account.audit import actor_of
from contract.json_values import encode
from insights.segments.bounded import TookTooLongError
from insights.segments.builder_words import load_builder_words
from insights.segments.forms import MAX_CHARACTERS, ConditionsForm, SegmentForm
from insights.segments.found_people import load_sample
from insights.segments.models import CHANGE_SEGMENT, VIEW_SEGMENT, Schedule, Segment
from insights.segments.people import find_now
from insights.segments.saving import SegmentError, save_segment

VIEW_CONTACTS = "contacts.view_contact"
BEGINNING = '{\n  "all": [\n    {"orders": {"lastDays": 30}}\n  ]\n}'


def may_change(request: HttpRequest) -> bool:
    """Who changes segments sees them, too."""
    return bool(request.user.has_perms((VIEW_SEGMENT, CHANGE_SEGMENT)))


def require_change(request: HttpRequest) -> None:
    if not may_change(request):
        raise PermissionDenied


def builder(request: HttpRequest, frame: dict[str, Any], segment_id: int | None = None) -> HttpResponse:
    """The page, for a new segment or one that there is. `frame` is the context of every page."""
    require_change(request)
    segment = get_object_or_404(Segment, pk=segment_id) if segment_id else Segment()
    form = SegmentForm(request.POST or None, initial=_initial(request, segment))
    found = None
    if request.method == "POST" and form.is_valid() and "_save" in request.POST:
        try:
            saved = save_segment(
                segment,
                name=form.cleaned_data["name"],
                conditions=form.value,
                schedule=form.cleaned_data["schedule"],
                actor=actor_of(request),
            )
        except SegmentError as error:
            form.add_error("name", str(error))
        else:
            messages.success(request, _("The segment is saved. Who is in it is found within seconds."))
            return HttpResponseRedirect(reverse("admin:insights_segment_change", args=[saved.pk]))
    elif request.method == "POST" and form.node is not None:
        found = _found(request, form)
    context = {
        **frame,
        "title": _("Change %(name)s") % {"name": segment.name} if segment_id else _("New segment"),
        "form": form,
        "problems": form.problems,
        "found": found,
        "segment": segment if segment_id else None,
        "builder_words": load_builder_words(),
    }
    return TemplateResponse(request, "insights/segment_builder.html", context)


def _initial(request: HttpRequest, segment: Segment) -> dict[str, Any]:
    """What the form begins with: the segment, or the conditions that the address brings (the RFM page does)."""
    if segment.pk:
        return {
            "name": segment.name,
            "schedule": segment.schedule_minutes,
            "conditions": encode(segment.conditions),
        }
    brought = request.GET.get("conditions", "")
    return {
        "name": request.GET.get("name", "")[:100],
        "schedule": Schedule.HOURLY,
        "conditions": brought if 0 < len(brought) <= MAX_CHARACTERS else BEGINNING,
    }


@require_POST
def count(request: HttpRequest) -> HttpResponse:
    """How many people the conditions find and some of them, or what is wrong with them: a piece of a page."""
    require_change(request)
    form = ConditionsForm(request.POST)
    form.is_valid()
    found = _found(request, form) if form.node is not None else None
    context = {"found": found, "problems": form.problems, "errors": form.errors.get("conditions", [])}
    return TemplateResponse(request, "insights/segment_found.html", context)


def _found(request: HttpRequest, form: ConditionsForm) -> dict[str, Any]:
    assert form.node is not None
    try:
        found = find_now(form.node)
    except TookTooLongError:
        return {"took_too_long": True}
    return {
        "number": found.number,
        "is_more": found.is_more,
        "is_fewer": found.is_fewer,
        "of_asked": found.of_asked,
        "people": load_sample(found.sample) if request.user.has_perm(VIEW_CONTACTS) else [],
    }
