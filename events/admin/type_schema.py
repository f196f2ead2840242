"""The page on which the schema of a custom event type is edited, tried on recent events, saved and removed."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from account.audit import actor_of
from account.current import current_account
from contract.reasons import Caution
from events.envelope import EnvelopeError, parse_envelope
from events.models import EventType, ParameterSchema
from events.parameters_seen import SampledEvent, load_sample, seen_in
from events.schema_check import MAX_CHARACTERS, SchemaError, draft_of, read_schema
from events.schemas import can_have_schema, save_schema

MAY_EDIT = "events.change_eventtype"
SHOWN_EXAMPLES = 20


class SchemaForm(forms.Form):
    text = forms.CharField(
        label=gettext_lazy("Schema"),
        required=False,
        max_length=MAX_CHARACTERS,
        widget=forms.Textarea(attrs={"rows": 20, "spellcheck": "false", "autocapitalize": "off"}),
        help_text=gettext_lazy(
            "JSON Schema 2020-12 of an object whose members are the event's parameters. Empty: no schema."
        ),
    )

    def clean_text(self) -> str:
        text = str(self.cleaned_data["text"]).strip()
        if text:
            try:
                read_schema(text)
            except SchemaError as error:
                place = error.problem.pointer
                words = _("At %(pointer)s: %(detail)s") if place else "%(detail)s"
                raise forms.ValidationError(words % {"pointer": place, "detail": error.problem.detail}) from error
        return text


def schema_view(site: Any, request: HttpRequest, type_id: int) -> HttpResponse:
    """GET shows the schema, or with `?draft=1` one that is drawn from recent events; POST tries it or saves it."""
    if not request.user.has_perm(MAY_EDIT):
        raise PermissionDenied
    if request.method not in ("GET", "HEAD", "POST"):
        return HttpResponseNotAllowed(["GET", "HEAD", "POST"])
    event_type = get_object_or_404(EventType, pk=type_id)
    if not can_have_schema(event_type.key):
        messages.info(request, _("Orderloom knows what this event needs and checks it itself."))
        return HttpResponseRedirect(reverse("admin:events_eventtype_change", args=[event_type.pk]))
    sample = load_sample(event_type.pk)
    context: dict[str, Any] = {"event_type": event_type, "sampled": len(sample)}
    if request.method == "POST":
        form = SchemaForm(request.POST)
        if form.is_valid():
            text = form.cleaned_data["text"]
            if "save" in request.POST:
                return _saved(request, event_type, text)
            context |= _tried(text, sample)
    else:
        form = SchemaForm(initial={"text": _text_to_edit(request, event_type, sample)})
    return _page(site, request, event_type, {**context, "form": form})


def _text_to_edit(request: HttpRequest, event_type: EventType, sample: list[SampledEvent]) -> str:
    if "draft" not in request.GET:
        schemas = ParameterSchema.objects.filter(event_type=event_type)
        return schemas.values_list("text", flat=True).first() or ""
    newest = [event for event in sample if event.is_new]
    seen = seen_in(newest)
    return draft_of({each.name: each.new_types for each in seen.parameters}, seen.newest) if newest else ""


def _saved(request: HttpRequest, event_type: EventType, text: str) -> HttpResponse:
    save_schema(event_type, text, actor_of(request))
    told = (
        _("The schema is saved: events that come from now on are held against it.")
        if text
        else _("The type has no schema: its events are held against none.")
    )
    messages.success(request, told)
    return HttpResponseRedirect(reverse("admin:events_eventtype_change", args=[event_type.pk]))


def _tried(text: str, sample: list[SampledEvent]) -> dict[str, Any]:
    """How many of the sampled events would carry a warning, and some of them with what it says."""
    if not text:
        return {"tried": {"warned": 0, "examples": []}}
    checker, account = read_schema(text), current_account()
    warned = 0
    examples: list[tuple[int, Caution]] = []
    for event in sample:
        try:
            violations = checker.violations(parse_envelope(event.body, account).parameters)
        except EnvelopeError:  # an erasure may leave an event without what it was found by
            continue
        if violations:
            warned += 1
            if len(examples) < SHOWN_EXAMPLES:
                examples.append((event.event_id, violations[0]))
    return {"tried": {"warned": warned, "examples": examples}}


def _page(site: Any, request: HttpRequest, event_type: EventType, context: dict[str, Any]) -> HttpResponse:
    title = _("Schema of %(key)s") % {"key": event_type.key}
    request.current_app = site.name
    return TemplateResponse(
        request, "events/type_schema.html", {**site.each_context(request), "title": title, **context}
    )
