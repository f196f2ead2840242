"""When a key was last used is written by no request, and once a minute at most."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from events import key_use, keys
from events.models import ApiKey
from tests.acceptance.stack import wait_until
from tests.callers import make_key

pytestmark = pytest.mark.django_db(transaction=True)  # another thread writes, and has to see the keys


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    """A clock that a test moves; what is due is written at once."""
    keys.forget_keys()
    key_use.forget_uses()
    monkeypatch.setattr(key_use, "GATHER_SECONDS", 0.01)
    now = [1000.0]
    for module in (keys, key_use):  # and not the time module itself, by which tests wait
        monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: now[0]))
    monkeypatch.setattr(key_use, "write_uses", Counted(key_use.write_uses))
    yield now
    wait_until(lambda: key_use._uses._writer is None)


class Counted:
    """Calls what it stands for, and keeps what it was called with."""

    def __init__(self, write):
        self.write = write
        self.written: list[set[int]] = []

    def __call__(self, key_ids):
        self.write(key_ids)
        self.written.append(set(key_ids))


def written() -> list[set[int]]:
    return key_use.write_uses.written


def test_the_first_use_of_a_key_is_seen_though_no_request_writes_it():
    key = make_key()
    assert ApiKey.objects.get().last_used_at is None
    with CaptureQueriesContext(connection) as statements:
        assert keys.authenticate(key) is not None
    assert [query["sql"].partition(" ")[0] for query in statements] == ["SELECT"]
    wait_until(lambda: ApiKey.objects.get().last_used_at)
    assert timezone.now() - ApiKey.objects.get().last_used_at < timedelta(minutes=1)


def test_a_thousand_uses_in_a_minute_are_written_once_and_the_next_minute_again(clock):
    key = make_key()
    for _ in range(1000):
        clock[0] += 0.059
        assert keys.authenticate(key) is not None
    wait_until(written)
    assert len(written()) == 1
    clock[0] += 2
    keys.authenticate(key)
    wait_until(lambda: len(written()) == 2)


def test_uses_of_several_keys_are_written_by_one_statement(monkeypatch):
    monkeypatch.setattr(key_use, "GATHER_SECONDS", 0.3)
    several = [make_key(name) for name in "abc"]
    for key in several:
        keys.authenticate(key)
    wait_until(written)
    assert written() == [set(ApiKey.objects.values_list("pk", flat=True))]
    assert not ApiKey.objects.filter(last_used_at=None).exists()


def test_a_wrong_secret_and_an_expired_key_are_no_use(clock):
    key = make_key()
    expired = make_key(expires_at=timezone.now() - timedelta(seconds=1))
    assert keys.authenticate(key[:-1] + ("A" if key[-1] != "A" else "B")) is None
    assert keys.authenticate(expired) is None
    assert key_use._uses._due == set()
    assert key_use._uses._noted_at == {}


def test_a_database_that_is_away_is_told_to_the_log_and_nobody_else(monkeypatch, caplog):
    def down(_):
        raise OperationalError("no route")

    monkeypatch.setattr(key_use, "write_uses", down)
    assert keys.authenticate(make_key()) is not None
    wait_until(lambda: key_use._uses._writer is None)
    assert [record.msg["event"] for record in caplog.records] == ["keys.use_not_noted"]
