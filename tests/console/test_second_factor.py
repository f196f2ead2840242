"""The second factor: a code beside the password, recovery codes, the lock that counts wrong codes, a lost device."""

import re
from datetime import timedelta
from io import StringIO

import pytest
import time_machine
from axes.models import AccessAttempt
from django.contrib.auth.models import Permission, User
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django_otp.oath import TOTP
from django_otp.plugins.otp_static.models import StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from account.models import AuditEntry
from tests.console.reading import markup, page_text, text_of

LOGIN, CODE, OWN = "/admin/login/", "/admin/login/code/", "/admin/second-factor/"
PASSWORD = "correct horse battery"


@pytest.fixture
def clock():
    """Stands still, so that each code holds until a test moves on."""
    with time_machine.travel("2026-05-14T10:00:00Z", tick=False) as traveller:
        yield traveller


@pytest.fixture
def olha(db, clock) -> User:
    return User.objects.create_user("olha", password=PASSWORD, is_staff=True)


def code_of(user: User) -> str:
    """What the app shows now."""
    device = TOTPDevice.objects.get(user=user)
    return f"{TOTP(device.bin_key, device.step, device.t0, device.digits).token():06d}"


def wrong_code_of(user: User) -> str:
    return f"{(int(code_of(user)) + 1) % 1_000_000:06d}"


def set_up(user: User, clock) -> list[str]:
    """Goes through the page as its owner does; the recovery codes. The next code is there, too."""
    client = Client()
    client.force_login(user)
    client.get(OWN)
    answer = client.post(OWN, {"do": "enable", "code": code_of(user)})
    clock.shift(timedelta(seconds=60))
    return re.findall(r"\b[a-z2-9]{4}-[a-z2-9]{4}-[a-z2-9]{4}\b", markup(answer))


def password_step(client: Client | None = None, to: str = "") -> Client:
    client = client or Client(REMOTE_ADDR="192.0.2.1")
    answer = client.post(f"{LOGIN}?next={to}" if to else LOGIN, {"username": "olha", "password": PASSWORD})
    assert (answer.status_code, answer["Location"]) == (302, CODE)
    return client


def is_signed_in(client: Client) -> bool:
    return client.get(reverse("admin:index")).status_code == 200


def told(action: str) -> list[tuple[str, str]]:
    return list(AuditEntry.objects.filter(action=action).values_list("actor", "what"))


# Setting up


def test_a_factor_is_set_up_by_a_code_of_the_secret_that_the_page_shows(olha, clock):
    client = Client()
    client.force_login(olha)
    page = client.get(OWN)
    assert 'src="/admin/second-factor/picture/"' in markup(page)
    picture = client.get("/admin/second-factor/picture/")
    assert picture["Content-Type"] == "image/svg+xml"
    assert "no-store" in picture["Cache-Control"]
    secret = re.search(r"(?:[A-Z2-7]{4} ){7}[A-Z2-7]{4}", page_text(page))[0]
    assert markup(client.get(OWN)).count(secret) == 1  # a page that is loaded again shows what was scanned
    codes = set_up(olha, clock)
    assert len(set(codes)) == 10
    assert "10 recovery codes are left" in page_text(client.get(OWN))
    assert secret not in markup(client.get(OWN))
    assert client.get("/admin/second-factor/picture/").status_code == 404
    assert told("second_factor.enabled") == [("user olha", "user olha")]


def test_a_wrong_code_sets_up_nothing(olha):
    client = Client()
    client.force_login(olha)
    client.get(OWN)
    for code in (wrong_code_of(olha), "", "x" * 65, "１２３４５６", "\0"):
        assert client.post(OWN, {"do": "enable", "code": code}).status_code == 200
    assert not TOTPDevice.objects.filter(confirmed=True).exists()
    assert told("second_factor.enabled") == []


def test_neither_recovery_codes_nor_an_attempts_code_are_kept_as_they_are(olha, clock):
    codes = set_up(olha, clock)
    client = password_step()
    client.post(CODE, {"code": "abcd-efgh-ijkm"})
    kept = f"{list(StaticToken.objects.values())} {list(AccessAttempt.objects.values())}"
    assert not any(code in kept or code.replace("-", "") in kept for code in codes)
    assert "abcd-efgh-ijkm" not in kept


# Signing in


def test_the_password_alone_signs_nobody_in_who_has_a_factor(olha, clock):
    set_up(olha, clock)
    client = password_step()
    assert not is_signed_in(client)
    assert client.get("/api/v1/orders").status_code == 401
    assert client.post(CODE, {"code": code_of(olha)})["Location"] == reverse("admin:index")
    assert is_signed_in(client)


def test_the_code_leads_to_where_the_login_was_asked_for_and_never_elsewhere(olha, clock):
    set_up(olha, clock)
    client = password_step(to="/admin/orders/order/")
    assert client.post(CODE, {"code": code_of(olha)})["Location"] == "/admin/orders/order/"
    clock.shift(timedelta(seconds=60))
    elsewhere = password_step(to="https://elsewhere.example/")
    assert elsewhere.post(CODE, {"code": code_of(olha)})["Location"] == reverse("admin:index")


def test_a_code_and_a_recovery_code_hold_once(olha, clock):
    [recovery, *_] = set_up(olha, clock)
    code = code_of(olha)
    assert password_step().post(CODE, {"code": f" {code[:3]} {code[3:]} "}).status_code == 302
    assert password_step().post(CODE, {"code": code}).status_code == 200
    assert password_step().post(CODE, {"code": recovery.upper()}).status_code == 302
    assert password_step().post(CODE, {"code": recovery}).status_code == 200
    assert StaticToken.objects.count() == 9


def test_who_gave_no_password_or_gave_it_too_long_ago_is_led_back_to_it(olha, clock):
    set_up(olha, clock)
    assert Client().get(CODE)["Location"] == LOGIN
    late = password_step()
    clock.shift(timedelta(minutes=5))
    answer = late.post(CODE, {"code": code_of(olha)})
    assert (answer["Location"], is_signed_in(late)) == (LOGIN, False)


def test_a_password_that_was_changed_meanwhile_or_a_user_who_was_switched_off_opens_nothing(olha, clock):
    set_up(olha, clock)
    changed = password_step()
    olha.set_password("another one")
    olha.save()
    assert changed.post(CODE, {"code": code_of(olha)})["Location"] == LOGIN
    olha.set_password(PASSWORD)
    olha.save()
    switched_off = password_step()
    User.objects.update(is_active=False)
    assert switched_off.post(CODE, {"code": code_of(olha)})["Location"] == LOGIN


def test_who_has_no_factor_signs_in_by_the_password(olha):
    client = Client()
    assert client.post(LOGIN, {"username": "olha", "password": PASSWORD})["Location"] == reverse("admin:index")
    assert is_signed_in(client)


# Guessing


def test_five_wrong_codes_lock_the_name_out_at_the_address_as_wrong_passwords_do(olha, clock):
    set_up(olha, clock)
    client = password_step()
    assert {client.post(CODE, {"code": wrong_code_of(olha)}).status_code for _ in range(4)} == {200}
    assert client.post(CODE, {"code": wrong_code_of(olha)}).status_code == 429
    refused = client.post(CODE, {"code": code_of(olha)})
    assert (refused.status_code, refused["Retry-After"], is_signed_in(client)) == (429, "900", False)
    assert Client(REMOTE_ADDR="192.0.2.1").post(LOGIN, {"username": "olha", "password": PASSWORD}).status_code == 429


def test_wrong_passwords_and_wrong_codes_are_counted_together_and_a_right_password_forgets_none(olha, clock):
    set_up(olha, clock)
    client = Client(REMOTE_ADDR="192.0.2.1")
    for _ in range(2):
        client.post(LOGIN, {"username": "olha", "password": "guess"})
    for _ in range(2):
        assert password_step(client).post(CODE, {"code": wrong_code_of(olha)}).status_code == 200
    assert password_step(client).post(CODE, {"code": wrong_code_of(olha)}).status_code == 429


def test_after_a_wrong_code_even_the_right_one_waits_from_whatever_address(olha, clock):
    set_up(olha, clock)
    password_step().post(CODE, {"code": wrong_code_of(olha)})
    elsewhere = password_step(Client(REMOTE_ADDR="192.0.2.2"))
    assert elsewhere.post(CODE, {"code": code_of(olha)}).status_code == 200
    clock.shift(timedelta(seconds=2))
    assert elsewhere.post(CODE, {"code": code_of(olha)}).status_code == 302


# New codes, turning off, a lost device


def test_new_recovery_codes_and_turning_off_take_a_code(olha, clock):
    old = set_up(olha, clock)
    client = Client()
    client.force_login(olha)
    assert client.post(OWN, {"do": "disable", "code": wrong_code_of(olha)}).status_code == 200
    clock.shift(timedelta(seconds=60))
    answer = client.post(OWN, {"do": "replace", "code": code_of(olha)})
    assert old[0] not in markup(answer)
    assert told("recovery_codes.replaced") == [("user olha", "user olha")]
    clock.shift(timedelta(seconds=60))
    assert client.post(OWN, {"do": "disable", "code": code_of(olha)}).status_code == 302
    assert told("second_factor.disabled") == [("user olha", "user olha")]
    assert not TOTPDevice.objects.filter(confirmed=True).exists()
    assert not StaticToken.objects.exists()


def test_an_administrator_resets_the_factor_of_who_lost_the_device(olha, clock, admin):
    set_up(olha, clock)
    address = reverse("admin:auth_user_reset_second_factor", args=[olha.pk])
    assert "Reset the second factor of olha?" in page_text(admin.get(address))
    assert told("second_factor.reset") == []
    admin.post(address)
    assert told("second_factor.reset") == [("user admin", "user olha")]
    assert "off: the password alone signs in" in page_text_of_form(
        admin.get(reverse("admin:auth_user_change", args=[olha.pk]))
    )
    assert Client().post(LOGIN, {"username": "olha", "password": PASSWORD})["Location"] == reverse("admin:index")


def page_text_of_form(answer) -> str:
    return text_of(markup(answer))


def test_nobody_resets_the_factor_of_who_may_do_more_than_they_may(olha, clock, staff):
    User.objects.filter(pk=olha.pk).update(is_superuser=True)
    set_up(olha, clock)
    answer = staff("auth.change_user").post(reverse("admin:auth_user_reset_second_factor", args=[olha.pk]))
    assert answer.status_code == 403
    assert TOTPDevice.objects.filter(confirmed=True).exists()


def test_a_command_resets_it_too_and_says_whose_it_cannot(olha, clock):
    set_up(olha, clock)
    call_command("reset_second_factor", "olha", stdout=StringIO())
    assert told("second_factor.reset") == [("manage.py reset_second_factor", "user olha")]
    for name, words in (("olha", "has no second factor"), ("nobody", "There is no user")):
        with pytest.raises(CommandError, match=words):
            call_command("reset_second_factor", name)


def test_no_page_of_the_console_shows_a_secret_again(olha, clock, admin):
    set_up(olha, clock)
    assert not Permission.objects.filter(codename="view_totpdevice", group__isnull=False).exists()
    for address in ("/admin/otp_totp/totpdevice/", "/admin/otp_static/staticdevice/"):
        assert admin.get(address).status_code == 404
