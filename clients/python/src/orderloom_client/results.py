"""What the API answers, as values. `raw` is the whole answer, for members that have no attribute here."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that is wrong with what was sent; `pointer` (RFC 6901) leads to it, "" is the whole of it."""

    pointer: str
    code: str
    detail: str
    found: str = ""
    expected: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WarningNote:
    """What was taken all the same, but deserves a look."""

    code: str
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventResult:
    """One event of a bulk. `id` is None for one that was refused: `problems`, whose pointers lead into it, say why."""

    index: int
    id: str | None
    problems: tuple[Problem, ...] = ()
    was_sent_before: bool = False  # its own idempotencyKey was known already

    @property
    def is_accepted(self) -> bool:
        return self.id is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderResult:
    """One order of Add orders. `outcome` is None for one that could not be taken: `problems`, whose pointers lead into
    it, say why. It is waiting for one that is stored, and that the workers had not come to when the API answered."""

    index: int
    external_order_id: str | None
    order_id: int | None = None
    contact_id: int | None = None
    event_id: str | None = None
    outcome: str | None = None
    reason: str | None = None
    warnings: tuple[WarningNote, ...] = ()
    problems: tuple[Problem, ...] = ()
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fate:
    """What became of an event: `outcome` is waiting, applied, ignored or failed."""

    id: str
    outcome: str
    reason: str | None
    message: str
    warnings: tuple[WarningNote, ...]
    problems: tuple[Problem, ...]
    contact_id: int | None
    order_id: int | None
    external_order_id: str | None
    raw: Mapping[str, Any] = field(repr=False)

    @property
    def is_decided(self) -> bool:
        return self.outcome != "waiting"


def problems_of(entries: Any, prefix: str = "") -> tuple[Problem, ...]:
    """`prefix` is where the entry stands in the request; the pointers come out without it."""
    if not isinstance(entries, list):
        return ()
    return tuple(
        Problem(
            pointer=str(entry.get("pointer", "")).removeprefix(prefix),
            code=str(entry.get("code", "")),
            detail=str(entry.get("detail", "")),
            found=str(entry.get("found", "")),
            expected=str(entry.get("expected", "")),
        )
        for entry in entries
        if isinstance(entry, dict)
    )


def warnings_of(entries: Any) -> tuple[WarningNote, ...]:
    return tuple(
        WarningNote(code=str(entry.get("code", "")), detail=str(entry.get("detail", "")))
        if isinstance(entry, dict)
        else WarningNote(code=str(entry))
        for entry in entries or ()
    )


def event_result_of(entry: Mapping[str, Any], first_index: int) -> EventResult:
    return EventResult(
        index=first_index + int(entry["index"]),
        id=None if entry.get("id") is None else str(entry["id"]),
        problems=problems_of(entry.get("errors")),
        was_sent_before=bool(entry.get("idempotentReplayed", False)),
    )


def order_result_of(entry: Mapping[str, Any], first_index: int, offset: int) -> OrderResult:
    return OrderResult(
        index=first_index + offset,
        external_order_id=_text(entry.get("externalOrderId")),
        order_id=_number(entry.get("orderId")),
        contact_id=_number(entry.get("contactId")),
        event_id=_text(entry.get("eventId")),
        outcome=entry.get("outcome"),
        reason=entry.get("reason"),
        warnings=warnings_of(entry.get("warnings")),
        problems=problems_of(entry.get("errors"), f"/orders/{offset}"),
        raw=entry,
    )


def fate_of(answer: Mapping[str, Any]) -> Fate:
    return Fate(
        id=str(answer["id"]),
        outcome=answer["outcome"],
        reason=answer.get("reason"),
        message=answer.get("message") or "",
        warnings=warnings_of(answer.get("warnings")),
        problems=problems_of(answer.get("problems")),
        contact_id=_number(answer.get("contactId")),
        order_id=_number(answer.get("orderId")),
        external_order_id=_text(answer.get("externalOrderId")),
        raw=answer,
    )


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def _number(value: Any) -> int | None:
    return None if value is None else int(value)
