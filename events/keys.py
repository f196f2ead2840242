"""Decides whose key a request carries: docs/architecture.md, decision 10.

A key is `olk_<prefix>_<secret>`: the prefix finds its row, the secret is 256 random bits, and only the SHA-256 of the
whole is stored, so a key is shown once. Rows are held for CACHE_SECONDS, absent ones too, so neither a busy shop nor a
client with a wrong key asks the database for each request; a revoked key stops within that time.

Whoever sends ever new wrong keys is not looked up one by one: after LOOKUPS_PER_SECOND the prefixes of all live keys
are read, once a second, and what is not among them is refused without asking. (A checksum in the key was not taken: who
can read this can compute it, and keys that are merely mistyped are no load.)
"""

import base64
import binascii
import hashlib
import hmac
import math
import re
import secrets
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db.models.functions import Now
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed

from account.audit import AuditAction, record_audit
from contract.scopes import Caller
from events.key_use import note_use
from events.models import ApiKey, Source, backend_scopes

CACHE_SECONDS = 1.0  # how long a key that was revoked in another process is still taken
CACHE_SIZE = 4096  # prefixes; the oldest is dropped. Some 2 MB when full of keys
LOOKUPS_PER_SECOND = 20  # of prefixes that are not held; a key that was just made is among them, and taken at once
PREFIX_BYTES = 6  # 12 hex digits
KEY = re.compile(r"olk_(?P<prefix>[0-9a-f]{12})_[A-Za-z0-9_-]{43}")
NOBODY = AnonymousUser()
CHALLENGE = 'Basic realm="Orderloom", charset="UTF-8", Bearer realm="Orderloom"'


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldKey:
    """A key's row as it was at `loaded_at` (monotonic seconds); `caller` is None when there is none to be taken."""

    loaded_at: float
    digest: str = ""
    expires_at: datetime | None = None
    caller: Caller | None = None


NEVER = -math.inf
NO_KEY = HeldKey(loaded_at=NEVER)

_held: dict[str, HeldKey] = {}
_held_lock = threading.Lock()  # for writing: the oldest is found by iterating, which another thread's write would break


def issue_key(
    source: Source,
    scopes: Sequence[str] | None = None,
    expires_at: datetime | None = None,
    requests_per_minute: int | None = None,
) -> str:
    """A new key of the source, with a backend's scopes unless others are named. It cannot be read again.

    The source's other keys stay as they are: that is how one key is put in the place of another.
    """
    prefix = secrets.token_hex(PREFIX_BYTES)
    key = f"olk_{prefix}_{secrets.token_urlsafe(32)}"
    ApiKey.objects.create(
        source=source,
        prefix=prefix,
        digest=_digest(key),
        scopes=backend_scopes() if scopes is None else list(scopes),
        expires_at=expires_at,
        requests_per_minute=requests_per_minute,
    )
    forget_keys()
    return key


def note_issued(key: str, actor: str) -> ApiKey:
    """The row of a key that was just issued, after an entry in the audit log, which names the key by its id only."""
    _, prefix, _ = key.split("_", 2)
    row = ApiKey.objects.get(prefix=prefix)
    what = f"key {row.pk} of source {row.source_id}: {', '.join(row.scopes)}"
    record_audit(actor, AuditAction.KEY_CREATED, what)
    return row


def revoke_key(key_id: int) -> bool:
    """Ends the key for good: in this process at once, in others within CACHE_SECONDS. False when it had ended."""
    is_revoked = ApiKey.objects.filter(pk=key_id, revoked_at=None).update(revoked_at=Now()) == 1
    forget_keys()
    return is_revoked


def authenticate(key: str) -> Caller | None:
    """Whose key it is; None when it is unknown, wrong, expired or revoked."""
    form = KEY.fullmatch(key)
    if form is None:
        return None
    held = _held_key(form["prefix"])
    if held.caller is None or not hmac.compare_digest(held.digest, _digest(key)):
        return None
    if held.expires_at is not None and held.expires_at <= datetime.now(UTC):
        return None
    note_use(held.caller.key_id)
    return held.caller


def forget_keys() -> None:
    """Makes this process read every key again: after one was changed here, and in tests."""
    with _held_lock:
        _held.clear()
    _lookups.forget()


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


def _held_key(prefix: str) -> HeldKey:
    held = _held.get(prefix)
    now = time.monotonic()
    if held is not None and now - held.loaded_at <= CACHE_SECONDS:
        return held
    is_known = held is not None and held.caller is not None
    if not is_known and not _lookups.is_worth_it(prefix, now):
        return NO_KEY
    held = _load_key(prefix, now)
    _hold(prefix, held)
    return held


def _hold(prefix: str, held: HeldKey) -> None:
    with _held_lock:
        _held.pop(prefix, None)  # what is read again counts as new
        _held[prefix] = held
        if len(_held) > CACHE_SIZE:
            del _held[next(iter(_held))]


def _load_key(prefix: str, now: float) -> HeldKey:
    row = ApiKey.objects.select_related("source").filter(prefix=prefix, revoked_at=None).first()
    if row is None:
        return HeldKey(loaded_at=now)
    caller = Caller(
        key_id=row.pk,
        source_id=row.source_id,
        source_name=row.source.name,
        source_kind=row.source.kind,
        scopes=frozenset(row.scopes),
        requests_per_minute=row.requests_per_minute,
    )
    return HeldKey(loaded_at=now, digest=row.digest, expires_at=row.expires_at, caller=caller)


class _Lookups:
    """Decides whether a prefix that is not held is looked up, so that wrong keys cost a fixed number of statements.

    Threads that come at the same moment may each read the prefixes once; nothing else depends on its being exact.
    """

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        self._second = NEVER  # monotonic, when the budget of look-ups was filled
        self._left = 0
        self._live: frozenset[str] = frozenset()
        self._live_at = NEVER

    def is_worth_it(self, prefix: str, now: float) -> bool:
        if now - self._second > CACHE_SECONDS:
            self._second, self._left = now, LOOKUPS_PER_SECOND
        if self._left > 0:
            self._left -= 1
            return True
        if now - self._live_at > CACHE_SECONDS:
            self._live, self._live_at = live_prefixes(), now
        return prefix in self._live


def live_prefixes() -> frozenset[str]:
    """Of every key that is not revoked."""
    return frozenset(ApiKey.objects.filter(revoked_at=None).values_list("prefix", flat=True))


_lookups = _Lookups()


class ApiKeyAuthentication(BaseAuthentication):
    """HTTP Basic with any user name and the key as the password, or Bearer. Other schemes are a 401."""

    def authenticate(self, request: Any) -> tuple[AnonymousUser, Caller] | None:
        header: str = request.META.get("HTTP_AUTHORIZATION", "")
        if not header:
            return None
        caller = authenticate(key_in(header))
        if caller is None:
            raise AuthenticationFailed("This API key is not known, or it has expired or been revoked.")
        return NOBODY, caller

    def authenticate_header(self, request: Any) -> str:
        return CHALLENGE


def key_in(header: str) -> str:
    """The key that an Authorization header carries. Raises AuthenticationFailed for one that carries none."""
    scheme, _, credentials = header.strip().partition(" ")
    match scheme.lower():
        case "bearer":
            return credentials.strip()
        case "basic":
            return _password(credentials.strip())
    raise AuthenticationFailed("Authorization must be Basic, with the API key as the password, or Bearer.")


def _password(credentials: str) -> str:
    try:
        text = base64.b64decode(credentials, validate=True).decode("utf-8")
    except (binascii.Error, ValueError) as error:
        raise AuthenticationFailed("The Basic credentials are not base64 of user:key in UTF-8.") from error
    _user, colon, password = text.partition(":")
    if not colon:
        raise AuthenticationFailed("The Basic credentials have no colon between user name and key.")
    return password
