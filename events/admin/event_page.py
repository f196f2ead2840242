"""What the page of one event tells: what came, what became of it, why, and what can be made of it.

Everything here is bounded: an event may have a thousand parameters, and texts of a megabyte.
"""

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.text import Truncator
from django.utils.translation import gettext as _

from console import display
from contacts.models import Contact, MatchingRule
from contract.reasons import Status
from events.basis import DecisionBasis, from_settings
from events.curl import MOST_BYTES, curl_line
from events.fate_details import load_variables
from events.marked_json import mark_problems
from events.models import Attempt, Event, Outcome
from events.outcomes import sentence_of
from orders.rules import DELETION_TYPE, ORDER_EVENT_TYPES, WHOLE_ORDER_TYPES

SHOWN_PROBLEMS = 200
SHOWN_VARIABLES = 200
SHOWN_ATTEMPTS = 50
SHOWN_TEXT = 300  # characters of a value in a table
SHOWN_TRACEBACK = 20_000  # its end, which says what happened


def load_page(request: HttpRequest, event: Event, fate: dict[str, Any]) -> dict[str, Any]:
    """The context of templates/events/page.html, but for its buttons."""
    outcome = getattr(event, "outcome", None)
    problems = fate["problems"][:SHOWN_PROBLEMS]
    return {
        "event": event,
        "fate": fate,
        "facts": load_facts(event, outcome),
        "problems": [{**problem, "number": number} for number, problem in enumerate(problems, start=1)],
        "more_problems": len(fate["problems"]) - len(problems),
        "warnings": display.explained(fate["warnings"]),
        "trace": []
        if fate["outcome"] == Status.FAILED
        else rows_of_trace(request, event.event_type.key, fate, outcome),
        "sent": mark_problems(event.body, [problem["pointer"] for problem in problems]),
        "attempts": load_attempts(event),
        "traceback": outcome.traceback[-SHOWN_TRACEBACK:] if outcome else "",
        "curl": curl_of(request, event),
        "variables": shown_variables(load_variables(fate)),
    }


def load_facts(event: Event, outcome: Outcome | None) -> list[tuple[str, Any]]:
    """What is known of the event beside its outcome; a fact that does not hold is left out."""
    order, contact = (outcome.order, outcome.contact) if outcome else (None, None)
    order_url = order and reverse("admin:orders_order_change", args=[order.pk])
    contact_url = contact and reverse("admin:contacts_contact_change", args=[contact.pk])
    facts = [
        (_("Order"), display.link_to(order_url, order)),
        (_("Contact"), display.link_to(contact_url, contact and Truncator(contact).chars(80))),
        (_("Type"), event.event_type.key),
        (_("Key"), event.key_value),
        (_("Source"), event.source.name),
        (_("Received"), display.moment(event.received_at)),
        (_("Occurred"), event.occurred_at and display.moment(event.occurred_at)),
        (_("Decided"), outcome and display.moment(outcome.decided_at)),
        (_("Attempt"), outcome and outcome.attempt),
        (_("API version"), event.api_version),
    ]
    return [(title, value) for title, value in facts if value]


def rows_of_trace(
    request: HttpRequest, type_key: str, fate: Mapping[str, Any], outcome: Outcome | None
) -> list[dict[str, Any]]:
    """The trace of an outcome by the rules that it was decided with."""
    if outcome is None:
        return []
    return rows_of_steps(request, type_key, fate["trace"], from_settings(outcome.basis_id, outcome.basis.settings))


def rows_of_steps(
    request: HttpRequest, type_key: str, steps: Sequence[Mapping[str, Any]], basis: DecisionBasis
) -> list[dict[str, Any]]:
    """The steps with their rules and the contacts they found, in order: at most two queries.

    Neighbours whose parameter was absent make one row. A rule that is still there leads to its form.
    """
    contacts = Contact.objects.in_bulk({step["contactId"] for step in steps if step["contactId"]})
    decided = next((step["contactId"] for step in steps if step["decided"]), None)
    numbered = _rules_by_step(type_key, basis)
    urls = _load_rule_urls(type_key) if steps and request.user.has_perm("contacts.view_matchingrule") else {}
    rows: list[dict[str, Any]] = []
    for is_absent, group in groupby(steps, key=lambda step: step["value"] is None and step["contactId"] is None):
        if is_absent:
            rows.append({"absent": [step["parameter"] for step in group]})
            continue
        rows.extend(
            {
                **step,
                "rule": numbered.get((step["parameter"], step["kind"]), ""),
                "rule_url": urls.get((step["parameter"], step["kind"]), ""),
                "contact": contacts.get(step["contactId"]),
                "is_conflict": step["contactId"] not in (None, decided),
            }
            for step in group
        )
    return rows


def _rules_by_step(type_key: str, basis: DecisionBasis) -> dict[tuple[str, str], str]:
    """What each rule is called: its number in the list, or that it is the type's own."""
    names = {(rule.parameter, rule.kind): str(number) for number, rule in enumerate(basis.rules.general, start=1)}
    own = basis.rules.by_event_type.get(type_key)
    return names | ({(own.parameter, own.kind): _("its type's own")} if own else {})


def _load_rule_urls(type_key: str) -> dict[tuple[str, str], str]:
    """The forms of the rules as they are now, by parameter and kind: one query; the type's own wins."""
    rules = MatchingRule.objects.filter(event_type_key__in=["", type_key]).order_by("event_type_key", "-position")
    return {
        (parameter, kind): reverse("admin:contacts_matchingrule_change", args=[pk])
        for pk, parameter, kind in rules.values_list("pk", "parameter", "kind_id")
    }


def load_attempts(event: Event) -> list[dict[str, Any]]:
    """What became of the event before it was replayed, newest first: one query."""
    is_order = event.event_type.key in ORDER_EVENT_TYPES
    attempts = Attempt.objects.filter(event=event).defer("trace").order_by("-attempt")[:SHOWN_ATTEMPTS]
    return [
        {
            "attempt": attempt,
            "message": sentence_of(attempt.status, attempt.reason, "", is_order),
            "problems": attempt.problems[:5],
            "more_problems": max(len(attempt.problems) - 5, 0),
        }
        for attempt in attempts
    ]


def curl_of(request: HttpRequest, event: Event) -> dict[str, Any]:
    """The line that sends the event again, and what to know of it; no line for what nobody may send."""
    if event.event_type.key == DELETION_TYPE:
        return {}
    address = request.build_absolute_uri(f"/api/v{event.api_version}/event")
    return {
        "line": curl_line(address, event.body, file_name_of(event.pk)),
        "is_from_file": len(event.body.encode()) > MOST_BYTES,
        "is_whole_order": event.event_type.key in WHOLE_ORDER_TYPES.values(),
    }


def file_name_of(event_id: int) -> str:
    """The name of the file that an event's JSON is saved as."""
    return f"event-{event_id}.json"


def shown_variables(variables: Mapping[str, str]) -> dict[str, Any]:
    """The first of the variables, each with the beginning of its value."""
    first = list(variables.items())[:SHOWN_VARIABLES]
    return {
        "rows": [(Truncator(name).chars(SHOWN_TEXT), Truncator(text).chars(SHOWN_TEXT)) for name, text in first],
        "more": len(variables) - len(first),
    }
