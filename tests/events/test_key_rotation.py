"""A source changes its key without a request that is refused: the new one beside the old, then the old one ended."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction

from account.models import AuditEntry
from events import keys
from events.key_rotation import rotate_key
from events.models import ApiKey, Event, SourceKind
from tests.callers import basic, bearer, make_key

pytestmark = pytest.mark.django_db
EVENT = {"eventTypeKey": "seen", "keyValue": "k"}


@pytest.fixture(autouse=True)
def _no_keys_held():
    keys.forget_keys()


def send(client, headers) -> int:
    return client.post("/api/v1/event", EVENT, content_type="application/json", headers=headers).status_code


def run(*arguments: str) -> tuple[str, str]:
    out, err = StringIO(), StringIO()
    call_command(*arguments, stdout=out, stderr=err)
    return out.getvalue().strip(), err.getvalue()


def test_two_live_keys_of_a_source_work_side_by_side_until_the_old_one_is_revoked(client):
    old, _ = run("create_source", "shop")
    assert send(client, bearer(old)) == 200
    new, _ = run("create_source", "shop")
    assert [send(client, bearer(key)) for key in (old, new)] == [200, 200]
    assert [send(client, basic(key)) for key in (old, new)] == [200, 200]
    out, said = run("revoke_key", old.split("_")[1])
    assert [send(client, bearer(key)) for key in (old, new)] == [401, 200]
    assert set(Event.objects.values_list("source__name", flat=True)) == {"shop"}
    assert (out, old.split("_", 2)[2] in said) == ("", False)
    assert list(AuditEntry.objects.order_by("pk").values_list("actor", "action")) == [
        ("manage.py create_source", "source.created"),
        ("manage.py create_source", "api_key.created"),
        ("manage.py create_source", "api_key.created"),
        ("manage.py revoke_key", "api_key.revoked"),
    ]


def test_each_of_the_two_keys_has_scopes_expiry_and_limit_of_its_own(client):
    old = make_key("shop", scopes=["read"])
    new = make_key("shop", requests_per_minute=7)
    assert [send(client, bearer(key)) for key in (old, new)] == [403, 200]
    assert [keys.authenticate(key).requests_per_minute for key in (old, new)] == [None, 7]


def test_a_key_that_is_revoked_meanwhile_gets_no_successor():
    make_key()
    key_id = ApiKey.objects.get().pk
    keys.revoke_key(key_id)
    assert rotate_key(key_id, timedelta(hours=1), "user olha") is None
    assert ApiKey.objects.count() == 1
    assert not AuditEntry.objects.exists()


def test_revoking_a_key_that_is_not_there_or_has_ended_is_told():
    key = make_key()
    prefix = key.split("_")[1]
    with pytest.raises(CommandError, match="There is no key with this prefix") as refusal:
        run("revoke_key", key)
    assert key not in str(refusal.value)
    run("revoke_key", prefix)
    ended = ApiKey.objects.get().revoked_at
    with pytest.raises(CommandError, match="was revoked before"):
        run("revoke_key", f"{prefix}…")
    assert ApiKey.objects.get().revoked_at == ended


def test_create_source_gives_the_limit_that_is_asked_for_and_refuses_one_that_means_nothing():
    key, _ = run("create_source", "shop", "--requests-per-minute", "600")
    assert keys.authenticate(key).requests_per_minute == 600
    for wrong in ("0", "-1", "1.5", "x", "1000001", "9" * 5000):
        with pytest.raises(CommandError):
            run("create_source", "shop", "--requests-per-minute", wrong)
    assert ApiKey.objects.count() == 1


def test_a_limit_that_lets_nothing_through_is_refused_by_the_database():
    with pytest.raises(IntegrityError, match="api_key_limit_lets_something_through"), transaction.atomic():
        make_key(requests_per_minute=0)


@pytest.mark.parametrize("kind", [SourceKind.BACKEND, SourceKind.MOBILE_SDK, SourceKind.IMPORT])
def test_a_key_of_any_kind_of_source_posts(client, kind):
    assert send(client, bearer(make_key(kind.value, kind))) == 200
