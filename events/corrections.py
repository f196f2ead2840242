"""Corrections by staff: an orderUpdated event of the console's own source, which takes the road of every other event.

So the history tells who changed what, a replay of the log builds the same order again, and nothing is ever changed
behind the ledger's back. The envelope's member `postedBy` holds the user's name: it is no parameter, so it never
becomes a field of the order.
"""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models import Case, F, QuerySet, TextField, Value, When
from django.db.models.functions import Cast

from account.audit import AuditAction, record_audit
from account.current import current_account
from contract.json_values import JsonValue, decode, encode
from events.at_once import apply_at_once
from events.envelope import Envelope, parse_envelope
from events.inbox import NewEvent, store_many
from events.models import Event, Source, SourceKind
from events.preview import preview

EVENT_TYPE = "orderUpdated"
POSTED_BY = "postedBy"
SOURCE_NAME = "console"


def envelope_of(external_order_id: str, changes: Mapping[str, JsonValue], user_name: str) -> Envelope:
    """The event that corrects an order; `changes` are parameters of docs/rules.md. Raises EnvelopeError."""
    body = encode(
        {
            "eventTypeKey": EVENT_TYPE,
            "keyValue": external_order_id,
            "params": {"externalOrderId": external_order_id, **changes},
            POSTED_BY: user_name,
        }
    )
    return parse_envelope(body, current_account())


def try_correction(envelope: Envelope) -> dict[str, Any]:
    """What would become of it, in the API's shape of an event: nothing is stored."""
    return preview(envelope, SourceKind.CONSOLE, SOURCE_NAME)


def correct_order(envelope: Envelope, actor: str) -> int:
    """Stores the event with an audit entry, applies it at once, and returns its id.

    It has its outcome, unless its lane is held for seconds; the workers then give it one. Raises StoreUnavailableError.
    """
    event = NewEvent(
        source_id=_console_source_id(),
        event_type_key=envelope.event_type_key,
        key_value=envelope.key_value,
        order_key=envelope.order_key,
        body=envelope.body,
    )
    with transaction.atomic():
        [event_id] = store_many([event], wakes=False)
        names = ", ".join(name for name in envelope.parameters if name != "externalOrderId")
        what = f"externalOrderId={envelope.order_key}, event {event_id}: {names}"
        record_audit(actor, AuditAction.ORDER_CORRECTED, what)
    apply_at_once([event_id])
    return event_id


def _console_source_id() -> int:
    """The console's own source, which is made when it is first needed."""
    found = Source.objects.filter(kind=SourceKind.CONSOLE).order_by("pk").values_list("pk", flat=True).first()
    if found is not None:
        return int(found)
    taken = Source.objects.filter(name=SOURCE_NAME).exists()  # by a source of another kind
    name = f"{SOURCE_NAME} (staff)" if taken else SOURCE_NAME
    source, _ = Source.objects.get_or_create(name=name, defaults={"kind": SourceKind.CONSOLE})
    return int(source.pk)


def with_console_bodies(events: QuerySet[Event]) -> QuerySet[Event]:
    """Events without their bodies, but those of the console as `console_body` (else ""): for posted_by()."""
    body = Case(
        When(source__kind=SourceKind.CONSOLE, then=Cast(F("body"), TextField())),
        default=Value(""),
        output_field=TextField(),
    )
    return events.defer("body").annotate(console_body=body)


def posted_by(event: Event) -> str:
    """The user whose correction it is, "" of every other event. The event comes from with_console_bodies()."""
    body = getattr(event, "console_body", "")
    envelope = decode(body) if body else None
    name = envelope.get(POSTED_BY) if isinstance(envelope, dict) else None
    return name if isinstance(name, str) else ""
