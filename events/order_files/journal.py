"""Says how far an import has come, over any end of its process: docs/import.md, "When it is interrupted".

A file beside the imported one: a first line that says what is imported and how, then a line for each chunk of orders
that is done, each on the disk before the next chunk is sent. So at most one chunk is in doubt when the process ends,
and that one is sent again with the same idempotency key, which stores nothing twice.
"""

import fcntl
import os
import uuid
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

import msgspec

from events.order_files.trouble import OrderFileError

KEPT_HOURS = 24  # of idempotency keys, as docs/api.md promises


class _Beginning(msgspec.Struct, frozen=True):
    run: str
    file: str
    digest: str
    settings: str
    source: str
    begun_at: datetime


class _Done(msgspec.Struct, frozen=True):
    chunk: int
    orders: int  # drafts of the file so far, refused ones included
    last_row: int
    refused_bytes: int  # of the file of refusals
    counts: dict[str, int]
    at: datetime
    is_end: bool = False


@dataclass(slots=True)
class Journal:
    """An import under way. `orders` are to be passed over, `chunk` is the number of the next one."""

    run: str
    begun_at: datetime
    file: IO[bytes]
    chunk: int = 0
    orders: int = 0
    last_row: int = 0
    refused_bytes: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    last_at: datetime = field(default_factory=lambda: datetime.now(UTC))

    def key_of_chunk(self) -> str:
        return f"import-{self.run}-{self.chunk}"

    @property
    def may_repeat(self) -> bool:
        """Whether the chunk in doubt is so old that its key is gone."""
        return (datetime.now(UTC) - self.last_at).total_seconds() > KEPT_HOURS * 3600

    def note(self, orders: int, last_row: int, refused_bytes: int, counts: Mapping[str, int]) -> None:
        """The chunk is done; on the disk when this returns."""
        self.orders += orders
        self.last_row, self.refused_bytes = last_row, refused_bytes
        self.counts.update(counts)
        self._write(is_end=False)
        self.chunk += 1

    def end(self) -> None:
        self._write(is_end=True)

    def _write(self, *, is_end: bool) -> None:
        self.last_at = datetime.now(UTC)
        done = _Done(
            self.chunk, self.orders, self.last_row, self.refused_bytes, dict(self.counts), self.last_at, is_end
        )
        _append(self.file, done)


@contextmanager
def open_journal(
    path: Path, *, file: str, digest: str, settings: str, source: str, resume: bool, restart: bool
) -> Iterator[Journal]:
    """The journal of this import; one process at a time has it. Raises OrderFileError.

    `resume` goes on with the one that is there, `restart` replaces it; neither: there must be none.
    """
    with _opened(path) as opened:
        _lock(opened, path)
        beginning, last = _read(opened, path)
        _check(beginning, last, path, digest, settings, source, resume=resume, restart=restart)
        if restart or beginning is None:
            yield _begin(opened, file, digest, settings, source)
        else:
            yield _go_on(opened, beginning, last)


def _opened(path: Path) -> IO[bytes]:
    try:
        return path.open("a+b")
    except OSError as error:
        raise _unwritable(path, error) from error


def _unwritable(path: Path, error: OSError) -> OrderFileError:
    return OrderFileError(f"The journal {path} cannot be written: {error.strerror}; --journal names another.")


def _lock(opened: IO[bytes], path: Path) -> None:
    try:
        fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise OrderFileError(f"Another process is importing this file (it holds {path}): let it finish.") from error


def _read(opened: IO[bytes], path: Path) -> tuple[_Beginning | None, _Done | None]:
    """The first and the last whole line. A line that the end of a process has cut off is cut off here."""
    opened.seek(0)
    content = opened.read()
    whole = content[: content.rfind(b"\n") + 1]
    if len(whole) < len(content):
        opened.truncate(len(whole))
    lines = whole.splitlines()
    try:
        beginning = msgspec.json.decode(lines[0], type=_Beginning) if lines else None
        return beginning, msgspec.json.decode(lines[-1], type=_Done) if len(lines) > 1 else None
    except msgspec.DecodeError as error:
        raise OrderFileError(f"{path} is no journal of an import; --journal names another.") from error


def _check(
    beginning: _Beginning | None, last: _Done | None, path: Path, digest: str, settings: str, source: str,
    *, resume: bool, restart: bool,
) -> None:  # fmt: skip
    if restart or beginning is None:
        if resume:
            raise OrderFileError(f"There is no import to go on with: {path} does not say of one.")
        return
    if last is not None and last.is_end:
        raise OrderFileError(
            f"This file was imported on {last.at:%Y-%m-%d at %H:%M UTC}; --restart imports it again, "
            "which changes only the orders that have changed since."
        )
    if not resume:
        row = last.last_row if last else 1
        raise OrderFileError(f"An import of this file ended at row {row:,}: --resume goes on, --restart begins again.")
    if beginning.digest != digest:
        raise OrderFileError("The file is not the one whose import ended: its bytes have changed. Use --restart.")
    if beginning.settings != settings or beginning.source != source:
        raise OrderFileError(
            "The columns, values or source are told otherwise than when the import began: as then, or use --restart."
        )


def _begin(opened: IO[bytes], file: str, digest: str, settings: str, source: str) -> Journal:
    opened.truncate(0)
    beginning = _Beginning(uuid.uuid4().hex, file, digest, settings, source, datetime.now(UTC))
    _append(opened, beginning)
    return Journal(run=beginning.run, begun_at=beginning.begun_at, file=opened)


def _go_on(opened: IO[bytes], beginning: _Beginning, last: _Done | None) -> Journal:
    journal = Journal(run=beginning.run, begun_at=beginning.begun_at, file=opened, last_at=beginning.begun_at)
    if last is not None:
        journal.chunk, journal.orders, journal.last_row = last.chunk + 1, last.orders, last.last_row
        journal.refused_bytes, journal.counts, journal.last_at = last.refused_bytes, Counter(last.counts), last.at
    return journal


def _append(opened: IO[bytes], line: Any) -> None:
    try:
        opened.write(msgspec.json.encode(line) + b"\n")
        opened.flush()
        os.fsync(opened.fileno())
    except OSError as error:
        raise _unwritable(Path(opened.name), error) from error
