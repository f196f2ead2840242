"""Has a worker look at the imports soon. A wake-up that is lost costs the seconds until the next sweep."""

import time

import structlog
from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError as BrokerError

log = structlog.get_logger(__name__)

TASK = "contacts.work_off_imports"  # events/tasks.py: what is told of new contacts are events, a layer above


def wake_importer() -> None:
    """Once the caller's transaction is committed. Never raises; a broker that is away holds it up for 0.3 s."""
    transaction.on_commit(lambda: send_wake_up(time.time()))


def send_wake_up(sent_at: float) -> None:
    """Sends one now; `sent_at` is Unix time. No retries and not persistent: the sweep is the retry."""
    try:
        current_app.send_task(TASK, args=[sent_at], retry=False, delivery_mode="transient", ignore_result=True)
    except (BrokerError, OSError) as error:
        log.warning("import.wake_up_not_published", error=str(error))
