"""What every test shares."""

import gc
from typing import Any
from unittest import mock

import pytest
from django.db import connection
from django.test import override_settings
from hypothesis import settings
from whitenoise.middleware import WhiteNoiseMiddleware

from events import processing
from events.basis import forget_basis
from events.floors import Floors
from tests.emptying import MigratedRows, emptying_statements
from tests.http.documented import _answers_are_documented, _answers_are_watched  # noqa: F401 - fixtures of all tests
from webhooks import outbox

# No test is timed: the machine may be busy with others.
settings.register_profile("orderloom", deadline=None)
settings.load_profile("orderloom")

UNBLOCK = pytest.StashKey[Any]()


def pytest_collection_finish() -> None:
    """Thousands of tests and modules live to the end: no later look for garbage has to go through them again."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True, scope="session")
def _what_takes_long_is_done_once():
    """A hash of a password is slow by intent, and each test client lists all static files anew: some thousand do.

    Passwords are hashed as shipped where a whole Orderloom runs: tests/config/test_no_secret_in_logs.py, tests/demo.
    """
    found: list[dict[str, Any]] = []
    find = WhiteNoiseMiddleware.add_files_from_finders

    def find_once(self: WhiteNoiseMiddleware) -> None:
        if not found:
            find(self)
            found.append(dict(self.files))
        self.files.update(found[0])

    fast = override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"])
    with fast, mock.patch.object(WhiteNoiseMiddleware, "add_files_from_finders", find_once):
        yield


@pytest.fixture(autouse=True)
def _rows_of_migrations_survive(_rows_of_migrations, django_db_serialized_rollback):
    """A test that commits empties all tables at its end; the rows that migrations made come back for the next one."""


@pytest.fixture(autouse=True)
def _no_memory_of_another_test(monkeypatch):
    """What a process has learnt of its lanes (events/floors.py) holds for positions that only rise, and tests set them;
    who is to be told (webhooks/outbox.py) and the basis of decisions are gone with the tables."""
    monkeypatch.setattr(processing, "_floors", Floors())
    monkeypatch.setattr(outbox, "_cached", None)
    forget_basis()


@pytest.fixture(scope="session")
def _rows_of_migrations(request, django_db_setup, django_db_blocker):
    """pytest-django keeps those rows only for tests whose own mark asks for it; here every test gets them.

    Emptying and restoring are done with a few statements in place of Django's: a second for each of these tests.
    """
    request.config.stash[UNBLOCK] = django_db_blocker.unblock
    with django_db_blocker.unblock():
        rows = MigratedRows()
    connection._test_serialized_contents = ""  # that there is something to restore
    connection.creation.deserialize_db_from_string = lambda _: rows.restore()
    connection.ops.sql_flush = emptying_statements


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item, nextitem):
    """Puts them back at once. Django does so when the next test that commits begins, but a process of pytest-xdist
    that ran out of those goes on with tests that roll back."""
    result = yield
    unblock = item.config.stash.get(UNBLOCK, None)
    if unblock and nextitem:  # after the last one the database is gone
        with unblock():
            connection.creation.deserialize_db_from_string("")
    return result


@pytest.fixture(scope="session", autouse=True)
def _nobody_stays_connected(django_db_setup, django_db_blocker):
    """Threads of a process (the inbox's committer, a live server's) end with it; the database is dropped before."""
    yield
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
