"""What Add orders answers: one entry for each order, in the order given (docs/api.md, Add orders)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

from contract.json_values import JsonValue
from contract.postgres import load_json
from contract.problems import present_problem
from contract.reasons import SENTENCES, Problem, Reason, Status
from events.add_orders import ORDERS, SentOrder, into_body
from orders.ledger import load_contact_ids

type Entry = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of an order's event; `contact_id` is the order's own, where there is an order."""

    status: str
    reason: str
    order_id: int | None
    contact_id: int | None
    warnings: list[JsonValue]
    problems: list[dict[str, str]]


LOAD_OUTCOMES = """
    SELECT event_id, status, reason, order_id, contact_id, warnings, problems
      FROM events_outcome                    -- index: its primary key
     WHERE event_id = ANY(%(ids)s)
"""


def load_outcomes(event_ids: Sequence[int]) -> dict[int, Outcome]:
    """The outcomes of those of the events that have one, by event id: two statements."""
    with connection.cursor() as cursor:
        cursor.execute(LOAD_OUTCOMES, {"ids": list(event_ids)})
        rows = cursor.fetchall()
    contact_ids = load_contact_ids([row[3] for row in rows if row[3] is not None])
    return {
        event_id: Outcome(
            status=status,
            reason=reason,
            order_id=order_id,
            contact_id=contact_ids.get(order_id, contact_id) if order_id else contact_id,
            warnings=load_json(warnings) if warnings != "[]" else [],
            problems=load_json(problems) if problems != "[]" else [],
        )
        for event_id, status, reason, order_id, contact_id, warnings, problems in rows
    }


def answer_of(sent: Sequence[SentOrder], event_ids: Sequence[int]) -> tuple[int, dict[str, list[Entry]]]:
    """The status and the body of the answer: 202 while some of the orders still wait.

    `event_ids` are those of the orders that were taken, in their order.
    """
    outcomes, ids = load_outcomes(event_ids), iter(event_ids)
    entries = [
        _refused(order) if order.event is None else _taken(order, index, event_id := next(ids), outcomes.get(event_id))
        for index, order in enumerate(sent)
    ]
    status = 202 if len(outcomes) < len(event_ids) else 200
    return status, {"orders": entries, "failedOrders": [entry for entry in entries if "errors" in entry]}


def _refused(order: SentOrder) -> Entry:
    errors = [present_problem(problem) for problem in order.problems]
    return {"externalOrderId": order.external_order_id, "errors": errors}


def _taken(order: SentOrder, index: int, event_id: int, outcome: Outcome | None) -> Entry:
    entry: Entry = {"externalOrderId": order.external_order_id, "eventId": str(event_id)}
    if outcome is None:
        return {**entry, "outcome": Status.WAITING.value}
    entry |= {"orderId": outcome.order_id, "contactId": outcome.contact_id, "outcome": outcome.status}
    if outcome.reason:
        entry["reason"] = outcome.reason
    if outcome.warnings:
        entry["warnings"] = outcome.warnings
    if outcome.status != Status.APPLIED:
        entry["errors"] = [present_problem(problem) for problem in _problems_of(outcome, f"/{ORDERS}/{index}")]
    return entry


def _problems_of(outcome: Outcome, pointer: str) -> Sequence[Problem]:
    """What kept an order that was taken from being applied: an error of our own, if nothing else is known."""
    reason = Reason(outcome.reason)
    told = [Problem(**problem) for problem in outcome.problems]
    return into_body(told or [Problem(pointer="", code=reason, detail=SENTENCES[reason])], pointer)
