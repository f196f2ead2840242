"""Holds requests until an event has an outcome (`?wait=`), without starving the intake (docs/api.md, Events).

A process holds a bounded number of requests; one more answers at once. Those held have no database connection: one
thread for all of them asks which of their events have an outcome, one look-up in the primary key for all, and reads
the fates of those that do. It lives only while somebody waits, and a few seconds longer to keep its connection warm.

LISTEN/NOTIFY was not taken: a NOTIFY makes every commit of the workers wait for a lock of the whole database, and
would cost all events, waited for or not, to save a few look-ups for the few that are waited for.
"""

import threading
import time
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any

import structlog
from django.conf import settings
from django.db import InterfaceError, OperationalError, connection

from events.fates import load_fates

log = structlog.get_logger(__name__)

MAX_WAIT_SECONDS = 30
FRESH_SECONDS = 1.0  # most outcomes come within milliseconds: a wait younger than this is looked at often
FRESH_PAUSE_SECONDS = 0.01  # adds 5 ms to an answer on average, for 100 look-ups a second of about 0.1 ms each
PAUSE_SECONDS = 0.1
LINGER_SECONDS = 5.0  # how long the thread keeps its connection when nobody waits
ERROR_PAUSE_SECONDS = 0.5

DECIDED_EVENTS = """
    SELECT event_id
      FROM events_outcome                -- index: its primary key
     WHERE event_id = ANY(%(ids)s)
"""


def load_decided(event_ids: Collection[int]) -> list[int]:
    """Those of the events that have an outcome."""
    with connection.cursor() as cursor:
        cursor.execute(DECIDED_EVENTS, {"ids": list(event_ids)})
        return [event_id for (event_id,) in cursor.fetchall()]


@dataclass(slots=True, eq=False)
class _Wait:
    """One held request: the event it waits for, since when (monotonic), and the fate once there is an outcome."""

    event_id: int
    since: float
    fate: dict[str, Any] | None = None
    is_over: threading.Event = field(default_factory=threading.Event)


class _Poller:
    """The held requests of this process, and the thread that looks for them."""

    def __init__(self) -> None:
        self._waits: set[_Wait] = set()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._is_ending = False

    def hold(self, event_id: int, seconds: float, limit: int) -> dict[str, Any] | None:
        wait = _Wait(event_id, time.monotonic())
        with self._changed:
            if self._is_ending or len(self._waits) >= limit:
                return None
            self._waits.add(wait)
            self._ensure_thread()
            self._changed.notify()
        try:
            _let_go_of_connection()
            wait.is_over.wait(seconds)
        finally:
            with self._changed:
                self._waits.discard(wait)
        return wait.fate

    def end(self) -> None:
        with self._changed:
            self._is_ending = True
            for wait in self._waits:
                wait.is_over.set()

    def _ensure_thread(self) -> None:
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._run, name="outcome-waits", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        try:
            while self._somebody_waits():
                self._pause(self._look())
        finally:
            connection.close()

    def _somebody_waits(self) -> bool:
        """Whether there is somebody to look for. False ends the thread; the next wait starts another."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._waits, LINGER_SECONDS):
                self._thread = None
                return False
            return True

    def _look(self) -> float:
        """Answers those whose event has an outcome; returns the seconds to pause."""
        with self._changed:
            waits = list(self._waits)
        try:
            self._answer(waits)
        except (OperationalError, InterfaceError) as error:
            # Those held go on waiting: a database that restarts is back before most of them give up.
            log.warning("waits.not_looked", waits=len(waits), error=str(error))
            connection.close()
            return ERROR_PAUSE_SECONDS
        youngest = max((wait.since for wait in waits), default=0.0)
        return FRESH_PAUSE_SECONDS if time.monotonic() - youngest < FRESH_SECONDS else PAUSE_SECONDS

    def _pause(self, seconds: float) -> None:
        """Until it is time to look again, or somebody new waits."""
        with self._changed:
            self._changed.wait(seconds)

    def _answer(self, waits: Iterable[_Wait]) -> None:
        decided = load_decided({wait.event_id for wait in waits})
        if not decided:
            return
        fates = {int(fate["id"]): fate for fate in load_fates(decided)}
        for wait in waits:
            if wait.event_id in fates:
                wait.fate = fates[wait.event_id]
                wait.is_over.set()


_poller = _Poller()


def hold_until_decided(event_id: int, seconds: float) -> dict[str, Any] | None:
    """The event's fate as soon as it has an outcome, or None when it has none after these seconds.

    Also None, at once, when this process already holds as many requests as it may, or is about to end.
    """
    return _poller.hold(event_id, seconds, settings.MAX_WAITING_REQUESTS)


def end_waits() -> None:
    """Lets every held request be answered now, and holds no more: the process is about to end."""
    _poller.end()


def _let_go_of_connection() -> None:
    """Back to the server with this thread's connection, unless a transaction around the request (a test's) needs it."""
    if not connection.in_atomic_block:
        connection.close()
