"""The audit log: who had what deleted, erased, restored or replayed, when, and how many (docs/operations.md).

Every room above writes here, in the transaction that does what the entry tells, so there is never the one without the
other. An entry names ids, filters and numbers, and no value of a person: what was erased must not live on in it.
"""

from collections.abc import Mapping
from typing import Any

from django.db import models
from django.http import HttpRequest

from account.models import AuditEntry
from contract.scopes import Caller

MAX_WHAT = 2_000  # characters: a filter's address fits; a list of a thousand ids does not and need not


class AuditAction(models.TextChoices):
    """What can be done. The codes are stable; the words are those of the console."""

    CONTACTS_DELETED = "contacts.deleted", "contacts deleted"
    CONTACTS_RESTORED = "contacts.restored", "contacts restored"
    CONTACTS_ERASED = "contacts.erased", "contacts erased"
    ORDERS_DELETED = "orders.deleted", "orders deleted"
    RATES_CHANGED = "exchange_rates.changed", "exchange rates changed"
    REPORTING_USER_MADE = "reporting_user.made", "reporting user made, or given a new password"
    ORDER_CORRECTED = "order.corrected", "order corrected"
    ORDERS_EXPORTED = "orders.exported", "orders exported"
    VIEW_SHARED = "view.shared", "view of a list shared"
    VIEW_UNSHARED = "view.unshared", "shared view of a list taken away"
    EVENTS_REPLAYED = "events.replayed", "events replayed"
    RULES_CHANGED = "matching_rules.changed", "matching rules changed"
    ACCOUNT_CHANGED = "account.changed", "account settings changed"
    SOURCE_CREATED = "source.created", "source created"
    SOURCE_CHANGED = "source.changed", "source changed"
    KEY_CREATED = "api_key.created", "API key created"
    KEY_ROTATED = "api_key.rotated", "API key rotated"
    KEY_CHANGED = "api_key.changed", "API key changed"
    KEY_REVOKED = "api_key.revoked", "API key revoked"
    EVENT_SCHEMA_CHANGED = "event_schema.changed", "schema of an event type changed"
    WEBHOOK_CREATED = "webhook.created", "webhook created"
    WEBHOOK_CHANGED = "webhook.changed", "webhook changed"
    WEBHOOK_DELETED = "webhook.deleted", "webhook deleted"
    WEBHOOK_SWITCHED_OFF = "webhook.switched_off", "webhook switched off"
    WEBHOOK_SENT_AGAIN = "webhook.sent_again", "messages of a webhook sent again"
    SECOND_FACTOR_ENABLED = "second_factor.enabled", "second factor enabled"
    SECOND_FACTOR_DISABLED = "second_factor.disabled", "second factor disabled"
    SECOND_FACTOR_RESET = "second_factor.reset", "second factor reset"
    RECOVERY_CODES_REPLACED = "recovery_codes.replaced", "recovery codes replaced"
    SEGMENT_CHANGED = "segment.changed", "segment made or changed"
    SEGMENT_DELETED = "segment.deleted", "segment deleted"
    SEGMENT_EXPORTED = "segment.exported", "people of a segment exported"
    RFM_BOUNDARIES_CHANGED = "rfm_boundaries.changed", "boundaries of RFM scores changed"


def record_audit(
    actor: str, action: AuditAction, what: str, count: int = 1, details: Mapping[str, Any] | None = None
) -> int:
    """Writes an entry in the caller's transaction, and returns its id: one statement.

    `actor` comes from actor_of(), or names a command (“manage.py …”). `what` tells by ids and filters what it was done
    to (“contact 42”, “externalOrderId=1001”), and `count` how many that were. `details` is JSON that the room which
    wrote it reads again, to show what was before and to undo it; settings only, no value of a person.
    """
    what = what if len(what) <= MAX_WHAT else what[: MAX_WHAT - 1] + "…"
    entry = AuditEntry.objects.create(actor=actor, action=action.value, what=what, count=count, details=details)
    return int(entry.pk)


def actor_of(request: HttpRequest) -> str:
    """Whose request it is: the key and its source, or the console user."""
    caller = getattr(request, "auth", None)
    if isinstance(caller, Caller):
        return f"key {caller.key_id} of source “{caller.source_name}”"
    return f"user {request.user.get_username()}"
