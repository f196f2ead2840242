"""Outcomes: how they are written, and how a person or a client reads them (docs/rules.md, section 5; docs/api.md).

Stored are codes, values and the matching steps whose parameter was present. Sentences, and the steps of rules whose
parameter was absent, are added when an outcome is read, from the one map of sentences and from the outcome's basis.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import connection

from contacts.matching import Step
from contract.postgres import copy_rows, json_text
from contract.reasons import SENTENCES, Caution, Problem, Reason, Status
from events.basis import DecisionBasis
from events.folding import Decided
from events.lanes import ClaimedEvent

OUTCOME_COLUMNS = (
    "event_id",
    "status",
    "reason",
    "note",
    "contact_id",
    "order_id",
    "basis_id",
    "warnings",
    "problems",
    "trace",
    "traceback",
    "attempt",
    "decided_at",
)


def store_outcomes(
    decided: Sequence[Decided], order_ids: Mapping[int, int | None], basis: DecisionBasis, at: datetime
) -> None:
    """Writes what became of each event, in the order given: one COPY; the database numbers them in that order.

    `order_ids` are by event id.
    """
    copy_rows("events_outcome", OUTCOME_COLUMNS, (_outcome_row(one, order_ids, basis, at) for one in decided))


def _outcome_row(
    one: Decided, order_ids: Mapping[int, int | None], basis: DecisionBasis, at: datetime
) -> Sequence[Any]:
    decision = one.decision
    return (
        one.read.event.event_id,
        decision.status.value,
        decision.reason.value if decision.reason else "",
        decision.note,
        one.contact_id,
        order_ids.get(one.read.event.event_id),
        basis.id,
        json_text(cautions_to_json(one.warnings)) if one.warnings else "[]",
        json_text(problems_to_json(decision.problems)) if decision.problems else "[]",
        json_text(steps_to_json(one.read.match.trace)) if one.read.match.trace else "[]",
        "",
        one.read.event.attempt,
        at,
    )


FORGET_ORDERS = """
    UPDATE events_outcome SET order_id = NULL WHERE order_id = ANY(%(ids)s)   -- index: outcome_by_order
"""


def forget_orders(order_ids: Collection[int]) -> None:
    """Lets the outcomes of orders that are about to be deleted name none. Their events know the order's external id."""
    with connection.cursor() as cursor:
        cursor.execute(FORGET_ORDERS, {"ids": list(order_ids)})


def store_failure(event: ClaimedEvent, traceback: str, basis: DecisionBasis, at: datetime) -> None:
    """Sets an event aside that could not be processed: `failed`, with the traceback for the operator."""
    row = (event.event_id, Status.FAILED.value, Reason.INTERNAL_ERROR.value, "", None, None, basis.id)
    copy_rows("events_outcome", OUTCOME_COLUMNS, [(*row, "[]", "[]", "[]", traceback, event.attempt, at)])


def cautions_to_json(cautions: Iterable[Caution]) -> list[dict[str, str]]:
    return [
        {"code": caution.code.value, "detail": caution.detail}
        | ({"pointer": caution.pointer} if caution.pointer else {})
        for caution in cautions
    ]


def problems_to_json(problems: Iterable[Problem]) -> list[dict[str, str]]:
    return [
        {
            "pointer": problem.pointer,
            "code": str(problem.code),
            "detail": problem.detail,
            "found": problem.found,
            "expected": problem.expected,
        }
        for problem in problems
    ]


def steps_to_json(steps: Iterable[Step]) -> list[dict[str, Any]]:
    return [
        {
            "parameter": step.parameter,
            "kind": step.kind,
            "value": step.value,
            "contactId": step.contact_id,
            "decided": step.decided,
        }
        for step in steps
    ]


def sentence_of(status: str, reason: str, note: str, is_order: bool) -> str:
    """The one sentence that tells a person what became of an event."""
    if status == Status.WAITING:
        return "It is accepted and waits to be processed."
    if status == Status.APPLIED:
        return note or ("It was applied to the order." if is_order else "The event is kept with its contact.")
    return SENTENCES[Reason(reason)]


def full_trace(trace: Sequence[Mapping[str, Any]], basis: DecisionBasis, event_type_key: str) -> list[dict[str, Any]]:
    """Every rule that was looked at, in order: the stored steps, and those whose parameter was absent.

    Rules behind the one that decided are only looked at for a conflict, so of those only present ones are listed.
    """
    own = basis.rules.by_event_type.get(event_type_key)
    rules = [*([own] if own else []), *basis.rules.general]
    steps = [dict(step) for step in trace]
    result: list[dict[str, Any]] = []
    for rule in rules:
        if any(step["decided"] for step in result):
            break
        if steps and (steps[0]["parameter"], steps[0]["kind"]) == (rule.parameter, rule.kind):
            result.append(steps.pop(0))
        else:
            absent = {"parameter": rule.parameter, "kind": rule.kind, "value": None, "contactId": None}
            result.append({**absent, "decided": False})
    return result + steps
