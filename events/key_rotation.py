"""Puts a new key in the place of one that is in use, so that a source changes it without a request being refused."""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from account.audit import AuditAction, record_audit
from events.keys import forget_keys, issue_key, revoke_key
from events.models import ApiKey

LONGEST_OVERLAP = timedelta(days=30)


def rotate_key(key_id: int, overlap: timedelta, actor: str) -> str | None:
    """A new key with the source, scopes and limit of this one, which ends after `overlap`; it cannot be read again.

    Where the old key had an expiry, the new one lives as long as that one was to. Without an overlap the old key is
    revoked. None for a key that is not in use (any more).
    """
    if not timedelta() <= overlap <= LONGEST_OVERLAP:
        raise ValueError(f"an overlap of {overlap}")
    with transaction.atomic():
        key = _lock_key(key_id)
        now = timezone.now()
        if key is None or (key.expires_at is not None and key.expires_at <= now):
            return None
        expires_at = None if key.expires_at is None else now + (key.expires_at - key.created_at)
        new = issue_key(key.source, key.scopes, expires_at, key.requests_per_minute)
        if overlap:
            ends_at = now + overlap
            ApiKey.objects.filter(pk=key.pk).update(
                expires_at=ends_at if key.expires_at is None else min(ends_at, key.expires_at)
            )
        else:
            revoke_key(key.pk)
        ends = "at once" if not overlap else f"after {overlap}"
        record_audit(actor, AuditAction.KEY_ROTATED, f"key {key.pk} of source {key.source_id}, which ends {ends}")
    forget_keys()
    return new


def _lock_key(key_id: int) -> ApiKey | None:
    """The key as it is now, until the transaction ends; None for one that is revoked."""
    live = ApiKey.objects.select_related("source").filter(pk=key_id, revoked_at=None)
    return live.select_for_update(of=["self"]).first()
