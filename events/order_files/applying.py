"""Sends a chunk of orders the way of Add orders (docs/rules.md, section 6), or says what would become of it.

In this process and not over HTTP: whoever runs manage.py has the database, and needs neither a key nor a server. The
functions are those of `POST /api/v1/orders`, idempotency key included, so an order of a file and a posted one are one.
"""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec
from django.http import HttpResponse

from account.current import current_account
from contacts.creation import preview_matches
from contract.http import json_response
from contract.idempotency import Claim, Finish, Store, fingerprint_of
from contract.problems import ApiError
from contract.reasons import Problem, Reason, Status
from events.add_orders import ORDERS, SentOrder, events_of, read_orders
from events.add_orders_answer import answer_of
from events.at_once import apply_at_once
from events.basis import DecisionBasis, basis_to_try
from events.folding import ReadEvent, fold
from events.idempotency import keeper, release
from events.inbox import store_many
from events.models import Source
from events.order_files.chunks import Chunk
from events.order_files.trouble import OrderFileError
from events.preview import as_claimed
from events.processing import seeker_of
from orders.history import load_first_changes
from orders.ledger import load_orders
from orders.state import OrderState

CREATED, UPDATED, UNCHANGED, REFUSED, WAITING = "created", "updated", "unchanged", "refused", "waiting"
UNDER_WAY_SECONDS = 70.0  # how long a database server may need to notice that an earlier run has ended
LOOK_SECONDS = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What became of one order, or would: created, updated, unchanged, refused, or waiting for the workers.

    `problems` have their pointers into the order.
    """

    outcome: str
    warnings: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()


# For good.


def apply(chunk: Chunk, source: Source, key: str) -> list[Result]:
    """The result of each order of the chunk that is sent, in order; sent again with the same key, the same.

    Raises OrderFileError, and what the database raises when it is not there.
    """
    if not chunk.sent:
        return []
    sent = read_orders(chunk.body, current_account())
    claim = Claim(source.pk, key, fingerprint_of("import", chunk.body))

    def store() -> list[int]:
        events = events_of(sent, source.pk)
        return store_many(events, wakes=False) if events else []

    def finish(event_ids: list[int]) -> HttpResponse:
        apply_at_once(event_ids)
        return json_response(answer_of(sent, event_ids)[1])

    answer = msgspec.json.decode(_answer_once(claim, store, finish).content)
    return _results_of(answer[ORDERS])


def _answer_once(claim: Claim, store: Store, finish: Finish) -> HttpResponse:
    """The keeper's answer. An earlier run that held this key has ended: we hold its journal."""
    deadline = time.monotonic() + UNDER_WAY_SECONDS
    release(claim)
    while True:
        try:
            return keeper.answer_once_in_two_steps(claim, store, finish)
        except ApiError as error:
            if error.status == 409 and time.monotonic() < deadline:
                time.sleep(LOOK_SECONDS)
                release(claim)
                continue
            raise OrderFileError(f"{error.detail} (key {claim.key}); --restart begins the import again.") from error


def _results_of(entries: Sequence[Mapping[str, Any]]) -> list[Result]:
    first_changes = load_first_changes([int(entry["eventId"]) for entry in entries if "eventId" in entry])
    return [_result_of(entry, index, first_changes) for index, entry in enumerate(entries)]


def _result_of(entry: Mapping[str, Any], index: int, first_changes: Mapping[int, bool]) -> Result:
    warnings = tuple(warning["code"] for warning in entry.get("warnings", ()))
    if errors := entry.get("errors"):
        problems = [Problem(**error) for error in errors]
        return Result(outcome=REFUSED, warnings=warnings, problems=_into_order(problems, index))
    if entry["outcome"] == Status.WAITING:
        return Result(outcome=WAITING)
    is_first = first_changes.get(int(entry["eventId"]))
    return Result(outcome=UNCHANGED if is_first is None else CREATED if is_first else UPDATED, warnings=warnings)


def _into_order(problems: Iterable[Problem], index: int) -> tuple[Problem, ...]:
    prefix = f"/{ORDERS}/{index}"
    return tuple(replace(problem, pointer=problem.pointer.removeprefix(prefix)) for problem in problems)


# To see.


def foresee(
    chunk: Chunk, source_kind: str, seen: dict[str, OrderState], comes_again: Callable[[str], bool]
) -> list[Result]:
    """What would become of each order of the chunk now. Stores nothing; a fixed number of statements.

    `seen` keeps the orders that come again in the file as this import would leave them.
    """
    sent = read_orders(chunk.body, current_account())
    basis = basis_to_try()
    stored = {key: order.state for key, order in load_orders(_ids_of(sent)).items()}
    orders = {**stored, **seen}  # by external order id; what this chunk changes is changed in it
    decided = iter(fold(_read(sent, source_kind, basis), orders, basis))
    results = []
    for index, order in enumerate(sent):
        if order.event is None:
            results.append(Result(outcome=REFUSED, problems=_into_order(order.problems, index)))
            continue
        one = next(decided)
        warnings = tuple(caution.code.value for caution in one.warnings)
        if one.decision.status != Status.APPLIED:
            problems = one.decision.problems or (_unexplained(one.decision.reason),)
            results.append(Result(outcome=REFUSED, warnings=warnings, problems=problems))
            continue
        outcome = CREATED if one.before is None else UPDATED if one.decision.changes else UNCHANGED
        results.append(Result(outcome=outcome, warnings=warnings))
    seen |= {key: state for key, state in orders.items() if key in seen or comes_again(key)}
    return results


def _ids_of(sent: Iterable[SentOrder]) -> set[str]:
    return {order.external_order_id for order in sent if order.event is not None and order.external_order_id}


def _read(sent: Iterable[SentOrder], source_kind: str, basis: DecisionBasis) -> list[ReadEvent]:
    """The events as the workers would read them, with the contacts that they would make."""
    envelopes = [order.event for order in sent if order.event is not None]
    events = [as_claimed(envelope, source_kind) for envelope in envelopes]
    seekers = [seeker_of(event, envelope, basis) for event, envelope in zip(events, envelopes, strict=True)]
    return [ReadEvent(*read) for read in zip(events, envelopes, preview_matches(seekers), strict=True)]


def _unexplained(reason: Reason | None) -> Problem:
    return Problem(pointer="", code=reason or "", detail="It would be ignored.")
