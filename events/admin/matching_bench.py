"""The bench of the page of the matching rules: one event, walked by the rules as they are and as they are edited."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _

from console.palette import as_row_id
from contacts.models import Contact
from contacts.rule_list import load_normal_forms, walked
from contract.json_values import is_storable
from contract.reasons import Problem
from events.admin.matching_draft import Editing
from events.basis import basis_to_try
from events.bench import Trial, load_body, load_recent, read_pasted, try_event
from events.envelope import Envelope, EnvelopeError, parse_envelope

MAY_SEE_EVENTS = "events.view_event"


def bench_context(request: HttpRequest, editing: Editing) -> dict[str, Any]:
    """Three queries more when there is something to try; nothing for who may not see events."""
    if not request.user.has_perm(MAY_SEE_EVENTS):
        return {}
    sent = request.POST if request.method == "POST" else request.GET
    bench: dict[str, Any] = {
        "event": sent.get("bench_event", "").strip()[:20],
        "type": sent.get("bench_type", "").strip()[:255],
        "text": sent.get("bench_text", ""),
        "recent": load_recent(),
        "problems": [],
    }
    if not (bench["event"] or bench["text"].strip()):
        return {"bench": bench}
    envelope, bench["problems"] = _event_of(bench)
    if envelope is not None and editing.draft.entries is not None:
        trial = try_event(envelope, basis_to_try(), walked(editing.draft.entries, load_normal_forms()))
        bench["walks"] = list(_shown(trial))
        bench["differs"] = trial.differs
        bench["type"] = bench["type"] or trial.event_type_key
    return {"bench": bench}


def _event_of(bench: Mapping[str, Any]) -> tuple[Envelope | None, Sequence[Problem]]:
    """The event to try, or what is wrong with what was typed. What is pasted goes before an event's id."""
    basis = basis_to_try()
    try:
        if bench["text"].strip():
            if not is_storable(bench["type"]):
                return None, [Problem(pointer="", code="invalid_text", detail=_("The event type holds a NUL."))]
            return read_pasted(bench["text"], bench["type"], basis), []
        event_id = as_row_id(bench["event"])
        body = load_body(event_id) if event_id is not None else None
        if body is None:
            detail = _("There is no event %(id)s.") % {"id": bench["event"]}
            return None, [Problem(pointer="", code="not_found", detail=detail)]
        return parse_envelope(body, basis), []
    except EnvelopeError as error:
        return None, error.problems


def _shown(trial: Trial) -> Iterable[dict[str, Any]]:
    """Either walk with the contacts it finds, in order; neighbours whose parameter is absent make one row."""
    steps = [*trial.before.steps, *trial.after.steps]
    contacts = Contact.objects.in_bulk({step["contactId"] for step in steps if step["contactId"]})
    for title, walk in ((_("By the rules as they are"), trial.before), (_("As edited"), trial.after)):
        rows: list[dict[str, Any]] = []
        for is_absent, group in groupby(walk.steps, key=lambda step: step["value"] is None):
            if is_absent:
                rows.append({"absent": [step["parameter"] for step in group]})
            else:
                rows += [
                    {
                        **step,
                        "contact": contacts.get(step["contactId"]),
                        "is_conflict": step["contactId"] not in (None, walk.contact_id),
                    }
                    for step in group
                ]
        yield {
            "title": title,
            "rows": rows,
            "contact_id": walk.contact_id,
            "contact": contacts.get(walk.contact_id) if walk.contact_id else None,
            "has_identifier": walk.has_identifier,
        }
