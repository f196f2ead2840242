"""The dry run: what would become of an event now, and why. Stores nothing, and goes through the same functions."""

from dataclasses import replace
from typing import Any

from django.utils import timezone

from contacts.creation import TO_BE_CREATED, preview_match
from events.basis import DecisionBasis, basis_to_try
from events.envelope import Envelope
from events.fates import instant, params_of
from events.folding import Decided, ReadEvent, fold
from events.lanes import ClaimedEvent, lane_of
from events.outcomes import cautions_to_json, full_trace, problems_to_json, sentence_of, steps_to_json
from events.processing import seeker_of
from events.schemas import can_have_schema, schema_moment, violations_of
from orders import ledger
from orders.ledger import StoredOrder
from orders.presentation import present_state
from orders.rules import ORDER_EVENT_TYPES


def preview(envelope: Envelope, source_kind: str, source_name: str, api_version: int = 1) -> dict[str, Any]:
    """The API's Event shape without `id`, and with `"order": {"before", "after"}`; an outcome is never `waiting`."""
    basis = basis_to_try()
    event = as_claimed(envelope, source_kind, api_version)
    stored = ledger.load_orders([event.order_key] if event.order_key else [])
    decided = _to_show(_decide(event, envelope, basis, stored))
    after = None if decided.decision.deletes_order else decided.decision.order or decided.before
    status, reason = decided.decision.status, decided.decision.reason
    order = stored.get(event.order_key)
    return {
        "eventTypeKey": event.event_type_key,
        "keyValue": event.key_value,
        "params": params_of(event.body),
        "occurred": instant(event.occurred_at, basis.time_zone),
        "receivedAt": None,
        "source": source_name,
        "outcome": status.value,
        "reason": reason.value if reason else None,
        "message": sentence_of(status, reason or "", decided.decision.note, event.event_type_key in ORDER_EVENT_TYPES),
        "warnings": cautions_to_json(decided.warnings),
        "problems": problems_to_json(decided.decision.problems),
        "trace": full_trace(steps_to_json(decided.read.match.trace), basis, event.event_type_key),
        "contactId": decided.contact_id,
        "orderId": order.id if order else None,
        "externalOrderId": event.order_key or None,
        "attempts": 0,
        "order": {
            "before": present_state(decided.before, basis.time_zone),
            "after": present_state(after, basis.time_zone),
        },
    }


def as_claimed(envelope: Envelope, source_kind: str, api_version: int = 1) -> ClaimedEvent:
    """The event as the workers would claim it, had it been stored at this moment."""
    return ClaimedEvent(
        lane=lane_of(envelope.order_key or envelope.key_value),
        position=0,
        attempt=1,
        event_id=0,
        event_type_key=envelope.event_type_key,
        key_value=envelope.key_value,
        order_key=envelope.order_key,
        api_version=api_version,
        body=envelope.body,
        occurred_at=envelope.occurred_at,
        received_at=timezone.now(),
        source_kind=source_kind,
        schema_at=schema_moment(envelope.event_type_key) if can_have_schema(envelope.event_type_key) else None,
    )


def _decide(event: ClaimedEvent, envelope: Envelope, basis: DecisionBasis, stored: dict[str, StoredOrder]) -> Decided:
    violations = violations_of(event.event_type_key, event.schema_at, envelope.parameters)
    read = ReadEvent(event, envelope, preview_match(seeker_of(event, envelope, basis)), violations=violations)
    [decided] = fold([read], {key: order.state for key, order in stored.items()}, basis)
    return decided


def _to_show(decided: Decided) -> Decided:
    """The same without the number that stands for a contact which is not there yet."""
    match, order = decided.read.match, decided.decision.order
    if match.contact_id != TO_BE_CREATED:
        return decided
    trace = tuple(replace(step, contact_id=None) if step.contact_id == TO_BE_CREATED else step for step in match.trace)
    if order is not None and order.contact_id == TO_BE_CREATED:
        order = replace(order, contact_id=None)
    note = decided.decision.note or CREATES_CONTACT
    return replace(
        decided,
        read=replace(decided.read, match=replace(match, contact_id=None, trace=trace)),
        decision=replace(decided.decision, order=order, note=note),
    )


CREATES_CONTACT = "The order would be changed, and its contact would be created."
