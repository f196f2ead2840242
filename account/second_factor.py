"""A user's second factor: codes of an app (TOTP, RFC 6238) and recovery codes, kept by django-otp.

Who has one signs in with the password and a code. It is set up by a secret that is a factor only once a code of it was
typed; ten recovery codes stand in when the device is lost, each once. Whatever changes is in the audit log, without any
secret. docs/operations.md (People) tells what this means for people.
"""

import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction
from django_otp import verify_token
from django_otp.models import Device
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from account.audit import AuditAction, record_audit

RECOVERY_CODES = 10
# Without 0, 1, l, o and u. Twelve of these are 59 bits: nobody finds one from its digest.
ALPHABET = "23456789abcdefghijkmnpqrstvwxyz"
CODE_LENGTH, GROUP = 12, 4
DIGEST_LENGTH = 16  # of the library's column
APP_CODE = re.compile(r"[0-9]{6}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Factor:
    """A second factor that is on: since when, and how many recovery codes are left."""

    enabled_at: datetime
    codes_left: int


def factor_of(user: User) -> Factor | None:
    """The user's second factor, or None while there is none: two statements at most."""
    device = TOTPDevice.objects.filter(user=user, confirmed=True).first()
    if device is None:
        return None
    return Factor(enabled_at=device.created_at, codes_left=StaticToken.objects.filter(device__user=user).count())


def has_factor(user: User) -> bool:
    return TOTPDevice.objects.filter(user=user, confirmed=True).exists()


def begin_setup(user: User) -> TOTPDevice:
    """The secret that is not a factor yet; the same one until it is: a page loaded again shows what was scanned."""
    device = TOTPDevice.objects.filter(user=user, confirmed=False).first()
    return device or TOTPDevice.objects.create(user=user, name="app", confirmed=False)


def enable_factor(user: User, code: str) -> list[str] | None:
    """Makes the secret of begin_setup() the user's factor; the recovery codes, or None when the code is not its.

    The codes are shown once: what is kept is a digest of each.
    """
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)  # two tabs: one factor
        device = TOTPDevice.objects.filter(user=user, confirmed=False).first()
        if device is None or has_factor(user) or not _verify(user, device, re.sub(r"\s", "", code)):
            return None
        TOTPDevice.objects.filter(pk=device.pk).update(confirmed=True)
        record_audit(_name(user), AuditAction.SECOND_FACTOR_ENABLED, _name(user))
        return _replace_codes(user)


def replace_recovery_codes(user: User) -> list[str]:
    """Ten new recovery codes; the old ones end."""
    with transaction.atomic():
        record_audit(_name(user), AuditAction.RECOVERY_CODES_REPLACED, _name(user))
        return _replace_codes(user)


def verify_code(user: User, code: str) -> bool:
    """Whether this is a code of the user's app or one of the recovery codes, which is then used up.

    A code holds once. After a wrong one the next is refused for a second, then for two, four, … : guessing is slow from
    however many addresses it comes.
    """
    typed = re.sub(r"[\s-]", "", code).lower()
    is_of_app = APP_CODE.fullmatch(typed) is not None
    devices: type[Device] = TOTPDevice if is_of_app else StaticDevice
    device = devices.objects.filter(user=user, confirmed=True).first()
    return device is not None and _verify(user, device, typed if is_of_app else _digest(typed))


def disable_factor(user: User) -> None:
    """Takes the factor away: its owner asked for it, with a code."""
    _remove(user, _name(user), AuditAction.SECOND_FACTOR_DISABLED)


def reset_factor(user: User, actor: str) -> bool:
    """Takes away the factor of somebody who lost the device; False when there is none. `actor`: account/audit.py."""
    return _remove(user, actor, AuditAction.SECOND_FACTOR_RESET)


def _remove(user: User, actor: str, action: AuditAction) -> bool:
    with transaction.atomic():
        had_one = has_factor(user)
        TOTPDevice.objects.filter(user=user).delete()
        StaticDevice.objects.filter(user=user).delete()
        if had_one:
            record_audit(actor, action, _name(user))
    return had_one


def _verify(user: User, device: Device, code: str) -> bool:
    """By the library, under the device's lock: it counts the wrong ones and lets none be used twice."""
    return verify_token(user, device.persistent_id, code) is not None


def _replace_codes(user: User) -> list[str]:
    device, _ = StaticDevice.objects.get_or_create(user=user, name="recovery codes")
    device.token_set.all().delete()
    codes = ["".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH)) for _ in range(RECOVERY_CODES)]
    StaticToken.objects.bulk_create(StaticToken(device=device, token=_digest(code)) for code in codes)
    return ["-".join(code[start : start + GROUP] for start in range(0, CODE_LENGTH, GROUP)) for code in codes]


def _digest(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()[:DIGEST_LENGTH]


def _name(user: User) -> str:
    return f"user {user.get_username()}"
