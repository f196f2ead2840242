"""Stages races: what another writer does at a chosen moment, on a connection of its own."""

import threading
from collections.abc import Callable
from types import ModuleType
from typing import Any

from django.db import connection


def in_thread(work: Callable[[], Any]) -> None:
    """Runs work in another thread with a connection of its own, to its end."""

    def run() -> None:
        try:
            work()
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()


def after_first_look_up(monkeypatch, module: ModuleType, meanwhile: Callable[[], Any]) -> None:
    """Lets `meanwhile` happen, and commit, right after the module's first look-up of identifiers."""
    look_up, pending = module.find_holders, [meanwhile]

    def look_up_and_stop(keys):
        found = look_up(keys)
        if pending:
            in_thread(pending.pop())
        return found

    monkeypatch.setattr(module, "find_holders", look_up_and_stop)


def wait_until_somebody_waits_for_a_lock() -> None:
    with connection.cursor() as cursor:
        for _ in range(10_000):
            cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
            if cursor.fetchone()[0]:
                return
            cursor.execute("SELECT pg_sleep(0.001), pg_stat_clear_snapshot()")
    raise AssertionError("nobody ever waited for a lock")
