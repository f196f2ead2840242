"""What can be done with one event in the console: replay it, validate it again, preview a message, save its JSON."""

from collections.abc import Callable, Mapping
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from account.audit import actor_of
from account.current import current_account
from console import display
from console.telling import told
from contacts.models import Contact
from contract.reasons import Status
from events.admin.event_page import file_name_of, rows_of_steps, shown_variables
from events.admin.replay import MAY_START
from events.basis import basis_to_try
from events.envelope import EnvelopeError, parse_envelope
from events.fate_details import load_variables
from events.fates import load_fate
from events.filters import REPLAYABLE
from events.models import Event
from events.outcomes import sentence_of
from events.preview import preview
from events.replay import replay_one
from events.variables import MAX_TEMPLATE_LENGTH, MAX_TEXT_LENGTH, TextTooLongError, render_pieces

MAY_VIEW = "events.view_event"
SHOWN_MESSAGE = 20_000  # characters of a rendered message
SHOWN_VALUE = 300  # characters of an order's field
SHOWN_PROBLEMS = 100
EXAMPLE = "Order ${eventKey}: ${items[0].name}"

type View = Callable[[HttpRequest, int], HttpResponse]


def action_urls(admin_view: Callable[[Any], Any]) -> list[URLPattern]:
    """`<id>/replay/`, `<id>/validate/`, `<id>/message/` and `<id>/sent/`, for signed-in staff."""
    views: Mapping[str, View] = {"replay": _replay, "validate": _validate, "message": _message, "sent": _sent}
    return [
        path(f"<int:event_id>/{name}/", admin_view(view), name=f"events_event_{name}") for name, view in views.items()
    ]


def _check(request: HttpRequest, permission: str, *methods: str) -> HttpResponse | None:
    """The answer to a method that is not taken. Raises PermissionDenied."""
    if not request.user.has_perm(permission):
        raise PermissionDenied
    return None if request.method in methods else HttpResponseNotAllowed(methods)


def _replay(request: HttpRequest, event_id: int) -> HttpResponse:
    """Hands one event to the workers again."""
    if refusal := _check(request, MAY_START, "POST"):
        return refusal
    if replay_one(event_id, actor_of(request)):
        messages.success(request, _("The event waits to be processed once more."))
    else:
        messages.warning(request, _("Nothing was done: the event is applied, or waits already."))
    return HttpResponseRedirect(reverse("admin:events_event_change", args=[event_id]))


def _load(event_id: int) -> Event:
    return get_object_or_404(Event.objects.select_related("source", "event_type"), pk=event_id)


def _answer(request: HttpRequest, template: str, event: Event, context: Mapping[str, Any]) -> HttpResponse:
    request.current_app = admin.site.name
    return TemplateResponse(request, template, {**admin.site.each_context(request), "event": event, **context})


def _sent(request: HttpRequest, event_id: int) -> HttpResponse:
    """The JSON of an event as it was sent, to be saved; never shown by a browser."""
    if refusal := _check(request, MAY_VIEW, "GET", "HEAD"):
        return refusal
    headers = {"Content-Disposition": f'attachment; filename="{file_name_of(event_id)}"', "Cache-Control": "no-store"}
    return HttpResponse(_load(event_id).body, content_type="application/json", headers=headers)


# --- validate again ---


def _validate(request: HttpRequest, event_id: int) -> HttpResponse:
    """What would become of the event if it came now, beside what became of it. Stores nothing."""
    if refusal := _check(request, MAY_VIEW, "GET", "HEAD"):
        return refusal
    event = _load(event_id)
    then = load_fate(event_id) or {}
    try:
        envelope = parse_envelope(event.body, current_account())
    except EnvelopeError as error:
        problems = [{"pointer": one.pointer, "detail": one.detail, "expected": one.expected} for one in error.problems]
        return _answer(request, "events/validate.html", event, {"title": _("Validate again"), "unreadable": problems})
    now = preview(envelope, event.source.kind, event.source.name, event.api_version)
    rows = _compare(then, now)
    context = {
        "title": _("Validate again"),
        "then": then,
        "now": now,
        "sentence": _sentence(now),
        "rows": rows,
        "is_same": not any(row["is_changed"] for row in rows),
        "problems": now["problems"][:SHOWN_PROBLEMS],
        "more_problems": max(len(now["problems"]) - SHOWN_PROBLEMS, 0),
        "warnings": display.explained(now["warnings"]),
        "trace": rows_of_steps(request, now["eventTypeKey"], now["trace"], basis_to_try()),
        "order_changes": _order_changes(now["order"]["before"], now["order"]["after"]),
        "may_replay": then["outcome"] in REPLAYABLE and request.user.has_perm(MAY_START),
        "would_apply": now["outcome"] == Status.APPLIED,
    }
    return _answer(request, "events/validate.html", event, context)


def _sentence(now: Mapping[str, Any]) -> str:
    """What would become of it; the sentence of an outcome says of an applied event that it was."""
    if now["outcome"] != Status.APPLIED or now["message"] not in map(_applied, (True, False)):
        return str(told(now["message"]))
    return _("It would be applied to the order.") if now["message"] == _applied(True) else _("It would be kept.")


def _applied(is_order: bool) -> str:
    return sentence_of(Status.APPLIED, "", "", is_order)


def _compare(then: Mapping[str, Any], now: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The parts of a fate, as they were decided and as they would be now."""
    contacts = Contact.objects.in_bulk({fate["contactId"] for fate in (then, now) if fate["contactId"]})

    def contact(fate: Mapping[str, Any]) -> str:
        found = contacts.get(fate["contactId"])
        return Truncator(found).chars(80) if found else _("nobody")

    def codes(fate: Mapping[str, Any]) -> str:
        return ", ".join(warning["code"] for warning in fate["warnings"]) or _("none")

    parts: list[tuple[str, Callable[[Mapping[str, Any]], Any]]] = [
        (_("Outcome"), lambda fate: fate["outcome"]),
        (_("Reason"), lambda fate: fate["reason"] or _("none")),
        (_("Contact"), contact),
        (_("Warnings"), codes),
        (_("Problems"), lambda fate: len(fate["problems"])),
    ]
    return [
        {"title": title, "then": tell(then), "now": tell(now), "is_changed": tell(then) != tell(now)}
        for title, tell in parts
    ]


def _order_changes(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> list[dict[str, str]]:
    """The fields of the order that would change, with both values."""
    old, new = before or {}, after or {}
    names = dict.fromkeys([*old, *new])
    rows = [
        {"name": name, "old": _readable(old.get(name)), "new": _readable(new.get(name))}
        for name in names
        if old.get(name) != new.get(name)
    ]
    return [row for row in rows if row["old"] or row["new"]]


def _readable(value: Any) -> str:
    return "" if value in (None, "", [], {}) else Truncator(display.json_text(value)).chars(SHOWN_VALUE)


# --- a message ---


class MessageForm(forms.Form):
    template = forms.CharField(
        label=gettext_lazy("Text with ${…}"),
        max_length=MAX_TEMPLATE_LENGTH,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 6, "class": "ol-text", "spellcheck": "false"}),
    )


def _message(request: HttpRequest, event_id: int) -> HttpResponse:
    """A text with the event's variables in it, as a message would have it. Stores nothing."""
    if refusal := _check(request, MAY_VIEW, "GET", "HEAD", "POST"):
        return refusal
    event = _load(event_id)
    variables = load_variables(load_fate(event_id) or {})
    form = MessageForm(request.POST) if request.method == "POST" else MessageForm(initial={"template": EXAMPLE})
    context = {"title": _("Message preview"), "form": form, "variables": shown_variables(variables)}
    if form.is_bound and form.is_valid():
        context |= _rendered(form, variables)
    return _answer(request, "events/message.html", event, context)


def _rendered(form: MessageForm, variables: Mapping[str, str]) -> dict[str, Any]:
    try:
        pieces = render_pieces(form.cleaned_data["template"], variables)
    except TextTooLongError:
        words = _("With the values in it, the text has more than %(most)s characters.")
        form.add_error("template", words % {"most": display.number(MAX_TEXT_LENGTH)})
        return {}
    shown, left = [], SHOWN_MESSAGE
    for piece in pieces:
        if left <= 0:
            break
        shown.append({"text": piece.text[:left], "is_missing": piece.missing is not None})
        left -= len(piece.text)
    missing = dict.fromkeys(piece.missing for piece in pieces if piece.missing is not None)
    length = sum(len(piece.text) for piece in pieces)
    return {
        "pieces": shown,
        "missing": [Truncator(f"${{{name}}}").chars(80) for name in list(missing)[:50]],
        "more_missing": max(len(missing) - 50, 0),
        "more_characters": max(length - SHOWN_MESSAGE, 0),
    }
