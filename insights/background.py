"""Work of many seconds, on the worker that events do not wait for (config/workers.py): one of a kind in each process.

Beat asks for it again and again, so who comes while it goes on is passed over. Advisory locks keep several processes
from doing the same. A process that ends stops the work in its transaction, and the next beat begins it anew.
"""

import threading
from collections.abc import Callable

import structlog
from celery import current_app
from kombu.exceptions import OperationalError as BrokerError

log = structlog.get_logger(__name__)

_under_way: dict[str, threading.Lock] = {}
_guard = threading.Lock()


def do_alone(name: str, work: Callable[[], object]) -> None:
    """Does the work, unless this process is at it already. What it raises is logged by the worker."""
    with _guard:
        turn = _under_way.setdefault(name, threading.Lock())
    if turn.acquire(blocking=False):
        try:
            work()
        finally:
            turn.release()


def wake(task: str) -> None:
    """Has a worker look at once. Never raises: a wake-up that is lost costs the seconds until the next beat."""
    try:
        current_app.send_task(task, retry=False, delivery_mode="transient", ignore_result=True)
    except (BrokerError, OSError) as error:
        log.warning("insights.wake_up_not_published", task=task, error=str(error))
