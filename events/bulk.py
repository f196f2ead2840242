"""Decides how a body with many events is read: each event alone, so that a malformed one holds back none of the others.

Only a body that is no list of events is refused as a whole (contract/json_lists.py).
"""

import json
from typing import Any

import msgspec

from account.current import AccountSettings
from contract.idempotency import find_key_fault
from contract.json_lists import ListError as BulkError
from contract.json_lists import read_list
from events.envelope import Envelope, EnvelopeError, parse_envelope

MAX_BULK_BYTES = 8 * 1_048_576
MAX_BULK_EVENTS = 1_000
EVENTS = "/events"
IDEMPOTENCY_KEY = "idempotencyKey"


def read_bulk(raw: bytes, account: AccountSettings) -> list[Envelope | EnvelopeError]:
    """The envelope of each event, or what is wrong with it, in the order given. Raises BulkError."""
    pieces = read_list(raw, EVENTS.removeprefix("/"), MAX_BULK_EVENTS)
    readings = [_read(piece, account) for piece in pieces]
    return [_with_sound_key(reading) for reading in readings] if may_hold_keys(raw) else readings


def _with_sound_key(reading: Envelope | EnvelopeError) -> Envelope | EnvelopeError:
    """The reading, or what is wrong with the event's idempotency key."""
    key = key_of(reading) if isinstance(reading, Envelope) else None
    fault = None if key is None else find_key_fault(key, f"/{IDEMPOTENCY_KEY}")
    return reading if fault is None else EnvelopeError([fault])


def may_hold_keys(raw: bytes) -> bool:
    """Whether an event of the body may bring an idempotency key along; a member's name may be spelled with escapes."""
    return IDEMPOTENCY_KEY.encode() in raw or b"\\u" in raw


class _Keyed(msgspec.Struct):
    idempotencyKey: Any = None  # noqa: N815


_key_decoder = msgspec.json.Decoder(_Keyed)


def key_of(envelope: Envelope) -> Any:
    """The idempotency key that the event brings along, None for none; the events of read_bulk() have a sound one."""
    try:
        return _key_decoder.decode(envelope.body).idempotencyKey
    except msgspec.DecodeError:
        return json.loads(envelope.body, parse_int=str, parse_float=str).get(IDEMPOTENCY_KEY)


def _read(piece: bytes, account: AccountSettings) -> Envelope | EnvelopeError:
    try:
        return parse_envelope(piece, account)
    except EnvelopeError as error:
        return error


__all__ = ["EVENTS", "IDEMPOTENCY_KEY", "MAX_BULK_BYTES", "BulkError", "key_of", "may_hold_keys", "read_bulk"]
