"""Sets the JSON of an event for reading, with the places marked that problems point at.

Names, order, repeated names and the digits of numbers stay as they were sent; what no eye can see (marks that turn the
direction of writing, line separators, control characters) is shown as its escape, which is the same JSON. Long texts
and long documents are cut, never where a problem points.
Pure: no Django, no I/O. The text is that of a stored event: one JSON document of at most MAX_DEPTH levels.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import msgspec

from contract.json_values import escape_pointer

MOST_CHARACTERS = 60_000  # set in all: some 1,500 lines, what a browser draws at once
MOST_OF_A_TEXT = 1_000  # characters of one text
INDENT = "  "

_lexeme = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[{}\[\],:]|[^\s{}\[\],:"]+')
# Format and control characters, and the separators of lines; the joiners of letters and of emoji stay.
_unseen = re.compile("[\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]")
_tags = re.compile("[\U000e0000-\U000e007f]")


def with_escapes(text: str) -> str:
    """JSON text whose characters that cannot be seen are written as escapes: the same document."""
    seen = _unseen.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
    return _tags.sub(lambda found: f"\\udb40\\u{0xDC00 + ord(found[0]) - 0xE0000:04x}", seen)


@dataclass(slots=True)
class Piece:
    """A stretch of the text. `problems` are the numbers, from 1, of those that point here; `is_cut`: words of ours."""

    text: str
    problems: list[int] = field(default_factory=list)
    is_cut: bool = False


@dataclass(frozen=True, slots=True)
class MarkedJson:
    """`is_whole`: nothing was cut, so that the pieces together are the document."""

    pieces: Sequence[Piece]
    is_whole: bool


def mark_problems(body: str, pointers: Sequence[str], most: int = MOST_CHARACTERS) -> MarkedJson:
    """The document, each pointer's place marked with its number; one that leads nowhere marks the nearest place above.

    Of an object or array the bracket that opens it is marked, with its name.
    """
    writer = _Writer(body, pointers, most)
    writer.write()
    for number, pointer in enumerate(pointers, start=1):
        writer.place_of(pointer).problems.append(number)
    return MarkedJson(writer.pieces, writer.is_whole)


def _prefixes(pointer: str) -> Iterator[str]:
    """The pointer, and those of all that it lies in, the whole document last."""
    while pointer:
        yield pointer
        pointer = pointer.rpartition("/")[0]
    yield ""


class _Writer:
    """Walks the lexemes of a document once."""

    def __init__(self, body: str, pointers: Sequence[str], most: int) -> None:
        self.lexemes = iter(_lexeme.findall(body))
        self.wanted = {prefix for pointer in pointers for prefix in _prefixes(pointer)}
        self.left = most
        self.pieces: list[Piece] = []
        self.open: Piece | None = None  # what follows is added to it
        self.places: dict[str, Piece] = {}
        self.is_whole = True

    def write(self) -> None:
        self._value("", next(self.lexemes), "", "")

    def place_of(self, pointer: str) -> Piece:
        return next(self.places[prefix] for prefix in _prefixes(pointer) if prefix in self.places)

    def _add(self, text: str) -> None:
        self.left -= len(text)
        if self.open is None:
            self.open = Piece("")
            self.pieces.append(self.open)
        self.open.text += text

    def _add_apart(self, piece: Piece) -> None:
        self.left -= len(piece.text)
        self.pieces.append(piece)
        self.open = None

    def _value(self, pointer: str, lexeme: str, name: str, indent: str) -> None:
        """Writes a value, with the name of a member before it."""
        is_container = lexeme in "{["
        shown = name + (lexeme if is_container else self._scalar(lexeme))
        if pointer in self.wanted:
            self.places[pointer] = Piece(shown)
            self._add_apart(self.places[pointer])
        else:
            self._add(shown)
        if is_container:
            self._members(pointer, lexeme == "{", indent)

    def _members(self, pointer: str, is_object: bool, indent: str) -> None:
        """Writes what an object or array holds, and the bracket that closes it."""
        inner, index, skipped, is_empty = indent + INDENT, 0, 0, True
        while (lexeme := next(self.lexemes)) not in "}]":
            if lexeme == ",":
                continue
            child, name = f"{pointer}/{index}", ""
            if is_object:
                child, name = f"{pointer}/{_name_of(lexeme)}", f"{self._scalar(lexeme)}: "
                next(self.lexemes)  # the colon
                lexeme = next(self.lexemes)
            index += 1
            if self.left < 0 and child not in self.wanted:
                self._skip(lexeme)
                skipped += 1
                continue
            self._add(f"{'' if is_empty else ','}\n{inner}")
            is_empty = False
            self._value(child, lexeme, name, inner)
        if skipped:
            self._cut(f"\n{inner}… {skipped:,} more")
        self._add(lexeme if is_empty and not skipped else f"\n{indent}{lexeme}")

    def _skip(self, lexeme: str) -> None:
        depth = int(lexeme in "{[")
        while depth:
            lexeme = next(self.lexemes)
            depth += (lexeme in "{[") - (lexeme in "}]")

    def _scalar(self, lexeme: str) -> str:
        """A text, number or word, cut where it is too long."""
        if len(lexeme) <= MOST_OF_A_TEXT:
            return with_escapes(lexeme)
        self.is_whole = False
        kept = (
            lexeme[:MOST_OF_A_TEXT].rpartition("\\")[0] if "\\" in lexeme[MOST_OF_A_TEXT - 6 : MOST_OF_A_TEXT] else ""
        )
        kept = kept or lexeme[:MOST_OF_A_TEXT]
        return f"{with_escapes(kept)}… {len(lexeme) - len(kept):,} more characters"

    def _cut(self, words: str) -> None:
        self.is_whole = False
        self._add_apart(Piece(words, is_cut=True))


def _name_of(lexeme: str) -> str:
    """A member's name as a part of a pointer."""
    return escape_pointer(msgspec.json.decode(lexeme, type=str))
