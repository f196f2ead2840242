"""Finds the values of a person in texts, in whatever spelling, and takes them out: docs/rules.md, section 6.

What names somebody (an e-mail address, a phone, an id that can be told from other words) is found anywhere; names,
lines of an address and values of fields only where the text is the person's own, as others have the same ones.
Found are: any case, composed and decomposed letters, digits of any script, a phone with any separators, with and
without its country code, and all of these percent-encoded. Pure: no Django, no I/O. Never raises for any text.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import unquote

import phonenumbers

from contacts.identifiers import EMAIL_FORM, PHONE_FORM, normalize

MARK = "█"  # stands where a value stood: one character, so that no text grows beyond its limit
LEAST_WORD, LEAST_LINE, LEAST_MIXED_ID, LEAST_ID, LEAST_PHONE = 2, 6, 6, 16, 5  # characters

type Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class ErasedIdentifier:
    """An identifier that the person had. `normal_form` is that of its kind (contacts.models.NormalForm)."""

    kind: str
    normal_form: str
    value: str
    normalized: str


@dataclass(frozen=True)
class ErasedPerson:
    """All that named a person: what an erasure looks for until it is done.

    `first_name` and `last_name` may be empty; `lines` are the texts of the address and the fields.
    """

    contact_id: int
    first_name: str
    last_name: str
    lines: tuple[str, ...]
    identifiers: tuple[ErasedIdentifier, ...]

    def is_named_by(self, kind: str, normal_form: str, text: str, region: str) -> bool:
        """Whether a value of a kind, as it was sent, is one of the person's identifiers."""
        normalized = normalize(kind, normal_form, text, region)
        return bool(normalized) and (kind, normalized) in self._keys

    @cached_property
    def _keys(self) -> frozenset[tuple[str, str]]:
        return frozenset((one.kind, one.normalized) for one in self.identifiers)

    def may_be_named_in(self, seen: "Seen") -> bool:
        """Whether a body may have an identifier as a parameter that no text is searched for."""
        return any(value in seen.plain and pattern.search(seen.plain) for value, pattern in self._bare)

    @cached_property
    def _bare(self) -> tuple[tuple[str, re.Pattern[str]], ...]:
        """The identifiers that mean something only as the whole value of a parameter, as they stand in JSON."""
        values = [unescape(one.value) for one in self.identifiers if not _needles_of(one)]
        return tuple((one, re.compile(rf'"{re.escape(one)}"|:\s*{re.escape(one)}(?![\w.])')) for one in values)

    @cached_property
    def identifying(self) -> "Finder":
        """Finds what names this person and nobody else."""
        return Finder([needle for one in self.identifiers for needle in _needles_of(one)])

    @cached_property
    def identifying_or_full_name(self) -> "Finder":
        """The same, and the first and last name beside each other."""
        return Finder([*self.identifying.needles, *self._full_names()])

    @cached_property
    def own(self) -> "Finder":
        """The same, and every name, line of the address and value of a field: for what is the person's own."""
        words = [Word(name) for name in (self.first_name, self.last_name) if len(name) >= LEAST_WORD]
        lines = [Word(line) for line in self.lines if len(line) >= LEAST_LINE and _can_be_told(line)]
        return Finder([*self.identifying_or_full_name.needles, *words, *lines])

    def _full_names(self) -> list["Word"]:
        if not self.first_name or not self.last_name:
            return []
        return [Word(f"{self.first_name} {self.last_name}"), Word(f"{self.last_name} {self.first_name}")]


def _can_be_told(line: str) -> bool:
    return " " in line.strip() or any(char.isdigit() for char in line)


def texts_in(value: Any) -> list[str]:
    """Every text and number inside of a JSON value, as text."""
    if isinstance(value, Mapping):
        return [text for member in value.values() for text in texts_in(member)]
    if isinstance(value, list):
        return [text for member in value for text in texts_in(member)]
    return [] if value is None or isinstance(value, bool) else [str(value)]


# --- texts in the form in which they are compared ---


@dataclass(frozen=True, slots=True)
class _Folded:
    """A text without case and composition; `origin[i]` is the place in the text that the i-th character comes from."""

    text: str
    origin: Sequence[int]

    def span(self, start: int, end: int) -> Span:
        return self.origin[start], self.origin[end - 1] + 1


def fold(text: str) -> str:
    """The text as it is compared: without case, letters decomposed."""
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())


def _fold_with_places(text: str) -> _Folded:
    if text.isascii():
        return _Folded(text.lower(), range(len(text)))
    folded: list[str] = []
    origin: list[int] = []
    for place, char in enumerate(text):
        part = fold(char)
        folded.append(part)
        origin += [place] * len(part)
    return _Folded("".join(folded), origin)


_DIGITS = {
    code: str(unicodedata.digit(chr(code))) for code in range(0x80, 0x20000) if unicodedata.category(chr(code)) == "Nd"
}  # digits of every script, each to its ASCII one
_OTHER_DIGITS = frozenset(map(chr, _DIGITS))
_NOT_A_DIGIT = bytes(byte for byte in range(128) if not chr(byte).isdigit())


def _ascii_digits(text: str) -> str:
    """The text with the digits of every script as ASCII ones; places stay the same."""
    return text if text.isascii() or _OTHER_DIGITS.isdisjoint(text) else text.translate(_DIGITS)


def _only_digits(text: str) -> str:
    return _ascii_digits(text).encode("ascii", "ignore").translate(None, _NOT_A_DIGIT).decode("ascii")


# --- what is looked for ---


def _occurrences(text: str, part: str) -> Iterable[Span]:
    start = text.find(part)
    while start >= 0:
        yield start, start + len(part)
        start = text.find(part, start + 1)


@dataclass(frozen=True, slots=True)
class Email:
    """An e-mail address: not the end of a longer one (`joanna@…`) and not its beginning (`….com.ua`)."""

    value: str

    def spans(self, folded: _Folded, digits: str) -> Iterable[Span]:
        text = folded.text
        for start, end in _occurrences(text, fold(self.value)):
            if not (_continues_left(text[:start]) or _continues_right(text[end : end + 2])):
                yield folded.span(start, end)


def _continues_left(before: str) -> bool:
    return bool(before) and (before[-1].isalnum() or before[-1] in "._+-")


def _continues_right(after: str) -> bool:
    if after[:1] == ".":
        return after[1:2].isalnum()
    return bool(after) and (after[0].isalnum() or after[0] in "-_")


@dataclass(frozen=True, slots=True)
class Word:
    """A text that stands by itself: no letter or digit right before or after it."""

    value: str

    def spans(self, folded: _Folded, digits: str) -> Iterable[Span]:
        text = folded.text
        for start, end in _occurrences(text, fold(self.value)):
            if not (_is_of_a_word(text[start - 1 : start]) or _is_of_a_word(text[end : end + 1])):
                yield folded.span(start, end)


def _is_of_a_word(char: str) -> bool:
    return bool(char) and (char.isalnum() or unicodedata.combining(char) > 0)


@dataclass(frozen=True, slots=True)
class Phone:
    """A phone by its national number, in any spelling: with or without a prefix that leads to it."""

    national: str  # ASCII digits
    pattern: re.Pattern[str]

    @classmethod
    def of(cls, normalized: str) -> "Phone | None":
        country, national = "", normalized
        if normalized.startswith("+"):
            try:
                number = phonenumbers.parse(normalized)
            except phonenumbers.NumberParseException:
                national = _only_digits(normalized)
            else:
                country, national = str(number.country_code), phonenumbers.national_significant_number(number)
        return cls(national, _phone_pattern(country, national)) if len(national) >= LEAST_PHONE else None

    def spans(self, folded: _Folded, digits: str) -> Iterable[Span]:
        return (match.span() for match in self.pattern.finditer(digits))


_SEPARATOR = r"[\s().\-/+·\u2010-\u2015\u2212\u200b-\u200f\u2060]{0,4}"


def _phone_pattern(country: str, national: str) -> re.Pattern[str]:
    def spaced(text: str) -> str:
        return _SEPARATOR.join(text)

    led = "|".join(spaced(f"{lead}{country}") for lead in ("00", "011", "810", ""))
    prefixes = f"(?:{led}){_SEPARATOR}(?:0{_SEPARATOR})?|0|8" if country else "0"
    return re.compile(rf"(?<![0-9])\+?(?:(?:{prefixes}){_SEPARATOR})?{spaced(national)}(?![0-9])")


type Needle = Email | Word | Phone


def _needles_of(identifier: ErasedIdentifier) -> list[Needle]:
    """What an identifier is found by in any text; nothing for one that any text may hold by chance (customer 42)."""
    value = identifier.value
    if identifier.normal_form == PHONE_FORM:
        phone = Phone.of(identifier.normalized)
        return [] if phone is None else [phone]
    if identifier.normal_form == EMAIL_FORM or "@" in value.strip("@"):
        return [Email(value)]
    is_mixed = any(char.isdigit() for char in value) and any(char.isalpha() for char in value)
    return [Word(value)] if len(value) >= (LEAST_MIXED_ID if is_mixed else LEAST_ID) else []


class Finder:
    """Looks for some values in texts."""

    def __init__(self, needles: Sequence[Needle]) -> None:
        self.needles = tuple(needles)
        words = [needle for needle in self.needles if not isinstance(needle, Phone)]
        self._hints = tuple({fold(unescape(needle.value)) for needle in words})
        self._nationals = tuple({needle.national for needle in self.needles if isinstance(needle, Phone)})

    def may_be_in(self, text: str) -> bool:
        """Whether the text is worth a closer look; never False for one that holds a value, however it is escaped.

        The text may be JSON, with JSON inside of its texts.
        """
        return self.may_be_seen_in(Seen(text))

    def may_be_seen_in(self, seen: "Seen") -> bool:
        """The same for a text that several finders look at."""
        return any(national in seen.digits for national in self._nationals) or any(
            hint in seen.folded for hint in self._hints
        )

    def erase(self, text: str) -> str:
        """The text with MARK for every value; the very same text when it holds none."""
        erased = self._erase(text)
        if "%" in text and (decoded := unquote(text)) != text:
            redecoded = self._erase(decoded)
            return redecoded if redecoded != decoded else erased
        return erased

    def _erase(self, text: str) -> str:
        folded, digits = _fold_with_places(text), _ascii_digits(text)
        spans = sorted(span for needle in self.needles for span in needle.spans(folded, digits))
        if not spans:
            return text
        parts: list[str] = []
        done = 0
        for start, end in spans:
            if start >= done:
                parts += [text[done:start], MARK]
            done = max(done, end)
        return "".join([*parts, text[done:]])


class Seen:
    """A text as it is looked at: without escapes, as it is compared, and its digits alone; each made when needed."""

    def __init__(self, text: str) -> None:
        self.text = text

    @cached_property
    def plain(self) -> str:
        return unescape(self.text)

    @cached_property
    def folded(self) -> str:
        return fold(self.plain)

    @cached_property
    def digits(self) -> str:
        return _only_digits(self.plain)


_NOT_JSON = re.compile(r'(\\\\)|\\(?!["bfnrtu])')  # Python has other escapes, which mean nothing here
MAX_ESCAPED = 4  # levels of JSON inside of JSON: more of them take more backslashes than a text has room for


def unescape(text: str) -> str:
    """The text without the escapes of JSON, at any depth, and of addresses: for looking whether a value is in it."""
    for _ in range(MAX_ESCAPED):
        if "\\u" not in text:
            break
        text = _NOT_JSON.sub(r"\1", text).encode("latin-1", "backslashreplace").decode("unicode_escape", "replace")
    if "\\" in text:
        text = text.replace("\\", "")
    if not text.isascii():
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return unquote(text) if "%" in text else text
