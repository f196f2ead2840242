"""What guards the console: a login that is not guessed, a policy for what its pages may load, cookies that expire."""

import os
import re
import subprocess
import sys
from datetime import timedelta

import pytest
import time_machine
from axes.models import AccessAttempt
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from config.environment import BASE_DIR

LOGIN = "/admin/login/"
PASSWORD = "correct horse battery"


@pytest.fixture
def olha(db) -> User:
    return User.objects.create_user("olha", password=PASSWORD, is_staff=True)


def sign_in(password: str, username: str = "olha", address: str = "192.0.2.1"):
    return Client(REMOTE_ADDR=address).post(LOGIN, {"username": username, "password": password})


# Guessing


def test_after_five_wrong_passwords_the_right_one_is_refused_too_with_a_page_that_says_how_long(olha):
    assert {sign_in(f"guess {n}").status_code for n in range(4)} == {200}
    assert sign_in("guess 5").status_code == 429
    refused = sign_in(PASSWORD)
    assert refused.status_code == 429
    assert refused["Retry-After"] == "900"
    assert "15 minutes" in refused.content.decode()


def test_who_is_locked_out_may_sign_in_after_a_quarter_of_an_hour(olha):
    with time_machine.travel("2026-05-14T10:00:00Z", tick=False) as clock:
        for n in range(5):
            sign_in(f"guess {n}")
        clock.shift(timedelta(minutes=14))
        assert sign_in(PASSWORD).status_code == 429
        clock.shift(timedelta(minutes=16))
        assert sign_in(PASSWORD).status_code == 302


def test_a_guesser_locks_out_neither_the_person_elsewhere_nor_others_beside_them(olha):
    User.objects.create_user("petro", password=PASSWORD, is_staff=True)
    for n in range(6):
        sign_in(f"guess {n}")
    assert sign_in(PASSWORD, address="192.0.2.2").status_code == 302
    assert sign_in(PASSWORD, username="petro").status_code == 302


def test_a_right_password_forgets_the_wrong_ones_before_it(olha):
    for _ in range(3):
        assert {sign_in(f"guess {n}").status_code for n in range(4)} == {200}
        assert sign_in(PASSWORD).status_code == 302


def test_no_password_is_kept_of_an_attempt(olha):
    sign_in("guess of a secret")
    [attempt] = AccessAttempt.objects.values()
    assert "olha" in str(attempt)
    assert "guess of a secret" not in str(attempt)


# What a page may load


def policy_of(response) -> dict[str, str]:
    parts = (part.strip().partition(" ") for part in response["Content-Security-Policy"].split(";"))
    return {name: sources for name, _, sources in parts}


@pytest.mark.parametrize("address", [LOGIN, "/admin/", "/admin/orders/order/", "/api/docs", "/admin/nowhere/"])
def test_a_page_runs_scripts_of_its_own_server_only_and_stands_in_no_frame(address, admin):
    policy = policy_of(admin.get(address))
    assert policy["default-src"] == "'self'"
    assert policy["script-src"] == "'self' 'unsafe-eval'"  # eval: Alpine, which Unfold is made with
    assert policy["object-src"] == policy["frame-ancestors"] == "'none'"
    assert policy["base-uri"] == policy["form-action"] == policy["connect-src"] == "'self'"


@pytest.mark.parametrize("address", [LOGIN, "/admin/", "/admin/orders/order/", "/admin/revenue/", "/api/docs"])
def test_no_page_holds_a_script_of_its_own_that_the_policy_would_refuse(address, admin):
    words = admin.get(address).content.decode()
    assert not re.search(r"<script(?![^>]*\bsrc=)(?![^>]*application/json)", words)
    assert not re.search(r"\son[a-z]+\s*=|javascript:", words)


def test_an_answer_for_machines_carries_no_policy(client):
    assert "Content-Security-Policy" not in client.get("/api/v1/orders")


def test_the_script_of_the_documentation_comes_from_its_own_address(client):
    page = client.get("/api/docs").content.decode()
    script = client.get(re.search(r'src="(/api/docs\?[^"]+)"', page)[1].replace("&amp;", "&"))
    assert script["Content-Type"].startswith("application/javascript")
    assert "SwaggerUIBundle" in script.content.decode()


# Sessions and cookies


def test_a_session_ends_after_twelve_hours_whatever_is_done_in_it(olha):
    with time_machine.travel("2026-05-14T08:00:00Z", tick=False) as clock:
        client = Client()
        client.post(LOGIN, {"username": "olha", "password": PASSWORD})
        clock.shift(timedelta(hours=11, minutes=59))
        assert client.get(reverse("admin:index")).status_code == 200
        clock.shift(timedelta(minutes=2))
        assert client.get(reverse("admin:index")).status_code == 302


def test_cookies_are_neither_read_by_scripts_nor_sent_from_other_sites(olha):
    session = sign_in(PASSWORD).cookies["sessionid"]
    assert session["httponly"]
    assert session["samesite"] == "Lax"


def test_with_https_the_check_for_deployment_has_nothing_to_say():
    """Secure cookies, a redirect to https, and browsers that are told to come back by https only."""
    secret_key = "".join(chr(65 + n) for n in range(60))
    environment = {**os.environ, "HTTPS": "true", "SECRET_KEY": secret_key, "ALLOWED_HOSTS": "shop.example"}
    command = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    result = subprocess.run(command, env=environment, cwd=BASE_DIR, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stdout) == (0, "System check identified no issues (5 silenced).\n"), result.stderr


def test_behind_https_health_is_told_without_a_redirect(client, settings):
    settings.SECURE_SSL_REDIRECT = True
    assert client.get("/admin/login/").status_code == 301
    assert client.get("/healthz").status_code == 200
