"""JSON as it was written: numbers keep their digits, and what PostgreSQL cannot hold is found with its pointer.

Decoded values are None, bool, int, str, list, dict, and `Number` for every literal with a point or an exponent:
nothing passes through a binary float (docs/rules.md, section 3). Pure: no Django, no I/O.

Bytes from outside must come through here, or through `check_depth` first: a C decoder recurses once for each level,
and a few kilobytes of brackets overrun the stack of a web server's thread, which ends the process.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Any

import msgspec

MAX_DEPTH = 64
MAX_INTEGER_DIGITS = 4_300  # what Python and msgspec turn into an int; longer integers are refused
_SAFE_DEPTH = 200  # decoded on any thread's stack: 1,000 levels were seen to overrun 256 kB, and to fit into 512 kB
BOM = b"\xef\xbb\xbf"


class Number:
    """A JSON number with a point or an exponent, as the text it was sent as."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return f"Number({self.text!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Number) and other.text == self.text

    def __hash__(self) -> int:
        return hash(self.text)


type JsonValue = bool | int | str | Number | list[JsonValue] | dict[str, JsonValue] | None


@dataclass(frozen=True, slots=True)
class Refusal:
    """What keeps a document from being taken, at `pointer`. A bad member name is pointed at by its object."""

    pointer: str
    code: str
    detail: str


_TOO_DEEP = Refusal("", "too_deep", f"At most {MAX_DEPTH} levels of nesting are taken.")


class NotJsonError(ValueError):
    """The bytes are not one JSON document in UTF-8 that we take. `refusals` is never empty, and tells all of it."""

    def __init__(self, *refusals: Refusal) -> None:
        super().__init__(refusals[0].detail)
        self.refusals = refusals

    @property
    def detail(self) -> str:
        return self.refusals[0].detail

    @property
    def pointer(self) -> str:
        return self.refusals[0].pointer

    @property
    def code(self) -> str:
        return self.refusals[0].code


class UnstorableError(NotJsonError):
    """The document is JSON, but holds values that cannot be kept: `refusals` lists every one, in their order.

    `value` is the document all the same (integers that are too long as Number), for those who look for more faults.
    """

    def __init__(self, refusals: tuple[Refusal, ...], value: JsonValue) -> None:
        super().__init__(*refusals)
        self.value = value


_decoder = msgspec.json.Decoder(float_hook=Number)


def decode(data: bytes | str) -> JsonValue:
    """The value of one JSON document; a byte order mark before it is passed over.

    Raises NotJsonError; UnstorableError, with every pointer, for NUL and lone surrogates (names included) and for
    integers of more than MAX_INTEGER_DIGITS.
    """
    raw = bytes_of(data)
    check_depth(raw)
    try:
        value: JsonValue = _decoder.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _explain(raw, error) from error
    if may_hold_nul(raw) and (refusals := tuple(_refusals(value, ""))):
        raise UnstorableError(refusals, value)
    return value


def bytes_of(data: bytes | str) -> bytes:
    """The bytes of a document without a byte order mark."""
    raw = data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data
    return raw.removeprefix(BOM)


def may_hold_nul(raw: bytes) -> bool:
    """False when no text in a decoded document can hold NUL. (Lone surrogates do not decode in the first place.)"""
    return b"\\u0000" in raw


_NOT_A_BRACKET = bytes(byte for byte in range(256) if byte not in b"[]{}")
_STEP = {ord("["): 1, ord("{"): 1, ord("]"): -1, ord("}"): -1}


def check_depth(raw: bytes) -> None:
    """Raises NotJsonError (`too_deep`) for more than MAX_DEPTH levels, without decoding what could overrun the stack.

    Every level takes one bracket, so most documents are known to be shallow by counting.
    """
    if raw.count(b"[") + raw.count(b"{") <= MAX_DEPTH or (depth := _depth(raw)) <= MAX_DEPTH:
        return
    try:
        pointer = find_too_deep(_decoder.decode(raw)) if depth <= _SAFE_DEPTH else None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _explain(raw, error) from error
    raise NotJsonError(replace(_TOO_DEEP, pointer=pointer or ""))


def _depth(raw: bytes) -> int:
    """How deep the brackets outside of strings go, up to where the bytes stop being JSON."""
    without_escapes = raw.replace(b"\\\\", b"").replace(b'\\"', b"")
    outside_strings = b"".join(without_escapes.split(b'"')[::2])
    brackets = outside_strings.translate(None, delete=_NOT_A_BRACKET)
    return max(accumulate(map(_STEP.__getitem__, brackets)), default=0)


def _explain(raw: bytes, error: Exception) -> NotJsonError:
    """What is wrong with bytes that did not decode, as exactly as the standard library can tell."""
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as bad:
        return NotJsonError(Refusal("", "not_utf8", f"The bytes are not UTF-8 (byte {bad.start})."))
    try:
        value = _load_leniently(text)
    except ValueError:
        return NotJsonError(Refusal("", "not_json", f"This is not JSON: {_reason(error)}."))
    if refusals := tuple(_refusals(value, "")):
        return UnstorableError(refusals, value)
    return NotJsonError(Refusal("", "not_json", f"This is not JSON that can be taken: {_reason(error)}."))


def _reason(error: Exception) -> str:
    return str(error).removeprefix("JSON is malformed: ").removeprefix("Input data was ")


def decode_leniently(raw: bytes) -> JsonValue:
    """The value of a document whose lone surrogates and long integers (as Number) are to be judged elsewhere.

    Also deeper than MAX_DEPTH, as far as that is safe. Raises NotJsonError.
    """
    if raw.count(b"[") + raw.count(b"{") > _SAFE_DEPTH and _depth(raw) > _SAFE_DEPTH:
        raise NotJsonError(_TOO_DEEP)
    try:
        return _load_leniently(raw.decode("utf-8"))
    except ValueError as error:
        raise _explain(raw, error) from error


def _load_leniently(text: str) -> JsonValue:
    value: JsonValue = json.loads(text, parse_int=_integer, parse_float=Number, parse_constant=_no_constant)
    return value


def _integer(digits: str) -> int | Number:
    return int(digits) if len(digits.lstrip("-")) <= MAX_INTEGER_DIGITS else Number(digits)


def _no_constant(name: str) -> JsonValue:
    raise ValueError(f"{name} is not JSON")


def escape_pointer(name: str) -> str:
    """One reference token of a JSON pointer (RFC 6901, section 3)."""
    return name.replace("~", "~0").replace("/", "~1")


def _children(value: JsonValue) -> Iterator[tuple[str, JsonValue]]:
    if isinstance(value, dict):
        for name, member in value.items():
            yield escape_pointer(name), member
    elif isinstance(value, list):
        for index, member in enumerate(value):
            yield str(index), member


def is_storable(text: str) -> bool:
    """Whether PostgreSQL can hold the text: no NUL and no lone surrogate."""
    return "\0" not in text and not any("\ud800" <= char <= "\udfff" for char in text)


_INTEGER = re.compile(r"-?[0-9]+")


def _refusals(value: JsonValue, pointer: str) -> Iterator[Refusal]:
    """What cannot be kept, in document order. What stands under a bad name has no pointer that could be written."""
    if isinstance(value, str):
        if not is_storable(value):
            yield _bad_text(pointer, "Text")
    elif isinstance(value, Number):
        if _INTEGER.fullmatch(value.text):
            detail = f"Integers may have at most {MAX_INTEGER_DIGITS:,} digits."
            yield Refusal(pointer, "number_too_long", detail)
    elif isinstance(value, dict) and not all(map(is_storable, value)):
        yield _bad_text(pointer, "A member's name")
        yield from _refusals({name: member for name, member in value.items() if is_storable(name)}, pointer)
    else:
        for token, member in _children(value):
            yield from _refusals(member, f"{pointer}/{token}")


def _bad_text(pointer: str, what: str) -> Refusal:
    return Refusal(pointer, "invalid_text", f"{what} may not hold the NUL character or a lone surrogate.")


def find_too_deep(value: JsonValue, limit: int = MAX_DEPTH) -> str | None:
    """The pointer of the first array or object below `limit` levels, or None."""
    if not isinstance(value, (dict, list)):
        return None
    if limit == 0:
        return ""
    for token, member in _children(value):
        if (below := find_too_deep(member, limit - 1)) is not None:
            return f"/{token}{below}"
    return None


def _raw_number(value: object) -> msgspec.Raw:
    if isinstance(value, Number):
        return msgspec.Raw(value.text.encode())
    raise TypeError(f"{type(value).__name__} is not a JSON value")


_encoder = msgspec.json.Encoder(enc_hook=_raw_number, decimal_format="number")
_QUOTED_DIGITS = re.compile(rb'"-?[0-9]{19}')
_ALL_ZEROS, _SO_MANY_DIGITS = bytes.maketrans(b"123456789", b"000000000"), b"0" * 19


def encode(value: Any) -> str:
    """The compact JSON text of a decoded value, numbers with the digits they were sent with. Decimals are numbers."""
    data = _encoder.encode(value)
    # msgspec writes an integer beyond 64 bits as a string. That an answer of megabytes has no such digits is found out
    # faster than what stands behind each of its quotes.
    if _SO_MANY_DIGITS in data.translate(_ALL_ZEROS) and _QUOTED_DIGITS.search(data):
        data = _encoder.encode(_with_long_integers_spelled(value))
    return data.decode()


def _with_long_integers_spelled(value: Any) -> Any:
    if isinstance(value, int):
        return value if -(2**63) <= value < 2**64 else msgspec.Raw(str(value).encode())
    if isinstance(value, list | tuple):
        return [_with_long_integers_spelled(member) for member in value]
    if isinstance(value, dict):
        return {name: _with_long_integers_spelled(member) for name, member in value.items()}
    return value


def text_of(value: JsonValue) -> str:
    """A scalar as text: a string as it is, a number or boolean as its JSON text, a container as its JSON text."""
    if isinstance(value, str):
        return value
    if isinstance(value, Number):
        return value.text
    return encode(value)


def excerpt(value: JsonValue, limit: int = 80) -> str:
    """A short text of a value for messages: JSON, cut to `limit` characters."""
    try:
        text = encode(value)
    except UnicodeEncodeError:  # a lone surrogate, about to be reported: shown as its escape
        text = json.dumps(value, default=text_of)
    return text if len(text) <= limit else text[: limit - 1] + "…"
