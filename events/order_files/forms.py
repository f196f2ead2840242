"""Decides what kind of file it is, how its text is encoded and what separates its columns, and says what it took.

Nothing is guessed in silence: `Form.sentence` is shown before anything is imported, and each part can be told instead.
"""

import codecs
import csv
import hashlib
from dataclasses import dataclass, replace
from io import StringIO
from pathlib import Path

from charset_normalizer import from_bytes

from events.order_files.trouble import OrderFileError

BLOCK = 1024 * 1024
SAMPLE_BYTES = 256 * 1024  # of an export that is not UTF-8: enough to tell its alphabet
SAMPLE_RECORDS = 50
DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
KINDS = {".csv": "csv", ".tsv": "csv", ".txt": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".xlsx": "xlsx"}
MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """How to read a file. `digest` names its bytes: 32 hex digits."""

    kind: str
    size: int
    digest: str
    encoding: str = "utf-8"
    delimiter: str = ","
    sheet: str = ""

    @property
    def sentence(self) -> str:
        size = f"{self.size:,} bytes"
        if self.kind == "xlsx":
            return f"A spreadsheet of {size}" + (f", sheet “{self.sheet}”." if self.sheet else ", its first sheet.")
        if self.kind == "jsonl":
            return f"JSON lines of {size}, in {self.encoding.removesuffix('-sig').upper()}."
        separated = DELIMITERS.get(self.delimiter, f"“{self.delimiter}”")
        return f"CSV of {size}, in {self.encoding.removesuffix('-sig').upper()}, columns separated by {separated}."


def recognise(path: Path, *, encoding: str = "", delimiter: str = "", sheet: str = "") -> Form:
    """How to read the file; what is told is taken and not guessed. Reads all of it once. Raises OrderFileError."""
    kind = KINDS.get(path.suffix.lower())
    if kind is None:
        raise OrderFileError(f"{path.name} is of no kind that can be read: save it as .csv, .jsonl or .xlsx.")
    size, digest, is_utf8 = _read_through(path)
    if size == 0:
        raise OrderFileError(f"{path.name} is empty.")
    form = Form(kind=kind, size=size, digest=digest, sheet=sheet)
    if kind == "xlsx":
        return form
    form = replace(form, encoding=_known(encoding) if encoding else _guess_encoding(path, is_utf8))
    if kind == "csv":
        form = replace(form, delimiter=_one_character(delimiter) if delimiter else _guess_delimiter(path, form))
    return form


def _read_through(path: Path) -> tuple[int, str, bool]:
    """Size, digest, and whether all of it is UTF-8."""
    digest, decoder = hashlib.blake2b(digest_size=16), codecs.getincrementaldecoder("utf-8")()
    size, is_utf8 = 0, True
    try:
        with path.open("rb") as file:
            while block := file.read(BLOCK):
                size += len(block)
                digest.update(block)
                is_utf8 = is_utf8 and _decodes(decoder, block)
    except OSError as error:
        raise OrderFileError(f"{path} cannot be read: {error.strerror}.") from error
    return size, digest.hexdigest(), is_utf8 and _decodes(decoder, b"", final=True)


def _decodes(decoder: codecs.IncrementalDecoder, block: bytes, final: bool = False) -> bool:
    try:
        decoder.decode(block, final)
    except UnicodeDecodeError:
        return False
    return True


def _known(encoding: str) -> str:
    try:
        return codecs.lookup(encoding).name
    except LookupError as error:
        raise OrderFileError(f"There is no encoding “{encoding}”; well known are utf-8, cp1251 and cp1252.") from error


def _one_character(delimiter: str) -> str:
    named = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";"}.get(delimiter, delimiter)
    if len(named) != 1 or named in '"\r\n':
        raise OrderFileError("The delimiter is one character, or “tab”.")
    return named


def _guess_encoding(path: Path, is_utf8: bool) -> str:
    with path.open("rb") as file:
        sample = file.read(SAMPLE_BYTES)
    for mark, encoding in MARKS:
        if sample.startswith(mark):
            return encoding
    if is_utf8:
        return "utf-8"
    best = from_bytes(sample, cp_exclusion=["utf_16", "utf_32", "utf_7"]).best()
    if best is None:
        raise OrderFileError(f"The encoding of {path.name} cannot be told: give it with --encoding, such as cp1251.")
    return best.encoding


def _guess_delimiter(path: Path, form: Form) -> str:
    """The one that cuts the most of the first records into as many columns as the header, and more than one."""
    with path.open(encoding=form.encoding, errors="replace", newline="") as file:
        sample = file.read(SAMPLE_BYTES)
    if len(sample) == SAMPLE_BYTES:
        sample = sample[: sample.rfind("\n") + 1] or sample
    return max(DELIMITERS, key=lambda delimiter: _columns_cut_by(sample, delimiter))


def _columns_cut_by(sample: str, delimiter: str) -> tuple[int, int]:
    """(records of several columns that have as many as the header, columns of the header)."""
    widths = []
    try:
        for record in csv.reader(StringIO(sample, newline=""), delimiter=delimiter):
            if record:
                widths.append(len(record))
            if len(widths) == SAMPLE_RECORDS:
                break
    except csv.Error:
        return (0, 0)
    if not widths or widths[0] == 1:
        return (0, len(widths))
    return (widths.count(widths[0]), widths[0])
