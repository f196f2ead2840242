"""Variables for messages, and the text they are put into: docs/rules.md, section 7.

Pure: no Django, no I/O. Values are text, with the digits as they were sent. What a value holds is never looked at for
placeholders, and a name that is not there stays in the text as it was written: nothing becomes empty in silence.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from contract.json_values import JsonValue, NotJsonError, decode, text_of
from contract.parameters import Parameters

MAX_TEMPLATE_LENGTH = 200_000  # characters: a long e-mail in HTML
MAX_TEXT_LENGTH = 4_000_000  # characters: short names of long values must not fill the memory
MAX_VARIABLES = 20_000  # of one event: a megabyte of numbers in one array would else become 100 MB of paths
ITEMS = "items"  # may be sent as the JSON text of an array: docs/rules.md, section 3

# From “${” to the next “}”. Of “${a${b}}” the inner one is a placeholder: a name holds no “${”.
PLACEHOLDER = re.compile(r"\$\{((?:(?!\$\{)[^}])*)\}")


@dataclass(frozen=True, slots=True)
class Found:
    """What an event found: None, or "", where it found nothing."""

    order_id: int | None = None
    contact_id: int | None = None
    email: str = ""
    phone: str = ""


def variables_of(event_key: str, event_id: str, parameters: Parameters, found: Found) -> dict[str, str]:
    """The text of each variable by its name, the parameters in the order in which they were sent.

    `orderId` is the *event's* id, `order.orderId` the order's. The names of ours win over parameters of the same name;
    one of ours that has no value leaves the name to the parameter. Parameters give at most MAX_VARIABLES.
    """
    ours = {
        "eventKey": event_key,
        "orderId": event_id,
        "order.orderId": _id_text(found.order_id),
        "contactId": _id_text(found.contact_id),
        "EmailAddress": found.email,
        "SMS": found.phone,
    }
    flat = (variable for name, sent in parameters.items() for variable in _flatten(name, sent.value))
    return dict(islice(flat, MAX_VARIABLES)) | {name: text for name, text in ours.items() if text}


def _id_text(number: int | None) -> str:
    return "" if number is None else str(number)


def _flatten(name: str, value: JsonValue) -> Iterator[tuple[str, str]]:
    """The value by its name, and what it holds by paths of the second level. null is absent."""
    if value is None:
        return
    yield name, text_of(value)
    inner = _array_in(value) if name == ITEMS and isinstance(value, str) else value
    if isinstance(inner, dict):
        yield from _members(name, inner)
    elif isinstance(inner, list):
        for index, entry in enumerate(inner):
            place = f"{name}[{index}]"
            if isinstance(entry, dict):
                yield from _members(place, entry)
            elif entry is not None:
                yield place, text_of(entry)


def _members(path: str, value: Mapping[str, JsonValue]) -> Iterator[tuple[str, str]]:
    """What an object holds; an array or object inside it is its JSON text, as in the order."""
    for name, member in value.items():
        if member is not None:
            yield f"{path}.{name}", text_of(member)


def _array_in(text: str) -> JsonValue:
    if not text.lstrip().startswith("["):
        return None
    try:
        return decode(text)
    except NotJsonError:
        return None


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a rendered text; `missing` is the name that was not found, where the text is its placeholder."""

    text: str
    missing: str | None = None


@dataclass(frozen=True, slots=True)
class Rendered:
    """The text, and the names that were not found, each once, in the order in which they came."""

    text: str
    missing: tuple[str, ...]


class TextTooLongError(ValueError):
    """The text would have more than MAX_TEXT_LENGTH characters."""


def render(template: str, variables: Mapping[str, str]) -> Rendered:
    """Puts the variables into the template. Raises TextTooLongError; the template itself is as long as it may be."""
    pieces = render_pieces(template, variables)
    missing = dict.fromkeys(piece.missing for piece in pieces if piece.missing is not None)
    return Rendered("".join(piece.text for piece in pieces), tuple(missing))


def render_pieces(template: str, variables: Mapping[str, str]) -> list[Piece]:
    """The rendered text piece by piece, so that what is missing can be marked in its place. Raises TextTooLongError."""
    pieces: list[Piece] = []
    length = 0
    for piece in _pieces_of(template, variables):
        pieces.append(piece)
        length += len(piece.text)
        if length > MAX_TEXT_LENGTH:
            raise TextTooLongError
    return pieces


def _pieces_of(template: str, variables: Mapping[str, str]) -> Iterator[Piece]:
    end = 0
    for placeholder in PLACEHOLDER.finditer(template):
        if placeholder.start() > end:
            yield Piece(template[end : placeholder.start()])
        end = placeholder.end()
        value = variables.get(placeholder[1])
        yield Piece(placeholder[0], missing=placeholder[1]) if value is None else Piece(value)
    if end < len(template):
        yield Piece(template[end:])
