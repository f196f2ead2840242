"""Every refusal is application/problem+json with `message`, whoever raised what, and no input makes a 500."""

import pytest
from django.db import OperationalError

from contract.problems import RETRY_AFTER_SECONDS
from events import keys
from tests.callers import basic, make_key


@pytest.mark.parametrize(
    ("what", "status", "code"),
    [
        ("api-error", 422, "odd"),
        ("http404", 404, "not_found"),
        ("denied", 403, "permission_denied"),
        ("bad", 400, "invalid_request"),
        ("suspicious", 400, "invalid_request"),
        ("too-big", 413, "body_too_large"),
        ("unreadable", 400, "invalid_request"),
        ("operational", 503, "unavailable"),
        ("interface", 503, "unavailable"),
        ("drf-parse", 400, "invalid_request"),
        ("drf-authentication", 401, "not_authenticated"),
        ("drf-not-authenticated", 401, "not_authenticated"),
        ("drf-denied", 403, "permission_denied"),
        ("drf-not-found", 404, "not_found"),
        ("drf-method", 405, "method_not_allowed"),
        ("drf-acceptable", 406, "not_acceptable"),
        ("drf-media", 415, "unsupported_media_type"),
        ("drf-throttled", 429, "rate_limited"),
        ("drf-plain", 500, "internal_error"),
        ("bug", 500, "internal_error"),
    ],
)
def test_whatever_is_raised_is_told_in_the_one_form(anonymous, what, status, code):
    answer = anonymous.get(f"/api/test/raise/{what}")
    body = answer.json()
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, "application/problem+json")
    assert list(body) == ["type", "title", "status", "detail", "message", "errors"]
    assert (body["type"], body["status"], [error["code"] for error in body["errors"]]) == (
        "about:blank",
        status,
        [code],
    )
    assert body["message"] == body["detail"] != ""


def test_a_refusal_says_its_title_and_every_problem_with_its_pointer(anonymous):
    assert anonymous.get("/api/test/raise/api-error").json() == {
        "type": "about:blank",
        "title": "Odd",
        "status": 422,
        "detail": "It is odd.",
        "message": "It is odd.",
        "errors": [{"pointer": "/a", "code": "odd", "detail": "Odd."}],
    }


def test_the_nested_errors_of_a_serializer_become_pointers(anonymous):
    answer = anonymous.get("/api/test/raise/drf-validation")
    assert answer.status_code == 400
    assert answer.json()["errors"] == [
        {"pointer": "/items/1/url~1", "code": "invalid", "detail": "Bad."},
        {"pointer": "", "code": "invalid", "detail": "X"},
    ]
    assert answer.json()["detail"] == "Bad. (1 more problem: see errors.)"


def test_the_errors_of_a_form_become_pointers(anonymous):
    answer = anonymous.get("/api/test/raise/django-validation")
    assert answer.status_code == 400
    assert [(error["pointer"], error["detail"]) for error in answer.json()["errors"]] == [
        ("/name", "Too long."),
        ("/name", "Too odd."),
        ("", "No."),
    ]


def test_a_bug_tells_nothing_of_itself(anonymous):
    assert b"ZeroDivision" not in anonymous.get("/api/test/raise/bug").content


def test_a_refusal_that_will_pass_says_when_to_come_again(anonymous):
    assert anonymous.get("/api/test/raise/operational").headers["Retry-After"] == str(RETRY_AFTER_SECONDS)
    assert anonymous.get("/api/test/raise/drf-throttled").headers["Retry-After"] == "7"


@pytest.mark.parametrize("address", ["/api", "/api/", "/api/v1/nothing", "/api/v1/%00", "/api/v1/%ff", "/api/v9/event"])
def test_an_unknown_address_is_a_404_in_the_same_form(anonymous, address):
    answer = anonymous.get(address)
    assert (answer.status_code, answer.headers["Content-Type"]) == (404, "application/problem+json")
    assert answer.json()["detail"].endswith("see /api/docs.")


def test_pages_for_people_keep_their_own_errors(anonymous):
    assert anonymous.get("/nothing").headers["Content-Type"].startswith("text/html")
    assert anonymous.get("/page/denied").headers["Content-Type"].startswith("text/html")


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "TRACE", "BREW", "dispatch", "OPTIONSX"])
def test_a_wrong_method_is_a_405_that_names_the_right_ones(anonymous, method):
    answer = anonymous.generic(method, "/api/test/echo")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, POST, HEAD, OPTIONS")
    assert answer.json()["errors"][0]["code"] == "method_not_allowed"


def test_options_names_the_methods_to_everybody(anonymous):
    answer = anonymous.options("/api/test/echo")
    assert (answer.status_code, answer.headers["Allow"]) == (204, "GET, POST, HEAD, OPTIONS")


def test_head_is_a_get_without_its_body(client):
    answer = client.head("/api/test/echo")
    assert (answer.status_code, answer.content) == (200, b"")


def test_a_host_that_is_not_ours_is_refused_where_an_answer_would_name_it(client, settings):
    settings.ALLOWED_HOSTS = ["shop.example"]
    answer = client.get("/admin/", headers={"Host": "evil.example"})
    assert answer.status_code == 400


@pytest.mark.django_db
def test_a_database_that_is_down_while_the_key_is_looked_up_is_a_503(anonymous, monkeypatch):
    def down(*_):
        raise OperationalError("no route")

    key = make_key()
    monkeypatch.setattr(keys, "_load_key", down)
    answer = anonymous.get("/api/test/echo", headers=basic(key))
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, str(RETRY_AFTER_SECONDS))


@pytest.mark.django_db
def test_a_database_that_is_down_while_a_session_is_read_is_a_503(anonymous, monkeypatch):
    def down(*_):
        raise OperationalError("no route")

    monkeypatch.setattr("django.contrib.sessions.backends.db.SessionStore.load", down)
    anonymous.cookies["sessionid"] = "x" * 32
    answer = anonymous.get("/api/test/echo")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, str(RETRY_AFTER_SECONDS))


@pytest.mark.django_db
def test_what_a_middleware_raises_has_the_same_form(anonymous, monkeypatch):
    def down(*_):
        raise OperationalError("no route")

    monkeypatch.setattr("django.contrib.sessions.middleware.SessionMiddleware.process_request", down)
    anonymous.cookies["sessionid"] = "x" * 32
    answer = anonymous.get("/api/test/echo")
    assert (answer.status_code, answer.headers["Content-Type"]) == (503, "application/problem+json")
