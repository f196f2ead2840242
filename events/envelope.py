"""Decides what is an envelope, and reads it: docs/rules.md, section 1.

Pure: no Django, no clock, no I/O. The door and the workers call the same function, so a stored body reads the same
again. What is wrong is found all at once, each fault with its JSON pointer; what the event *means* is decided later.

Nearly every envelope has just the members we know, with the types we expect, and is decoded by one typed call.
Whatever that call does not take (members of others, NUL in a text, real faults) is read again, slowly and exactly.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from itertools import islice
from typing import Annotated, Any, NamedTuple, Protocol

import msgspec

from contract import json_values
from contract.json_values import JsonValue, NotJsonError, Number, UnstorableError, escape_pointer, is_storable
from contract.moments import parse_moment
from contract.parameters import Parameter
from contract.reasons import Caution, Problem, WarningCode
from events.envelope_faults import MAX_NAME_LENGTH, MAX_PARAMETERS, find_faults
from events.key_values import MAX_KEY_LENGTH, derived_key, order_key_of

MAX_EVENT_BYTES = 1_048_576
MAX_PROBLEMS = 100  # reported of one event: a bulk of hostile ones must not be answered with a hundred megabytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """One well-formed event.

    `order_key` is the order's id if this is an order event that carries a usable one, else "". `parameters` are in the
    order of the message, a name given twice in its last place. `occurred_at` is in UTC. `body` is the JSON text as it
    was sent.
    """

    event_type_key: str
    key_value: str
    order_key: str
    parameters: dict[str, Parameter]
    occurred_at: datetime | None
    warnings: tuple[Caution, ...]
    body: str


class HasTimeZone(Protocol):
    """The account's settings, or the basis of a decision: whose zone moments without an offset are read in."""

    @property
    def time_zone(self) -> tzinfo: ...


class EnvelopeError(ValueError):
    """This is no envelope: `problems` says why, each with a pointer into the event (at most MAX_PROBLEMS of them)."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(islice(problems, MAX_PROBLEMS))
        super().__init__("; ".join(f"{problem.pointer}: {problem.detail}" for problem in self.problems))


def parse_envelope(body: bytes | str, account: HasTimeZone) -> Envelope:
    """The envelope that a JSON text holds; a moment without an offset is read in the account's time zone.

    Raises EnvelopeError with all problems, and nothing else whatever the bytes.
    """
    raw = json_values.bytes_of(body)
    plain = _read_plainly(raw)
    envelope = None if plain is None else _envelope_of(plain, raw, account)
    return envelope or _read_exactly(raw, account)


class _Sent(NamedTuple):
    """What an envelope says; whether `key_value` and `occurred` can be used is not decided yet."""

    event_type_key: str
    key_value: str | None
    names: Sequence[str]  # of the parameters as they were sent: duplicates are still there
    parameters: dict[str, Parameter]
    occurred: str | None


def _envelope_of(sent: _Sent, raw: bytes, account: HasTimeZone) -> Envelope | None:
    """The envelope, or None when its moment is wrong or there is no key."""
    occurred_at = None
    if sent.occurred is not None:
        occurred_at = parse_moment(sent.occurred, account.time_zone, takes_a_day=True)
        if occurred_at is None:
            return None
    key_value = sent.key_value or derived_key(sent.event_type_key, sent.parameters)
    if not key_value:
        return None
    has_duplicates = len(sent.names) != len(sent.parameters)
    return Envelope(
        event_type_key=sent.event_type_key,
        key_value=key_value,
        order_key=order_key_of(sent.event_type_key, sent.parameters),
        parameters=_in_order_of_last_places(sent) if has_duplicates else sent.parameters,
        occurred_at=occurred_at,
        warnings=(_duplicates_warning(sent.names),) if has_duplicates else (),
        body=raw.decode(),
    )


def _in_order_of_last_places(sent: _Sent) -> dict[str, Parameter]:
    """A dict keeps a name's first place; but matching takes the last of names that differ in case only."""
    return {name: sent.parameters[name] for name in reversed(dict.fromkeys(reversed(sent.names)))}


def _duplicates_warning(names: Iterable[str]) -> Caution:
    duplicated = ", ".join(f"“{name}”" for name, count in Counter(names).items() if count > 1)
    shown = duplicated if len(duplicated) <= MAX_NAME_LENGTH else duplicated[: MAX_NAME_LENGTH - 1] + "…"
    detail = f"Given more than once, and the last one was taken: {shown}."
    return Caution(code=WarningCode.DUPLICATE_PARAMETER, detail=detail)


# The plain way: one typed call.


class _Name:
    """A member's name that equals no other, so that a dict of them keeps every duplicate."""

    __slots__ = ("text",)

    def __init__(self, _type: type, text: str) -> None:
        self.text = text


class _PlainEntry(msgspec.Struct, forbid_unknown_fields=True):
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_NAME_LENGTH)]
    value: Any = None


class _PlainEnvelope(msgspec.Struct, forbid_unknown_fields=True):
    eventTypeKey: Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_NAME_LENGTH)]  # noqa: N815
    keyValue: Annotated[str, msgspec.Meta(max_length=MAX_KEY_LENGTH)] | None = None  # noqa: N815
    params: list[_PlainEntry] | dict[_Name, Any] | None = None
    occurred: str | None = None
    idempotencyKey: str | None = None  # noqa: N815 - for events/bulk.py to read: nothing of what the event means


_plain_decoder = msgspec.json.Decoder(_PlainEnvelope, float_hook=Number, dec_hook=_Name)


def _read_plainly(raw: bytes) -> _Sent | None:
    """What an envelope without anything unusual says, or None."""
    if len(raw) > MAX_EVENT_BYTES or json_values.may_hold_nul(raw):
        return None
    try:
        json_values.check_depth(raw)
        plain = _plain_decoder.decode(raw)
    except (NotJsonError, msgspec.DecodeError, UnicodeDecodeError):
        return None
    sent = plain.params or []
    if isinstance(sent, list):
        names = [entry.name for entry in sent]
        parameters = {entry.name: Parameter(f"/params/{index}/value", entry.value) for index, entry in enumerate(sent)}
    else:
        names = [name.text for name in sent]
        parameters = {name.text: _member(name.text, value) for name, value in sent.items()}
        if not all(0 < len(name) <= MAX_NAME_LENGTH for name in names):
            return None
    if len(names) > MAX_PARAMETERS:
        return None
    return _Sent(plain.eventTypeKey, plain.keyValue, names, parameters, plain.occurred)


def _member(name: str, value: JsonValue) -> Parameter:
    """A parameter of the object form."""
    return Parameter(f"/params/{escape_pointer(name)}", value)


# The exact way: the same from any JSON, and every fault on the way.


def _read_exactly(raw: bytes, account: HasTimeZone) -> Envelope:
    """The envelope of unusual bytes. Raises EnvelopeError."""
    document, problems = _decode(raw)
    params = document.get("params") if isinstance(document, dict) else None
    names = _member_names(raw) if isinstance(params, dict) else [name for name, _ in parameters_of(params)]
    parameters = dict(parameters_of(params))
    problems += find_faults(document, names, parameters, account.time_zone)
    if problems:
        raise EnvelopeError(problems)
    sent = _Sent(document["eventTypeKey"], document.get("keyValue"), names, parameters, document.get("occurred"))
    envelope = _envelope_of(sent, raw, account)
    assert envelope is not None, "what find_faults() lets pass can be used"
    return envelope


def _decode(raw: bytes) -> tuple[Any, list[Problem]]:
    """The document, and what it holds that cannot be stored. Raises EnvelopeError when it is none."""
    if len(raw) > MAX_EVENT_BYTES:
        detail = f"The event has {len(raw):,} bytes; at most {MAX_EVENT_BYTES:,} are taken."
        raise EnvelopeError([Problem(pointer="", code="too_large", detail=detail)])
    try:
        return json_values.decode(raw), []
    except UnstorableError as error:
        return error.value, _problems_of(error)
    except NotJsonError as error:
        raise EnvelopeError(_problems_of(error)) from error


def _problems_of(error: NotJsonError) -> list[Problem]:
    return [Problem(pointer=at.pointer, code=at.code, detail=at.detail) for at in error.refusals]


def parameters_of(params: JsonValue) -> Iterator[tuple[str, Parameter]]:
    """The parameters of either form in the order given, each with its name; what is no parameter is left out."""
    if isinstance(params, dict):
        yield from ((name, _member(name, value)) for name, value in params.items() if is_storable(name))
    elif isinstance(params, list):
        for index, entry in enumerate(params):
            if isinstance(entry, dict) and isinstance(name := entry.get("name"), str):
                yield name, Parameter(f"/params/{index}/value", entry.get("value"))


def _member_names(raw: bytes) -> list[str]:
    """The names of `params` in its object form, duplicates included."""
    members = json.loads(raw, object_pairs_hook=list, parse_int=str, parse_float=str)
    return [name for name, _ in dict(members)["params"]]
