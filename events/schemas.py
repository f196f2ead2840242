"""The schemas of custom event types: which events are held against one, and what is warned of.

Who claims events reads with each when its type's schema was last changed, so types without a schema cost nothing, and a
new schema holds from the next batch on, in every process. Its text is read once for each change and process.
"""

import threading
from datetime import datetime

import structlog
from django.db import transaction
from django.utils import timezone

from account.audit import AuditAction, record_audit
from contract.parameters import Parameters
from contract.reasons import Caution
from events.models import EventType, ParameterSchema
from events.schema_check import Checker, SchemaError, read_schema
from orders.rules import ORDER_EVENT_TYPES

log = structlog.get_logger(__name__)

MAX_CACHED = 1_000

_checkers: dict[tuple[str, datetime], Checker | None] = {}  # by the type's key and the moment of the change
_lock = threading.Lock()


def can_have_schema(event_type_key: str) -> bool:
    """Whether staff decide what its parameters are like: those of an order's events are ours (docs/rules.md, 3)."""
    return event_type_key not in ORDER_EVENT_TYPES


def violations_of(event_type_key: str, schema_at: datetime | None, parameters: Parameters) -> tuple[Caution, ...]:
    """The warnings `schema_violation` of an event; none without a schema. One query for each change of a schema.

    Never raises for what is in an event or a schema: an event is taken whatever the schema says.
    """
    if schema_at is None or not can_have_schema(event_type_key):
        return ()
    checker = _checker_of(event_type_key, schema_at)
    if checker is None:
        return ()
    try:
        return checker.violations(parameters)
    except Exception:  # whatever the library makes of an odd event: it may not keep the event from being taken
        log.exception("schema.check_failed", event_type=event_type_key)
        return ()


def _checker_of(event_type_key: str, schema_at: datetime) -> Checker | None:
    key = (event_type_key, schema_at)
    if key not in _checkers:
        text = _load_text(event_type_key)
        with _lock:
            if len(_checkers) >= MAX_CACHED:
                _checkers.clear()
            _checkers[key] = _read(event_type_key, text) if text is not None else None
    return _checkers[key]


def _load_text(event_type_key: str) -> str | None:
    schemas = ParameterSchema.objects.filter(event_type__key=event_type_key)
    return schemas.values_list("text", flat=True).first()


def _read(event_type_key: str, text: str) -> Checker | None:
    """The stored schema; None for one that this version of the library does not take any more, which is logged."""
    try:
        return read_schema(text)
    except SchemaError as error:
        log.error("schema.unreadable", event_type=event_type_key, error=str(error))
        return None


def schema_moment(event_type_key: str) -> datetime | None:
    """When the schema of a type was changed; None when it has none. One query, for dry runs."""
    schemas = ParameterSchema.objects.filter(event_type__key=event_type_key)
    return schemas.values_list("changed_at", flat=True).first()


def save_schema(event_type: EventType, text: str, actor: str) -> None:
    """Stores the schema of a type, or removes it when the text is empty; the audit log keeps what was before.

    Raises SchemaError.
    """
    text = text.strip()
    if text:
        read_schema(text)
    with transaction.atomic():
        before = ParameterSchema.objects.select_for_update().filter(event_type=event_type).first()
        if (before.text if before else "") == text:
            return
        if text:
            values = {"text": text, "changed_at": timezone.now(), "changed_by": actor}
            ParameterSchema.objects.update_or_create(event_type=event_type, defaults=values)
        elif before is not None:
            before.delete()
        details = {"before": before.text if before else "", "after": text}
        record_audit(actor, AuditAction.EVENT_SCHEMA_CHANGED, f"event type {event_type.key}", details=details)


def forget_schemas() -> None:
    """Empties the cache (tests that empty the tables)."""
    _checkers.clear()
