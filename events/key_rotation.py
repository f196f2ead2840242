"""Puts a new key in the place of one that is in use, so that a source changes it without a request being refused."""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from account.audit import AuditAction, record_audit
from events.keys import forget_keys, issue_key, revoke_key
from events.models import ApiKey

LONGEST_OVERLAP = timedelta(days=30)


def rotate_key(key: ApiKey, overlap: timedelta, actor: str) -> str:
    """A new key with the source, scopes and limit of this one, which ends after `overlap`; it cannot be read again.

    Where the old key had an expiry, the new one lives as long as that one was to. Without an overlap the old key is
    revoked. The key has to be in use: one that has ended is left alone by the caller.
    """
    if not timedelta() <= overlap <= LONGEST_OVERLAP:
        raise ValueError(f"an overlap of {overlap}")
    now = timezone.now()
    expires_at = None if key.expires_at is None else now + (key.expires_at - key.created_at)
    with transaction.atomic():
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
