"""Notes when a key was last used, for the console: no request writes it, and a busy key costs one row a minute.

A use is gathered with those of other keys for a moment and written by one statement of a thread of its own, at most
once in NOTE_SECONDS for each key and process. What a process that ends had not written is lost, and harmless.
"""

import threading
import time
from collections.abc import Collection

import structlog
from django.db import InterfaceError, OperationalError, connection
from django.db.models.functions import Now

from events.models import ApiKey

log = structlog.get_logger(__name__)

NOTE_SECONDS = 60.0
GATHER_SECONDS = 1.0


class _Uses:
    def __init__(self) -> None:
        self._noted_at: dict[int, float] = {}  # by key id, monotonic; only keys that exist come here
        self._due: set[int] = set()
        self._writer: threading.Timer | None = None
        self._lock = threading.Lock()

    def note(self, key_id: int) -> None:
        now = time.monotonic()
        noted_at = self._noted_at.get(key_id)
        if noted_at is not None and now - noted_at < NOTE_SECONDS:
            return
        if connection.in_atomic_block:  # nobody else can see the key yet, so there is nothing that could be written
            return
        with self._lock:
            self._noted_at[key_id] = now
            self._due.add(key_id)
            if self._writer is None:
                self._writer = threading.Timer(GATHER_SECONDS, self._write_due)
                self._writer.daemon = True
                self._writer.start()

    def _write_due(self) -> None:
        with self._lock:
            due, self._due, self._writer = self._due, set(), None
        try:
            write_uses(due)
        except (OperationalError, InterfaceError) as error:
            log.warning("keys.use_not_noted", keys=len(due), error=str(error))
        finally:
            connection.close()  # the thread ends here

    def forget(self) -> None:
        with self._lock:
            self._noted_at.clear()


def write_uses(key_ids: Collection[int]) -> None:
    """One statement, whatever the number of keys. Raises what the database raises when it is not there."""
    ApiKey.objects.filter(pk__in=key_ids).update(last_used_at=Now())


_uses = _Uses()


def note_use(key_id: int) -> None:
    """That the key was taken just now. Cheap, and never raises."""
    _uses.note(key_id)


def forget_uses() -> None:
    """Makes this process write the next use of every key: for tests."""
    _uses.forget()
