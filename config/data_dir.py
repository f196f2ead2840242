"""DATA_DIR belongs to one supervisor at a time, and the next one waits for the one that is going."""

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from config.refusals import StartRefusedError

STOPPING = "stopping"
SECONDS_TO_NOTICE = 2.0  # a supervisor whose starter was killed says within these that it stops
SECONDS_TO_BE_GONE = 60.0  # longer than all parts may take to stop one after the other, the database included
SECONDS_BETWEEN_LOOKS = 0.1


class HeldFolder:
    """DATA_DIR as long as this process holds it."""

    def __init__(self, lock: IO[str]) -> None:
        self._lock = lock
        self._write(str(os.getpid()))

    def say_stopping(self) -> None:
        """Let a new start wait instead of refusing itself."""
        self._write(f"{os.getpid()} {STOPPING}")

    def _write(self, text: str) -> None:
        self._lock.truncate(0)
        self._lock.write(text)
        self._lock.flush()


@contextmanager
def hold(folder: Path, is_stop_wanted: Callable[[], bool]) -> Iterator[HeldFolder]:
    """DATA_DIR under a lock that lasts as long as this process, however it ends.

    A holder that is stopping is waited for; any other for a moment only, in which it may say that it is stopping.
    Raises StartRefusedError when the folder cannot be written, stays in use, or a stop is wanted while waiting.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / "supervisor.lock").open("a+")
    except OSError as error:
        raise StartRefusedError(
            f"DATA_DIR {folder} cannot be written ({os.strerror(error.errno or 0)}): give one that can."
        ) from None
    with lock:
        start = time.monotonic()
        while not _take(lock):
            lock.seek(0)
            holder, _, state = lock.read().partition(" ")
            patience = SECONDS_TO_BE_GONE if state == STOPPING else SECONDS_TO_NOTICE
            if is_stop_wanted() or time.monotonic() - start > patience:
                raise StartRefusedError(
                    f"Orderloom already runs on DATA_DIR {folder} (process {holder}): stop it first, or give another "
                    f"DATA_DIR."
                )
            time.sleep(SECONDS_BETWEEN_LOOKS)
        yield HeldFolder(lock)


def _take(lock: IO[str]) -> bool:
    try:
        fcntl.lockf(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # a record lock: children do not inherit it
    except OSError:
        return False
    return True
