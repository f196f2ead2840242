"""The sample shop's own words for what it sent: the only thing that shop and expectations share.

An `Act` is written down by the shop beside each message, as a shopkeeper would note it: whom the message names, what it
says of the order, what is wrong with it. demo/expectations.py computes the figures from these notes alone: it never
reads a message, and nothing of Orderloom's own rules is used for it.
"""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum


class Channel(StrEnum):
    """Which of the demo's sources posts a message; the value is the source's kind."""

    ARCHIVE = "import"
    APP = "mobile_sdk"
    WEBSITE = "backend"


class Naming(StrEnum):
    """Whom a message's identifiers name, as far as the shop knows."""

    KNOWN = "a contact that was imported"
    CONFLICTING = "two different contacts that were imported"
    UNKNOWN = "nobody who was imported"
    UNREADABLE = "nobody: the parameter has a name that no matching rule reads"
    NOBODY = "nobody: no identifier is given"


class Flaw(StrEnum):
    """What the shop did wrong on purpose in a message's parameters."""

    NONE = ""
    MISSING = "a required parameter is missing"
    INVALID = "a parameter has a value that cannot be taken"


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One message as the shop notes it. None: the message does not say.

    `order` is "" for a custom event. `placed_on` is the order's day on the shop's wall clock, in the account's zone.
    `adds_up` is said by messages with items: whether they add up to the total. `occurred` is what the envelope carries.
    """

    channel: Channel
    event: str
    order: str = ""
    names: Naming = Naming.NOBODY
    flaw: Flaw = Flaw.NONE
    status: str | None = None
    total: Decimal | None = None
    currency: str | None = None
    placed_on: date | None = None
    adds_up: bool | None = None
    occurred: datetime | None = None
