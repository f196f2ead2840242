"""Wakes the workers: a lane with something to do is named to Celery, never an event (docs/architecture.md).

Publishing inside each request would cost as much as all else in it, so a request only adds its lanes to a set, and one
thread of the process publishes what the set holds. A wake-up that is lost (no broker, a full one, a process that ends)
costs the seconds until the next sweep, and no event.
"""

import threading
import time
from collections.abc import Iterable
from typing import Any

import structlog
from kombu.exceptions import OperationalError as BrokerError

log = structlog.get_logger(__name__)

TICK_SECONDS = 0.004  # gathers the lanes of a burst; an event waits for at most this before its wake-up is sent
BUSY_SECONDS = 0.05  # pause after many lanes were woken: under load the workers are awake already
LANES_PER_WAKE_UP = 16  # so that several workers share a burst that touches all lanes
QUIET_AFTER_ERROR_SECONDS = 1.0  # a broker that is away is not tried for each event


class _Waker:
    def __init__(self) -> None:
        self._lanes: set[int] = set()
        self._lock = threading.Lock()
        self._wanted = threading.Event()
        self._thread: threading.Thread | None = None

    def wake(self, lanes: Iterable[int]) -> None:
        with self._lock:
            self._lanes.update(lanes)
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="lane-waker", daemon=True)
                self._thread.start()
        self._wanted.set()

    def _run(self) -> None:
        while True:
            self._wanted.wait()
            time.sleep(TICK_SECONDS)
            time.sleep(self._publish())

    def _publish(self) -> float:
        """Sends one message for each group of lanes; returns the seconds to rest."""
        self._wanted.clear()
        with self._lock:
            lanes, self._lanes = sorted(self._lanes), set()
        try:
            for start in range(0, len(lanes), LANES_PER_WAKE_UP):
                send_wake_up(lanes[start : start + LANES_PER_WAKE_UP])
        except (BrokerError, OSError) as error:
            log.warning("wake.not_published", lanes=len(lanes), error=str(error))
            return QUIET_AFTER_ERROR_SECONDS
        return BUSY_SECONDS if len(lanes) > LANES_PER_WAKE_UP else 0.0


def send_wake_up(lanes: list[int]) -> None:
    """Publishes one wake-up now. Raises what the broker raises."""
    from events.tasks import drain

    # No retries: the sweep is the retry. Not persistent: a wake-up says nothing that the database does not say.
    options: dict[str, Any] = {"retry": False, "delivery_mode": "transient", "ignore_result": True}
    drain.apply_async((lanes, time.time()), **options)


_waker = _Waker()


def wake_lanes(lanes: Iterable[int]) -> None:
    """Has the workers look at these lanes soon. Never blocks on the broker and never raises."""
    _waker.wake(lanes)
