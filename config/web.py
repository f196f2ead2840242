"""The web process: Granian serving the WSGI application, and without REDIS_URL also the worker and beat as threads."""

import multiprocessing.util
import os
import signal
import socket
import threading
from functools import partial
from typing import Any

from granian import Granian
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels

from config.environment import ENVIRONMENT
from config.garbage import look_for_garbage_seldom
from config.logs import logging_settings
from config.parents import end_with_parent
from config.slow_bodies import guarded

# Requests under way, such as those of a slow client, are cut off after this long; the supervisor waits a little longer.
SECONDS_TO_FINISH_REQUESTS = 5
# HTTP/1.0 and 1.1 only: every sender and proxy speaks them, and what is not spoken cannot be abused.
HEADERS = HTTP1Settings(
    header_read_timeout=10_000,  # milliseconds
    max_buffer_size=64 * 1024,  # bytes; of a head that is not complete then, the rest is refused with 431
)


def run_web() -> None:
    """Serve on HOST and PORT until SIGTERM. Granian forks its workers from here and starts a failed one anew."""
    server = Granian(
        "config.wsgi:application",
        address=ENVIRONMENT.host,
        port=ENVIRONMENT.port,
        interface=Interfaces.WSGI,
        http=HTTPModes.http1,
        http1_settings=HEADERS,
        websockets=False,
        workers=ENVIRONMENT.web_workers,
        blocking_threads=ENVIRONMENT.web_threads,
        respawn_failed_workers=True,
        workers_kill_timeout=SECONDS_TO_FINISH_REQUESTS,
        log_level=LogLevels.error,
        log_dictconfig=logging_settings(ENVIRONMENT),
    )
    server.serve(target_loader=partial(load_application, os.getpid()), wrap_loader=False)


def load_application(parent: int) -> Any:
    """Called once in each of Granian's processes: the WSGI application, with all that runs beside it started."""
    # Until Granian sets handlers of its own, this process has those of the one it was forked from, which take a signal
    # and do nothing here: who was told to end while it loaded went on for ever, without a parent, on the same port.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)
    end_with_parent(parent)
    from config.wsgi import application

    end_waits_when_stopped()
    if not ENVIRONMENT.redis_url:
        from config.celery import app
        from config.workers import CeleryThreads

        app.loader.import_default_modules()  # a task that cannot be imported is a reason not to serve
        threads = CeleryThreads()
        threads.start()
        # A process of multiprocessing ends without atexit; this is its own list of what to do before.
        multiprocessing.util.Finalize(None, threads.stop, exitpriority=10)
    look_for_garbage_seldom()
    return guarded(application, ENVIRONMENT.port, ENVIRONMENT.web_threads)


def end_waits_when_stopped() -> None:
    """Answers the requests that ?wait= holds as soon as this process is told to stop: else Granian cuts them off.

    Granian sets its own handlers of signals after this, and waits in native code. Python writes the number of a signal
    to this socket whoever handles it, and a thread reads it there.
    """
    told, tells = socket.socketpair()
    tells.setblocking(False)
    signal.set_wakeup_fd(tells.fileno(), warn_on_full_buffer=False)
    threading.Thread(target=_listen, args=(told, tells), name="stop-listener", daemon=True).start()


def _listen(told: socket.socket, _tells: socket.socket) -> None:
    """Holds both ends for as long as the process lives."""
    from events.waits import end_waits

    while number := told.recv(1):
        if number[0] in (signal.SIGTERM, signal.SIGINT):
            end_waits()
