"""The console speaks its reader's language, the API English; numbers in attributes stay as browsers read them."""

import re

import pytest
from django.test import Client
from django.utils import translation

from orders.models import Order
from orders.summaries import rebuild_all
from tests.console.addresses import console_addresses
from tests.console.reading import markup, page_text, text_of
from tests.console.things import make_things
from tests.events.building import ITEM, created, drain, post
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


LABEL = re.compile(r"<label[^>]*>(.*?)</label>", re.DOTALL)
CYRILLIC = re.compile("[\u0400-\u04ff]")


@pytest.mark.parametrize("language", ["uk", "ru"])
def test_every_input_of_every_form_is_called_in_the_readers_language(language, admin):
    make_things()
    english, read = {}, 0
    for path in [address.filled() for address in console_addresses() if address.template.endswith("/add/")]:
        page = admin.get(path, headers={"Accept-Language": language})
        if page.status_code != 200 or "/auth/" in path:
            continue
        labels = [text_of(label) for label in LABEL.findall(markup(page).split('id="content', 1)[1])]
        read += len(labels)
        # A status is a code of the API and stands as it is; an id is one in every language.
        if found := [label for label in labels if not CYRILLIC.search(label) and not re.fullmatch("[A-Z_]+|Id", label)]:
            english[path] = found
    assert english == {}
    assert read > 30


def test_plain_words_of_the_product_are_told_in_the_readers_language(admin):
    make_things()
    created("2001", items=[ITEM])
    created("2002", externalCustomerId="nobody")
    drain()
    rules = markup(admin.get("/admin/contacts/matchingrule/", headers=UKRAINIAN))
    assert "зовнішній id клієнта" in rules
    assert ">external customer id<" not in rules
    assert ">loyaltyCard<" in rules  # a kind that staff declared, as they wrote it
    overview = page_text(admin.get("/admin/", headers=UKRAINIAN))
    assert "застосовано" in overview
    assert "Ідентифікатори в події не належать жодному контакту" in overview
    order_id = Order.objects.get(external_order_id="2001").pk
    assert "1 товар" in page_text(admin.get(f"/admin/orders/order/{order_id}/change/", headers=UKRAINIAN))
    shares = page_text(admin.get("/admin/events/eventtype/", headers=UKRAINIAN))
    assert re.search(r"\d,\d %", shares)


def test_english_says_the_words_of_the_api(admin):
    make_things()
    assert ">external customer id<" in markup(admin.get("/admin/contacts/matchingrule/"))
    assert "applied" in page_text(admin.get("/admin/"))


def test_what_is_wrong_with_an_address_is_said_in_the_readers_language(admin):
    typed = {"name": "warehouse", "url": "http://user:secret@shop.example/", "topics": ["order.changed"]}
    answer = admin.post("/admin/webhooks/subscription/add/", typed, headers=UKRAINIAN)
    assert "Приберіть ім’я користувача й пароль" in page_text(answer)
