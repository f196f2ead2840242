"""Runs Celery's worker and beat, as processes of their own or as threads of the web process.

Decides how they outlast a broker that goes away and comes back: they try again within two seconds, for ever, and say so
once. Beat keeps its schedule in memory: every entry is due every few seconds, so there is nothing to remember.
"""

import signal
import sys
import threading
import time
import warnings
from collections.abc import Callable
from typing import Any

import structlog
from celery.beat import Scheduler, Service
from celery.worker import WorkController
from celery.worker import state as worker_state
from celery.worker.consumer import Consumer
from celery.worker.state import maybe_shutdown
from django.db import connections
from kombu import Connection

from config.celery import app, make_app
from config.garbage import look_for_garbage_seldom

log = structlog.get_logger(__name__)

SECONDS_TO_FINISH_A_BATCH = 3.0
SECONDS_BEFORE_NEXT_START = 1.0
SECONDS_BETWEEN_BACKGROUND_LOOKS = 0.2  # at the in-memory queue: nobody waits for this worker, and each look costs CPU
COMMON_OPTIONS: dict[str, Any] = {
    "loglevel": "WARNING",
    "without_gossip": True,
    "without_mingle": True,
    "without_heartbeat": True,
}
# Events are applied by workers that do nothing else for long, one task at a time. What may take its time (refreshing
# insights, telling other systems) has a worker of its own, whose tasks do not wait for each other either.
WORKER_OPTIONS = {**COMMON_OPTIONS, "pool": "solo", "concurrency": 1, "queues": ["orderloom"]}
BACKGROUND_OPTIONS = {**COMMON_OPTIONS, "pool": "threads", "concurrency": 8, "queues": ["background"]}


class PatientConsumer(Consumer):
    """Celery's consumer, which waits up to half a minute between attempts to reach the broker; this one two seconds."""

    def ensure_connected(self, conn: Connection) -> Connection:
        def say(error: Exception, _interval: float) -> None:
            if self.broker_connection_retry_attempt == 0:
                log.warning("broker.away", error=str(error))
            self.broker_connection_retry_attempt += 1

        connected = conn.ensure_connection(
            say,
            interval_start=0.2,  # type: ignore[arg-type]  # the stubs know whole seconds only
            interval_step=0.2,  # type: ignore[arg-type]
            interval_max=2,
            callback=maybe_shutdown,
        )
        if self.broker_connection_retry_attempt:
            log.info("broker.back", attempts=self.broker_connection_retry_attempt)
        self.first_connection_attempt = False
        self.broker_connection_retry_attempt = 0
        return connected


class MemoryScheduler(Scheduler):
    """Celery's scheduler without a file, publishing over the application's pool, where a broken connection heals."""

    producer = None  # type: ignore[assignment]  # Celery takes this as: whichever the pool has
    broker_is_away = False

    def apply_entry(self, entry: Any, producer: Any = None) -> None:
        try:
            self.apply_async(entry, advance=False)
        except Exception as error:  # noqa: BLE001 — Celery wraps whatever went wrong; the next tick is the retry
            if not self.broker_is_away:
                log.warning("beat.not_published", task=entry.task, error=str(error))
            self.broker_is_away = True
        else:
            self.broker_is_away = False


def run_worker() -> None:
    """One worker process: one task at a time, from the broker of REDIS_URL, until SIGTERM or SIGINT."""
    _run_worker_process(WORKER_OPTIONS)


def run_background() -> None:
    """The process of what may take its time, until SIGTERM or SIGINT."""
    _run_worker_process(BACKGROUND_OPTIONS)


def _run_worker_process(options: dict[str, Any]) -> None:
    # Publishing is bounded tightly everywhere else; a worker reads from the broker, and may wait longer for it.
    app.conf.broker_transport_options = {**app.conf.broker_transport_options, "socket_timeout": 15.0}
    warnings.filterwarnings("ignore", message=".*superuser privileges.*")
    worker = app.Worker(quiet=True, **options)
    look_for_garbage_seldom()
    worker.start()
    sys.exit(worker.exitcode)


def run_beat() -> None:
    """The one process that sends what is due, until SIGTERM or SIGINT."""
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: sys.exit(0))
    _beat_service().start()


def _beat_service() -> Service:
    return Service(app, max_interval=1, scheduler_cls=MemoryScheduler)


class CeleryThreads:
    """Workers and beat as threads of this process, on the in-memory broker: the embedded way to run.

    Threads are daemons: what a process that ends in mid-batch had not committed is found again by the next one.
    """

    def __init__(self) -> None:
        self._stopping = threading.Event()

    def start(self) -> None:
        for name, run in (("worker", self._work), ("background", self._work_in_background), ("beat", self._beat)):
            threading.Thread(target=self._keep_running, args=(name, run), name=f"celery-{name}", daemon=True).start()

    def stop(self) -> None:
        """Take no further task, and let the one under way finish."""
        self._stopping.set()
        worker_state.should_stop = 0  # type: ignore[assignment]  # an exit status: the worker's thread ends with it
        deadline = time.monotonic() + SECONDS_TO_FINISH_A_BATCH
        while worker_state.active_requests and time.monotonic() < deadline:
            time.sleep(0.01)

    def _keep_running(self, name: str, run: Callable[[], None]) -> None:
        while not self._stopping.is_set():
            try:
                run()
            except Exception:
                log.exception("thread.failed", thread=name)  # recorded; the next round starts it anew
            finally:
                connections.close_all()
            self._stopping.wait(SECONDS_BEFORE_NEXT_START)

    def _work(self) -> None:
        WorkController(app=app, **WORKER_OPTIONS).start()

    def _work_in_background(self) -> None:
        own = make_app(is_current=False)
        own.conf.broker_transport_options = {"polling_interval": SECONDS_BETWEEN_BACKGROUND_LOOKS}
        WorkController(app=own, **BACKGROUND_OPTIONS).start()

    def _beat(self) -> None:
        _beat_service().start()
