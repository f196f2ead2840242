"""A key is shown once, found by its prefix, and asks the database at most once a second, right or wrong."""

import base64
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from django.contrib.auth.models import Permission, User
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction

from contract.scopes import Caller
from events import keys
from events.models import ApiKey, Source, SourceKind
from tests.callers import basic, bearer, make_key

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.http.urls")]
ECHO = "/api/test/echo"


@pytest.fixture(autouse=True)
def _no_keys_held():
    keys.forget_keys()


def get(client, headers: dict[str, str] | None = None):
    return client.get(ECHO, headers=headers)


def test_a_key_names_its_source_and_what_it_may_do():
    key = make_key("shop", SourceKind.MOBILE_SDK)
    row = ApiKey.objects.get()
    assert keys.authenticate(key) == Caller(
        key_id=row.pk,
        source_id=row.source_id,
        source_name="shop",
        source_kind="mobile_sdk",
        scopes=frozenset({"events:write", "orders:write", "contacts:write", "read"}),
    )


def test_a_key_holds_256_random_bits_and_only_its_digest_is_stored():
    key = make_key()
    _, prefix, secret = key.split("_", 2)
    assert len(base64.urlsafe_b64decode(secret + "=")) == 32
    stored = ApiKey.objects.values().get()
    assert stored["prefix"] == prefix
    assert not any(secret in str(value) for value in stored.values())
    assert make_key() != key


def test_a_digest_that_is_no_sha256_is_refused():
    source = Source.objects.create(name="shop")
    with pytest.raises(IntegrityError, match="api_key_digest_is_sha256"), transaction.atomic():
        ApiKey.objects.create(source=source, prefix="x", digest="secret")


def test_a_source_may_own_several_keys_and_a_key_the_scopes_it_was_given():
    first, second = make_key("shop"), make_key("shop", scopes=["read"])
    assert (keys.authenticate(first).source_id) == keys.authenticate(second).source_id
    assert keys.authenticate(second).scopes == {"read"}


@pytest.mark.parametrize("user", ["", "user", "ключ", "a b"])
def test_basic_takes_any_user_name_with_the_key_as_the_password(client, user):
    answer = get(client, basic(make_key("shop"), user))
    assert (answer.status_code, answer.json()) == (200, {"source": "shop", "user": ""})


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER "])
def test_bearer_takes_the_key_alone(client, scheme):
    assert get(client, {"Authorization": f"{scheme} {make_key('shop')}"}).json()["source"] == "shop"


def malformed() -> list[str]:
    def encoded(text: bytes) -> str:
        return base64.b64encode(text).decode()

    return [
        "Basic",
        "Basic ",
        "Basic !!!",
        "Basic é",
        f"Basic {encoded(b'no colon')}",
        f"Basic {encoded(b'user:')}",
        f"Basic {encoded(bytes([0xFF]))}",
        f"Basic {encoded(b':' * 10_000)}",
        "Bearer",
        "Bearer olk_",
        "Bearer olk_0123456789ab",
        "Bearer olk_0123456789ab_",
        f"Bearer olk_{'é' * 12}_x",
        "Bearer olk_0123456789a\x00_x",
        f"Bearer olk_{'0' * 5000}_x",
        "Digest username=x",
        "olk_0123456789ab_x",
        " ",
    ]


@pytest.mark.parametrize("header", malformed())
def test_a_malformed_header_is_a_401_with_the_ways_to_authenticate(client, header):
    answer = client.get(ECHO, HTTP_AUTHORIZATION=header)
    assert (answer.status_code, answer.headers["Content-Type"]) == (401, "application/problem+json")
    assert answer.headers["WWW-Authenticate"] == keys.CHALLENGE


def test_no_key_is_a_401_that_says_how_to_send_one(client):
    answer = get(client)
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, keys.CHALLENGE)
    assert "Authorization: Bearer" in answer.json()["detail"]


def test_a_key_with_one_letter_changed_is_wrong(client):
    key = make_key()
    changed = key[:-2] + ("A" if key[-2] != "A" else "B") + key[-1]
    assert get(client, bearer(key)).status_code == 200
    assert get(client, bearer(changed)).status_code == 401


def test_a_key_that_expires_stops_at_that_moment(client, time_machine):
    key = make_key(expires_at=datetime(2026, 5, 14, 12, tzinfo=UTC))
    time_machine.move_to(datetime(2026, 5, 14, 11, 59, 59, tzinfo=UTC), tick=False)
    assert get(client, bearer(key)).status_code == 200
    time_machine.shift(timedelta(seconds=1))
    assert get(client, bearer(key)).status_code == 401


def test_a_revoked_key_stops_within_a_second(client, monkeypatch):
    key = make_key()
    now = keys.time.monotonic()
    monkeypatch.setattr(keys.time, "monotonic", lambda: now)
    assert get(client, bearer(key)).status_code == 200
    ApiKey.objects.update(revoked_at=datetime.now(UTC))
    assert get(client, bearer(key)).status_code == 200  # held
    assert keys.CACHE_SECONDS <= 1
    now += keys.CACHE_SECONDS + 0.001
    assert get(client, bearer(key)).status_code == 401


def test_a_key_is_read_once_a_second_whether_it_is_right_or_wrong(django_assert_num_queries):
    key = make_key()
    unknown = "olk_0123456789ab_" + "x" * 43
    with django_assert_num_queries(2):
        for _ in range(10):
            assert keys.authenticate(key) is not None
            assert keys.authenticate(unknown) is None
            assert keys.authenticate(key + "x") is None


def test_a_new_key_is_taken_though_its_prefix_was_asked_for_before(monkeypatch):
    now = keys.time.monotonic()
    monkeypatch.setattr(keys.time, "monotonic", lambda: now)
    key = make_key()
    row = ApiKey.objects.get()
    ApiKey.objects.update(prefix="other")
    assert keys.authenticate(key) is None
    ApiKey.objects.update(prefix=row.prefix)
    now += keys.CACHE_SECONDS + 0.001
    assert keys.authenticate(key) is not None


def test_a_key_without_the_scope_is_a_403_that_names_it(client):
    answer = client.post(ECHO, {}, content_type="application/json", headers=bearer(make_key(scopes=["read"])))
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (403, "permission_denied")
    assert "events:write" in answer.json()["detail"]


def console_user(*permissions: str) -> User:
    user = User.objects.create_user("olena")
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    return user


def test_a_signed_in_user_with_the_permission_may_read(client):
    client.force_login(console_user("view_order"))
    assert get(client).json() == {"source": None, "user": "olena"}


def test_a_signed_in_user_without_the_permission_may_not_read(client):
    client.force_login(console_user())
    assert get(client).status_code == 403


def test_a_signed_in_user_needs_a_key_to_write(client):
    client.force_login(console_user("view_order"))
    answer = client.post(ECHO, {}, content_type="application/json")
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, keys.CHALLENGE)


def test_a_wrong_key_is_a_401_for_a_signed_in_user_too(client):
    client.force_login(console_user("view_order"))
    assert get(client, bearer("wrong")).status_code == 401


def test_a_keyed_request_reads_no_session_though_it_brings_one(client, django_assert_num_queries):
    client.force_login(console_user("view_order"))
    key = make_key()
    get(client, bearer(key))
    with django_assert_num_queries(0):
        assert get(client, bearer(key)).json() == {"source": "shop", "user": ""}


# --- manage.py create_source ----------------------------------------------------------------------------------------


def create_source(*arguments: str) -> tuple[str, str]:
    out, err = StringIO(), StringIO()
    call_command("create_source", *arguments, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def test_create_source_prints_the_key_alone_on_standard_output():
    out, err = create_source("My shop", "--kind", "mobile_sdk")
    assert out.count("\n") == 1
    assert keys.authenticate(out.strip()).source_name == "My shop"
    assert Source.objects.get().kind == "mobile_sdk"
    assert out.strip() not in err


def test_a_source_that_exists_gets_one_more_key_and_keeps_the_old_one():
    first, _ = create_source("shop", "--kind", "backend")
    second, _ = create_source("shop", "--kind", "backend")
    assert Source.objects.count() == 1
    assert keys.authenticate(first.strip()).source_id == keys.authenticate(second.strip()).source_id
    assert first != second


def test_a_source_of_another_kind_is_refused_and_gets_no_key():
    create_source("shop", "--kind", "backend")
    with pytest.raises(CommandError, match="is of kind backend, not import"):
        create_source("shop", "--kind", "import")
    assert ApiKey.objects.count() == 1


@pytest.mark.parametrize("name", ["", "  ", "x" * 256, "a\0b"])
def test_a_name_that_cannot_be_kept_is_refused(name):
    with pytest.raises(CommandError, match="1 to 255 characters"):
        create_source(name)
    assert not Source.objects.exists()


@pytest.mark.parametrize("arguments", [("shop", "--kind", "console"), ("shop", "--kind", "x"), ()])
def test_arguments_that_mean_nothing_are_refused(arguments):
    with pytest.raises(CommandError):
        create_source(*arguments)
    assert not Source.objects.exists()


def test_create_source_gives_the_scopes_that_are_asked_for():
    out, _ = create_source("shop", "--scope", "read", "--scope", "settings:write")
    assert keys.authenticate(out.strip()).scopes == {"read", "settings:write"}
