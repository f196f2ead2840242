"""The console speaks its reader's language, the API English; numbers in attributes stay as browsers read them."""

import re

import pytest
from django.test import Client
from django.utils import translation

from orders.summaries import rebuild_all
from tests.console.addresses import console_addresses
from tests.console.reading import markup
from tests.console.things import make_things
from tests.events.building import created, drain, post
from tests.factories import make_contact

UKRAINIAN = {"Accept-Language": "uk,en;q=0.5"}
NUMBERS = re.compile(r'\s(?:[xy][12]?|d[xy]|width|height|viewBox|value|min|max|step|rx)="[^"]*\d,\d')


def language_of(answer) -> str:
    return re.search(r'<html lang="(\w+)"', markup(answer))[1]


def test_the_first_language_that_the_browser_asks_for_is_spoken_and_english_else(admin):
    assert language_of(admin.get("/admin/")) == "en"
    answer = admin.get("/admin/", headers=UKRAINIAN)
    assert (language_of(answer), answer["Content-Language"]) == ("uk", "uk")
    assert "Accept-Language" in answer["Vary"]
    assert language_of(admin.get("/admin/", headers={"Accept-Language": "tlh"})) == "en"


def test_a_choice_in_the_console_is_remembered_and_comes_before_what_the_browser_asks_for(admin):
    assert 'action="/admin/language/"' in markup(admin.get("/admin/"))
    answer = admin.post("/admin/language/", {"language": "ru", "next": "/admin/orders/order/"}, headers=UKRAINIAN)
    assert answer["Location"] == "/admin/orders/order/"
    cookie = answer.cookies["django_language"]
    assert (cookie.value, cookie["max-age"], cookie["samesite"]) == ("ru", 365 * 24 * 3600, "Lax")
    assert cookie["httponly"]
    assert language_of(admin.get("/admin/", headers=UKRAINIAN)) == "ru"


@pytest.mark.parametrize("wrong", ["xx", "", "../../etc", "ru" * 500])
def test_a_language_that_there_is_not_changes_nothing(wrong, admin):
    assert "django_language" not in admin.post("/admin/language/", {"language": wrong}).cookies
    admin.cookies["django_language"] = wrong
    assert language_of(admin.get("/admin/")) == "en"


def test_the_login_speaks_it_too_in_djangos_own_words(client, db):
    assert "Пароль" in markup(client.get("/admin/login/", headers=UKRAINIAN))


def test_the_api_speaks_english_whatever_it_is_asked_for_and_whatever_was_spoken_before_it(admin):
    admin.get("/admin/", headers=UKRAINIAN)
    assert translation.get_language() == "en"
    admin.cookies["django_language"] = "uk"
    wrong = admin.get("/api/v1/orders?limit=wrong", headers=UKRAINIAN)
    english = Client().get("/api/v1/orders", headers=UKRAINIAN)
    assert wrong.status_code == 400
    assert "a number from 1 to 500" in wrong.content.decode()
    assert "Content-Language" not in wrong
    assert english.content.isascii()


@pytest.mark.parametrize("language", ["uk", "ru"])
def test_every_page_opens_in_every_language_and_its_drawings_stay_whole(language, admin):
    """A comma is the decimal sign there: in an attribute of a drawing it would break it."""
    make_things()
    make_contact(external_customer_id="C2")
    created("2001", externalCustomerId="C2", totalCost="1234567.89", date="2026-05-14T10:11:00")
    post("orderDelivered", {"externalOrderId": "2001"})
    drain()
    rebuild_all()
    opened, broken = [], {}
    for path in [address.filled() for address in console_addresses() if address.template != "logout/"]:
        answer = admin.get(path, headers={"Accept-Language": language})
        assert answer.status_code < 500, path
        if answer.status_code == 200 and answer["Content-Type"].startswith("text/html") and answer.content:
            opened.append(path)
            if found := NUMBERS.findall(markup(answer)):
                broken[path] = found[:3]
    assert broken == {}
    assert len(opened) > 30


def test_numbers_and_money_are_grouped_as_in_the_readers_language(admin):
    make_things()
    created("2001", totalCost="1234567.89")
    drain()
    assert "1,234,567.89" in markup(admin.get("/admin/orders/order/"))
    assert "1\xa0234\xa0567,89" in markup(admin.get("/admin/orders/order/", headers=UKRAINIAN))
