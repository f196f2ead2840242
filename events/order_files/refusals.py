"""Writes what was refused into a CSV that opens beside the imported file: row, order, column, and what is wrong.

No cell of it is a formula: the texts come from a file that anybody may have written, and a spreadsheet would run
`=HYPERLINK(…)` (contract/spreadsheets.py).
"""

import csv
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import IO

from contract.reasons import Problem
from contract.spreadsheets import BYTE_ORDER_MARK, disarmed
from events.order_files.assembly import Draft, place_of
from events.order_files.mapping import ColumnMapping
from events.order_files.trouble import OrderFileError

HEADER = ("row", "order", "column", "code", "detail", "found", "expected")


@dataclass(frozen=True, slots=True)
class Refusals:
    """The file, which is made with the first refusal."""

    file: IO[bytes]
    mapping: ColumnMapping

    def write(self, draft: Draft, problems: tuple[Problem, ...]) -> None:
        text = StringIO()
        writer = csv.writer(text, lineterminator="\r\n")
        for problem in problems:
            row, column = place_of(problem.pointer, draft, self.mapping)
            cells = (draft.order_id, column, problem.code, problem.detail, problem.found, problem.expected)
            writer.writerow([row, *map(disarmed, cells)])
        header = "" if self.file.tell() else BYTE_ORDER_MARK + ",".join(HEADER) + "\r\n"
        with _telling(Path(self.file.name)):
            self.file.write((header + text.getvalue()).encode("utf-8", "backslashreplace"))

    def store(self) -> int:
        """The size of the file, once it is on the disk."""
        with _telling(Path(self.file.name)):
            self.file.flush()
            os.fsync(self.file.fileno())
        return self.file.tell()


@contextmanager
def open_refusals(path: Path, mapping: ColumnMapping, keep_bytes: int) -> Iterator[Refusals]:
    """The file of refusals, cut to what an earlier run is known to have written; none is left without any.

    Raises OrderFileError.
    """
    with _telling(path):
        file = path.open("r+b" if path.exists() else "w+b")
    with file:
        file.truncate(keep_bytes)
        file.seek(0, os.SEEK_END)
        yield Refusals(file, mapping)
        is_empty = file.tell() == 0
    if is_empty:
        path.unlink()


@contextmanager
def _telling(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise OrderFileError(f"{path} cannot be written: {error.strerror}; --refused names another.") from error
