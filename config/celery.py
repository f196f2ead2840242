"""The Celery application. Its messages are wake-ups only (docs/architecture.md), so losing every one loses nothing.

That is why messages are taken off the broker before they are worked on, results are not kept, and sending gives up
after a fraction of a second: the sweep finds what was not announced.
"""

import os
from typing import Any

from celery import Celery
from celery.signals import setup_logging

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")


def make_app(*, is_current: bool = True) -> Celery:
    """An application with our settings and tasks. Each thread that runs a worker needs its own: an application knows
    the queues of one worker only.
    """
    made = Celery("orderloom", set_as_current=is_current)
    made.config_from_object("django.conf:settings", namespace="CELERY")
    made.autodiscover_tasks()
    return made


app = make_app()


@setup_logging.connect
def keep_django_logging(**_: Any) -> None:
    """A receiver is all it takes: Celery then leaves the logging of config/logs.py as it is."""
