"""The endpoints of events: reads the request, calls one function, writes the answer (docs/api.md, Events)."""

import re
from collections.abc import Mapping
from dataclasses import replace
from itertools import repeat
from typing import Any, ClassVar

from django.http import HttpRequest, HttpResponse

from account.current import current_account
from contract.filters import apply_filters, check_names
from contract.http import ApiRequest, ApiView, json_response, read_body
from contract.idempotency import (
    REPLAYED,
    Claim,
    claim_of,
    fingerprint_of,
    idempotently,
    refuse_under_way,
    reused,
    under_way,
)
from contract.openapi import (
    IDEMPOTENCY_ERRORS,
    IDEMPOTENCY_KEY_HEADER,
    READ_ERRORS,
    WRITE_ERRORS,
    answer_header,
    component,
    describe,
    filter_parameters,
    page_of,
    page_parameters,
    path_parameter,
    query_parameter,
)
from contract.paging import cut_page
from contract.problems import UnavailableError, not_found, present_problem, refuse, refuse_parameter
from contract.reasons import Status
from contract.scopes import Scope
from events import inbox
from events.api_shapes import (
    EVENT_TO_SEND,
    EVENTS_TO_SEND,
    AcceptedShape,
    BulkAnswerShape,
    DryRunShape,
    EventInDetailShape,
    EventShape,
)
from events.bulk import EVENTS, IDEMPOTENCY_KEY, MAX_BULK_BYTES, BulkError, key_of, may_hold_keys, read_bulk
from events.envelope import MAX_EVENT_BYTES, Envelope, EnvelopeError, parse_envelope
from events.fate_details import add_details, load_variables
from events.fates import load_fate, load_fates
from events.filters import SORT_KEYS, EventFilters
from events.guarded_types import NOT_ALLOWED, find_type_fault
from events.idempotency import HeldKey, KeyHeldError, load_answered
from events.inbox import NewEvent, StoreUnavailableError
from events.models import Event
from events.preview import preview
from events.waits import MAX_WAIT_SECONDS, hold_until_decided

AN_EVENT_ID = re.compile(r"[0-9]{1,18}")
A_WAIT = re.compile(r"[0-9]{1,2}(\.[0-9]{1,3})?")
EVENT_ID_PARAMETER = path_parameter("event_id", "The event's id.")
DEFAULT_ORDERING = "-receivedAt"


# Taking events.

ONE_EVENT_DESCRIPTION = (
    "Durable before it is answered; what it means is decided a moment later, and told at `Location`. orderCreated, "
    "orderUpdated, orderDelivered and orderCancelled build orders: the first two take the parameters externalOrderId, "
    "totalCost, status, date, one that names the contact (externalCustomerId, email or phone) and items; the others "
    "need externalOrderId alone. Any other eventTypeKey is an event of your own. v1, v2 and v3 mean the same."
)
BULK_DESCRIPTION = (
    "All well-formed events are stored in one transaction, in the order given; each has its `id` or `errors` in its "
    "place of `results`, and a malformed one holds back none of the others. When all are malformed it is a 400. "
    "`occurred` says when a past event happened: an older one never overrules a newer one of the same order."
)


class OneEventView(ApiView):
    """Takes one event. It is durable before the answer is sent."""

    scopes: ClassVar = {"POST": Scope.EVENTS_WRITE}

    @describe(
        "Send one event",
        ONE_EVENT_DESCRIPTION,
        tag="events",
        body=EVENT_TO_SEND,
        answers={200: component(AcceptedShape)},
        errors=(*WRITE_ERRORS, *IDEMPOTENCY_ERRORS),
        parameters=[IDEMPOTENCY_KEY_HEADER],
        headers=[answer_header("Location", "Where its fate is told.", {"type": "string"})],
    )
    def post(self, request: ApiRequest, api_version: int) -> HttpResponse:
        envelope = _read_envelope(request)
        event = _new_event(envelope, request, api_version, claim_of(request, envelope.body))
        try:
            return _accepted(inbox.store_one(event))
        except StoreUnavailableError as error:
            raise UnavailableError() from error
        except KeyHeldError as error:
            return _accepted_before(event, error)


def _accepted(event_id: int, headers: Mapping[str, str] | None = None) -> HttpResponse:
    location = {"Location": f"/api/v1/events/{event_id}", **(headers or {})}
    return json_response({"id": str(event_id), "status": "accepted"}, headers=location)


def _accepted_before(event: NewEvent, error: KeyHeldError) -> HttpResponse:
    """The answer to the first event of the key once more. Raises ApiError 409 or 422."""
    if error.is_under_way or event.claim is None:
        raise refuse_under_way() from error
    return _accepted(load_answered(event.claim).event_ids[0], REPLAYED)


class BulkView(ApiView):
    """Takes many events: the well-formed ones in one transaction, in the order given."""

    scopes: ClassVar = {"POST": Scope.EVENTS_WRITE}

    @describe(
        "Send up to 1,000 events",
        BULK_DESCRIPTION,
        tag="events",
        body=EVENTS_TO_SEND,
        answers={200: component(BulkAnswerShape)},
        errors=(*WRITE_ERRORS, *IDEMPOTENCY_ERRORS),
        parameters=[IDEMPOTENCY_KEY_HEADER],
    )
    def post(self, request: ApiRequest, api_version: int) -> HttpResponse:
        return take_bulk(request, api_version)


class EventsView(ApiView):
    scopes: ClassVar = {"GET": Scope.READ, "POST": Scope.EVENTS_WRITE}
    console_permission = "events.view_event"

    @describe(
        "List events",
        "Newest first unless `ordering` says otherwise, each with what became of it. Of several filters all must hold.",
        tag="events",
        answers={200: page_of(EventShape)},
        parameters=[*filter_parameters(EventFilters), *page_parameters(SORT_KEYS, DEFAULT_ORDERING)],
        operation_id="listEvents",
    )
    def get(self, request: HttpRequest) -> HttpResponse:
        events = apply_filters(EventFilters, request, Event.objects.only("pk"), current_account().time_zone)
        page = cut_page(request, events, SORT_KEYS, DEFAULT_ORDERING)
        return json_response(page.present(load_fates([event.pk for event in page.rows])))

    @describe(
        "Send up to 1,000 events",
        BULK_DESCRIPTION,
        tag="events",
        body=EVENTS_TO_SEND,
        answers={200: component(BulkAnswerShape)},
        errors=(*WRITE_ERRORS, *IDEMPOTENCY_ERRORS),
        parameters=[IDEMPOTENCY_KEY_HEADER],
        operation_id="sendEvents",
    )
    def post(self, request: ApiRequest) -> HttpResponse:
        return take_bulk(request, api_version=1)


def take_bulk(request: ApiRequest, api_version: int) -> HttpResponse:
    """Stores the well-formed events of the body. Raises ApiError 400 when there is none, and nothing is stored."""
    return idempotently(request, lambda: _take_bulk(request, api_version), MAX_BULK_BYTES)


def _take_bulk(request: ApiRequest, api_version: int) -> HttpResponse:
    body = read_body(request, MAX_BULK_BYTES)
    try:
        readings = [_allowed(reading, request) for reading in read_bulk(body, current_account())]
    except BulkError as error:
        raise refuse(error.problems) from error
    envelopes = [reading for reading in readings if isinstance(reading, Envelope)]
    if not envelopes:
        raise refuse(_problems_of_all(readings))
    claims = [_claim_of_event(envelope, request) for envelope in envelopes] if may_hold_keys(body) else repeat(None)
    events = [_new_event(envelope, request, api_version, claim) for envelope, claim in zip(envelopes, claims)]  # noqa: B905 - repeat() has no end
    stored = iter(_store_bulk(events))
    results = [
        _rejected(index, reading) if isinstance(reading, EnvelopeError) else {"index": index, **next(stored)}
        for index, reading in enumerate(readings)
    ]
    accepted = sum("id" in result for result in results)
    return json_response({"accepted": accepted, "rejected": len(results) - accepted, "results": results})


def _allowed(reading: Envelope | EnvelopeError, request: ApiRequest) -> Envelope | EnvelopeError:
    """The reading, or why this key may not send it."""
    fault = find_type_fault(reading, request.auth.scopes) if isinstance(reading, Envelope) else None
    return reading if fault is None else EnvelopeError([fault])


def _store_bulk(events: list[NewEvent]) -> list[dict[str, Any]]:
    """The members of each event's entry in the answer. Raises ApiError 503."""
    try:
        if all(event.claim is None for event in events):
            return [{"id": str(event_id)} for event_id in inbox.store_many(events)]
        stored = inbox.store_each_once(events)
    except StoreUnavailableError as error:
        raise UnavailableError() from error
    return [_present_stored(event, each) for event, each in zip(events, stored, strict=True)]


def _present_stored(event: NewEvent, stored: int | HeldKey) -> dict[str, Any]:
    """Its id, also where an earlier event of the same key and body has it; else what its key is held by."""
    if isinstance(stored, int):
        return {"id": str(stored)}
    if stored.status is None:
        return {"errors": [present_problem(under_way(KEY_POINTER))]}
    if event.claim is None or stored.fingerprint != event.claim.fingerprint:
        return {"errors": [present_problem(reused(KEY_POINTER))]}
    return {"id": str(stored.event_ids[0]), "idempotentReplayed": True}


KEY_POINTER = f"/{IDEMPOTENCY_KEY}"


def _claim_of_event(envelope: Envelope, request: ApiRequest) -> Claim | None:
    """What an event of a bulk claims: its own key for its own bytes, whichever address takes it."""
    key = key_of(envelope)
    return None if key is None else Claim(request.auth.source_id, key, fingerprint_of("event", envelope.body.encode()))


def _rejected(index: int, error: EnvelopeError) -> dict[str, Any]:
    """What is wrong with the event at this index; the pointers lead into the event itself."""
    return {"index": index, "errors": [present_problem(problem) for problem in error.problems]}


def _problems_of_all(readings: list[Envelope | EnvelopeError]) -> list[Any]:
    """What is wrong with a body all of whose events are malformed; the pointers lead into the body."""
    return [
        replace(problem, pointer=f"{EVENTS}/{index}{problem.pointer}")
        for index, reading in enumerate(readings)
        if isinstance(reading, EnvelopeError)
        for problem in reading.problems
    ]


def _read_envelope(request: ApiRequest) -> Envelope:
    """The one event that the body is. Raises ApiError."""
    body = read_body(request, MAX_EVENT_BYTES)
    try:
        envelope = parse_envelope(body, current_account())
    except EnvelopeError as error:
        raise refuse(error.problems) from error
    if fault := find_type_fault(envelope, request.auth.scopes):
        raise refuse([fault], status=403 if fault.code == NOT_ALLOWED else 400)
    return envelope


def _new_event(envelope: Envelope, request: ApiRequest, api_version: int, claim: Claim | None = None) -> NewEvent:
    return NewEvent(
        source_id=request.auth.source_id,
        event_type_key=envelope.event_type_key,
        key_value=envelope.key_value,
        order_key=envelope.order_key,
        body=envelope.body,
        occurred_at=envelope.occurred_at,
        api_version=api_version,
        claim=claim,
    )


class DryRunView(ApiView):
    """Says what would become of an event, and why. Stores nothing."""

    scopes: ClassVar = {"POST": Scope.EVENTS_WRITE}

    @describe(
        "Try an event without storing it",
        "Says what would become of the event at this moment, by the functions that decide it: outcome, reason, "
        "problems, trace, the order before and after, and the variables of a message. What is no event is refused as "
        "it would be when it is sent.",
        tag="events",
        body=EVENT_TO_SEND,
        answers={200: component(DryRunShape)},
        errors=WRITE_ERRORS,
        operation_id="validateEvent",
    )
    def post(self, request: ApiRequest) -> HttpResponse:
        envelope = _read_envelope(request)
        effect = preview(envelope, request.auth.source_kind, request.auth.source_name)
        return json_response({**effect, "variables": load_variables(effect)})


# What became of them.


class EventView(ApiView):
    scopes: ClassVar = {"GET": Scope.READ}
    console_permission = "events.view_event"

    @describe(
        "Read one event and what became of it",
        "`outcome` is waiting, applied, ignored or failed; `reason`, `message` and `problems` say why, and `trace` "
        "which matching rule looked at which parameter and found whom. `earlierAttempts` are what became of it before "
        "replays, `variables` what a message may use.",
        tag="events",
        answers={200: component(EventInDetailShape)},
        errors=(*READ_ERRORS, 404),
        parameters=[
            EVENT_ID_PARAMETER,
            query_parameter(
                "wait",
                "Holds the answer up to this many seconds, until there is an outcome. When too many requests are held "
                "already it answers at once.",
                {"type": "number", "minimum": 0, "maximum": MAX_WAIT_SECONDS},
            ),
        ],
        operation_id="readEvent",
    )
    def get(self, request: HttpRequest, event_id: str) -> HttpResponse:
        seconds = _read_wait(request)
        fate = load_fate_of(event_id)
        if seconds and fate["outcome"] == Status.WAITING:
            fate = hold_until_decided(int(fate["id"]), seconds) or fate
        return json_response(add_details(fate))


def load_fate_of(event_id: str) -> dict[str, Any]:
    """The fate of the event that an address names. Raises ApiError 404."""
    fate = load_fate(int(event_id)) if AN_EVENT_ID.fullmatch(event_id) else None
    if fate is None:
        raise not_found(f"There is no event “{event_id[:40]}”.")
    return fate


def _read_wait(request: HttpRequest) -> float:
    """The seconds to hold the answer. Raises ApiError 400."""
    if problems := check_names(request.GET, ("wait",)):
        raise refuse(problems)
    text = request.GET.get("wait", "0")
    if A_WAIT.fullmatch(text) and float(text) <= MAX_WAIT_SECONDS:
        return float(text)
    raise refuse_parameter("wait", text, f"a number of seconds from 0 to {MAX_WAIT_SECONDS}")
