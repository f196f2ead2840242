"""Reads which orders DELETE /api/v1/orders is about: one by its id, or those of at most 24 hours (docs/api.md)."""

from datetime import UTC, timedelta

from django.http import QueryDict

from contract.filters import check_names
from contract.json_values import is_storable
from contract.moments import parse_moment
from contract.problems import ParameterProblem, parameter_problem, refuse
from events.order_deletion import Wanted

ORDER_ID, FROM, TO = "externalOrderId", "from", "to"
MAX_ID_LENGTH = 255
MAX_SPAN = timedelta(hours=24)
A_MOMENT = "a date and time of ISO 8601 such as 2026-05-14T10:11:00, which is in UTC when it names no offset"


def read_wanted(query: QueryDict) -> Wanted:
    """Which orders the query names. Raises ApiError 400 with every problem."""
    if problems := check_names(query, (ORDER_ID, FROM, TO)):
        raise refuse(problems)
    order_id, first, last = (query.get(name) for name in (ORDER_ID, FROM, TO))
    if order_id is not None and first is None and last is None:
        return _one(order_id)
    if order_id is None and first is not None and last is not None:
        return _span(first, last)
    detail = f"Name either {ORDER_ID}, or both {FROM} and {TO}."
    raise refuse(
        [
            ParameterProblem(pointer="", code="invalid_parameter", detail=detail, parameter=name)
            for name in _at_fault(query)
        ]
    )


def _at_fault(query: QueryDict) -> list[str]:
    """What stands beside a parameter that excludes it, else what is missing."""
    if ORDER_ID in query:
        return [name for name in (FROM, TO) if name in query]
    return [name for name in (FROM, TO) if name not in query] if query else [ORDER_ID]


def _one(external_order_id: str) -> Wanted:
    if len(external_order_id) > MAX_ID_LENGTH or not is_storable(external_order_id):
        expected = f"an external order id: a text of 1 to {MAX_ID_LENGTH} characters without NUL"
        raise refuse([parameter_problem(ORDER_ID, external_order_id, expected)])
    return Wanted(external_order_id=external_order_id)


def _span(first_text: str, last_text: str) -> Wanted:
    first = parse_moment(first_text, UTC, takes_a_day=False)
    last = parse_moment(last_text, UTC, takes_a_day=False)
    problems = [
        parameter_problem(name, text, A_MOMENT)
        for name, text, moment in ((FROM, first_text, first), (TO, last_text, last))
        if moment is None
    ]
    if first is None or last is None:
        raise refuse(problems)
    if not timedelta(0) <= last - first <= MAX_SPAN:
        raise refuse([parameter_problem(TO, last_text, f"at or after {FROM}, and at most 24 hours after it")])
    return Wanted(first=first, last=last)
