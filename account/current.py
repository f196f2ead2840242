"""The account's settings as an immutable value, read at most once a second in each process."""

import time
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from account.models import Account

MAX_AGE_SECONDS = 1.0  # how long a changed setting may go unseen by a running process


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountSettings:
    """What the rules need to know of the account; the pure code gets it as an argument."""

    name: str
    time_zone: ZoneInfo
    default_currency: str
    phone_region: str
    mobile_sdk_revenue: bool
    creates_missing_contacts: bool


_cached: tuple[float, AccountSettings] | None = None


def load_account() -> AccountSettings:
    """The settings as they stand in the database now: one query."""
    row = Account.objects.get(pk=1)
    return AccountSettings(
        name=row.name,
        time_zone=ZoneInfo(row.time_zone),
        default_currency=row.default_currency,
        phone_region=row.phone_region,
        mobile_sdk_revenue=row.mobile_sdk_revenue,
        creates_missing_contacts=row.creates_missing_contacts,
    )


def current_account() -> AccountSettings:
    """The settings, at most MAX_AGE_SECONDS old: for the hot paths, which must not query for each event."""
    global _cached
    now = time.monotonic()
    if _cached is None or now - _cached[0] > MAX_AGE_SECONDS:
        _cached = (now, load_account())
    return _cached[1]


def forget_account() -> None:
    """Makes the next current_account() read the database (tests, and after a change in this process)."""
    global _cached
    _cached = None
