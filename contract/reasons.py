"""The words of every outcome: statuses, reason codes, warnings, and the problems that explain a refusal.

docs/rules.md, section 5. The codes are stable API: a client may branch on them. Sentences for people live beside
their code, in one map, so that the API, the console and the commands say the same thing.
Pure: no Django, no I/O.
"""

from dataclasses import dataclass
from enum import StrEnum


class Status(StrEnum):
    """What became of an event. `WAITING` is never stored: an event without an outcome is waiting."""

    WAITING = "waiting"
    APPLIED = "applied"
    IGNORED = "ignored"
    FAILED = "failed"


class Reason(StrEnum):
    """Why an event was ignored or failed, in the order of precedence of docs/rules.md, section 3."""

    MISSING_PARAMETER = "missing_parameter"
    INVALID_PARAMETER = "invalid_parameter"
    ORDER_EXISTS = "order_exists"
    ORDER_NOT_FOUND = "order_not_found"
    STALE = "stale"
    CONTACT_IDENTIFIER_MISSING = "contact_identifier_missing"
    CONTACT_NOT_FOUND = "contact_not_found"
    INTERNAL_ERROR = "internal_error"


class WarningCode(StrEnum):
    """What was taken all the same, but deserves a look."""

    TOTAL_MISMATCH = "total_mismatch"
    IDENTIFIER_CONFLICT = "identifier_conflict"
    DUPLICATE_PARAMETER = "duplicate_parameter"
    DATE_IN_FUTURE = "date_in_future"
    CONTACT_IDENTIFIER_MISSING = "contact_identifier_missing"
    SCHEMA_VIOLATION = "schema_violation"


# What an order can carry; the rest are of events only.
ORDER_WARNINGS: tuple[WarningCode, ...] = tuple(
    code for code in WarningCode if code is not WarningCode.SCHEMA_VIOLATION
)

PRECEDENCE: tuple[Reason, ...] = tuple(Reason)

# Why an event is ignored for want of a contact: what a new rule, or an imported contact and a replay, would cure.
NAMED_NOBODY: tuple[Reason, ...] = (Reason.CONTACT_NOT_FOUND, Reason.CONTACT_IDENTIFIER_MISSING)

SENTENCES: dict[Reason, str] = {
    Reason.MISSING_PARAMETER: "Required parameters are missing; nothing was changed.",
    Reason.INVALID_PARAMETER: "Some parameters have values that cannot be taken; nothing was changed.",
    Reason.ORDER_EXISTS: "This order exists already; a repeated orderCreated never changes it.",
    Reason.ORDER_NOT_FOUND: "There is no order with this externalOrderId.",
    Reason.STALE: "It occurred before an event that was already applied to this order.",
    Reason.CONTACT_IDENTIFIER_MISSING: "None of the parameters that the matching rules read is in the event.",
    Reason.CONTACT_NOT_FOUND: "The identifiers in the event belong to no contact; import the contact, then replay.",
    Reason.INTERNAL_ERROR: "Orderloom could not process this event because of an error of its own; it can be replayed.",
}

WARNING_SENTENCES: dict[WarningCode, str] = {
    WarningCode.TOTAL_MISMATCH: "The items, shipping, taxes and discount do not add up to totalCost.",
    WarningCode.IDENTIFIER_CONFLICT: "The event's identifiers name more than one contact.",
    WarningCode.DUPLICATE_PARAMETER: "A parameter is given more than once; the last one was taken.",
    WarningCode.DATE_IN_FUTURE: "The order's date is later than the moment the event was received.",
    WarningCode.CONTACT_IDENTIFIER_MISSING: "Nothing in the order names whose it is; it is kept without a contact.",
    WarningCode.SCHEMA_VIOLATION: "A parameter is not as the schema of its event type says; it was taken all the same.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that is wrong with what was sent.

    `pointer` is a JSON pointer (RFC 6901) into the message as it was sent; "" is the whole message. `found` is a
    short text of what stood there ("" when it was absent), `expected` says what would have been taken.
    """

    pointer: str
    code: str
    detail: str
    found: str = ""
    expected: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Caution:
    """One warning of an outcome; `detail` names the values at hand.

    `pointer` is the JSON pointer into the message as it was sent, where the warning is about one place in it.
    """

    code: WarningCode
    detail: str
    pointer: str = ""


def pick_reason(reasons: set[Reason]) -> Reason | None:
    """The reason that stands for an outcome when several hold (docs/rules.md, section 3); None for none."""
    return min(reasons, key=PRECEDENCE.index, default=None)
