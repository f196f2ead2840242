"""Pages that stand alone: in words, in the reader's language, with the id by which the log finds the request."""

import re

import pytest
from django.test import Client, override_settings
from django.urls import path

from config import urls
from tests.console.reading import text_of


def fails(request):
    raise ValueError("a bug of ours, with a secret")


urlpatterns = [path("admin/fails/", fails), *urls.urlpatterns]
handler400, handler403, handler404, handler500 = urls.handler400, urls.handler403, urls.handler404, urls.handler500


def id_on(answer) -> str:
    return re.search(r"Request id: (\S+)", text_of(answer.content.decode()))[1]


@pytest.fixture
def client(db):
    return Client(raise_request_exception=False)


@override_settings(ROOT_URLCONF=__name__)
def test_a_page_that_fails_says_so_without_the_error_and_with_the_id_of_the_request(client):
    answer = client.get("/admin/fails/", headers={"X-Request-ID": "seen-by-the-proxy"})
    assert answer.status_code == 500
    assert id_on(answer) == answer["X-Request-ID"] == "seen-by-the-proxy"
    assert "This page failed" in answer.content.decode()
    assert "secret" not in answer.content.decode()


def test_a_page_that_is_not_there_or_not_allowed_tells_its_id_too(client, staff):
    lost, refused = client.get("/nowhere/"), staff().get("/admin/orders/order/")
    assert (lost.status_code, refused.status_code) == (404, 403)
    assert id_on(lost) == lost["X-Request-ID"]
    assert id_on(refused) == refused["X-Request-ID"]


def test_a_form_without_its_token_is_refused_with_what_to_do(db):
    answer = Client(enforce_csrf_checks=True).post("/admin/login/", {"username": "olha"})
    assert answer.status_code == 403
    assert "load the page again" in answer.content.decode()
    assert id_on(answer) == answer["X-Request-ID"]


def test_a_request_that_cannot_be_understood_is_told_so(client, settings):
    settings.ALLOWED_HOSTS = ["shop.example"]
    answer = client.get("/admin/", headers={"Host": "elsewhere.example"})
    assert answer.status_code == 400
    assert "cannot be understood" in answer.content.decode()


def test_what_a_sender_calls_its_request_stands_escaped(client):
    assert "<b>" not in client.get("/nowhere/", headers={"X-Request-ID": "<b>"}).content.decode()
