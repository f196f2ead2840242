"""The edges of one contact over HTTP: channels of one type, spellings of one channel, who has it, and great size."""

import json

import pytest
from django.test import Client

from contacts.models import Contact, Identifier
from events.keys import forget_keys
from tests.callers import bearer, make_key
from tests.contacts.test_api import refusal

pytestmark = pytest.mark.django_db

PHONES = ["+380501234567", "380501234567", "0501234567", "+38 (050) 123-45-67", "00380 50 123 45 67"]
EMAILS = ["Anna.Koval@Example.COM", "anna.koval@example.com"]


@pytest.fixture
def shop() -> Client:
    forget_keys()
    return Client(headers=bearer(make_key(scopes=["contacts:write", "read"])), raise_request_exception=False)


def post(shop: Client, **members: object):
    return shop.post("/api/v1/contact", json.dumps(members), "application/json")


def put(shop: Client, contact_id: int, **members: object):
    return shop.put(f"/api/v1/contact/{contact_id}", json.dumps(members), "application/json")


def channel(kind: str, value: str) -> dict[str, str]:
    return {"type": kind, "value": value}


def channels_of(shop: Client, contact_id: int) -> list[tuple[str, str]]:
    shown = shop.get(f"/api/v1/contact/{contact_id}").json()
    return [(one["type"], one["value"]) for one in shown["channels"]]


@pytest.mark.parametrize("value", ["work@example.com", "HOME@example.com"])
def test_two_channels_of_one_type_are_both_kept_in_their_order_and_each_finds_the_contact(shop, value):
    two = [channel("email", "work@example.com"), channel("email", "home@example.com"), channel("sms", "0501234567")]
    anna = post(shop, channels=two).json()["id"]
    assert channels_of(shop, anna) == [(one["type"], one["value"]) for one in two]
    assert post(shop, externalCustomerId="C1", channels=[channel("email", value)]).json() == {"id": anna}
    # What is given replaces all of its type: the one that was sent is left.
    assert sorted(channels_of(shop, anna)) == [("email", value), ("sms", "0501234567")]


def test_a_put_of_one_of_two_channels_takes_the_other_away_and_leaves_other_types(shop):
    anna = post(shop, channels=[channel("email", "a@x.ua"), channel("email", "b@x.ua"), channel("sms", PHONES[0])])
    anna_id = anna.json()["id"]
    shown = put(shop, anna_id, channels=[channel("email", "b@x.ua")]).json()
    assert shown["channels"] == [channel("email", "b@x.ua"), channel("sms", PHONES[0])]
    assert post(shop, channels=[channel("email", "a@x.ua")]).json()["id"] != anna_id  # it is free again


@pytest.mark.parametrize("other", [channel("email", "A@x.ua"), channel("sms", PHONES[3])])
def test_a_channel_of_another_contact_is_refused_naming_both_and_nothing_changes(shop, other):
    anna = post(shop, channels=[channel("email", "a@x.ua"), channel("sms", PHONES[0])]).json()["id"]
    bob = post(shop, channels=[channel("email", "b@x.ua")], firstName="Bob").json()["id"]
    before = [list(table.objects.order_by("pk").values()) for table in (Contact, Identifier)]
    by_put = put(shop, bob, firstName="Rob", channels=[other])
    by_post = post(shop, externalCustomerId="C9", id=bob, channels=[other])
    for answer in (by_put, by_post):
        assert answer.status_code == 409
        assert answer.json()["contactIds"] == sorted([anna, bob])
        assert str(anna) in answer.json()["detail"]
        assert str(bob) in answer.json()["detail"]
        assert refusal(answer) == [("/channels/0/value", "identifier_taken")]
    assert [list(table.objects.order_by("pk").values()) for table in (Contact, Identifier)] == before


@pytest.mark.parametrize("spelling", PHONES)
@pytest.mark.parametrize("first", PHONES)
def test_one_phone_in_five_spellings_is_one_contact(shop, first, spelling):
    anna = post(shop, channels=[channel("sms", first)]).json()["id"]
    assert post(shop, channels=[channel("sms", spelling)]).json() == {"id": anna}
    assert channels_of(shop, anna) == [("sms", spelling)]
    assert list(Identifier.objects.values_list("normalized", flat=True)) == ["+380501234567"]


def test_a_phone_given_twice_in_two_spellings_is_one_channel(shop):
    anna = post(shop, channels=[channel("sms", PHONES[0]), channel("sms", PHONES[4])]).json()["id"]
    assert channels_of(shop, anna) == [("sms", PHONES[4])]
    shown = put(shop, anna, channels=[channel("sms", spelling) for spelling in PHONES]).json()
    assert len(shown["channels"]) == 1


@pytest.mark.parametrize(("first", "second"), [EMAILS, EMAILS[::-1]])
def test_one_email_in_two_cases_is_one_contact_shown_as_it_was_given_last(shop, first, second):
    anna = post(shop, channels=[channel("email", first)]).json()["id"]
    assert post(shop, channels=[channel("email", second)]).json() == {"id": anna}
    assert channels_of(shop, anna) == [("email", second)]
    assert Identifier.objects.get().normalized == "anna.koval@example.com"


def test_an_address_of_a_megabyte_is_refused_with_its_place_and_nothing_is_stored(shop):
    answer = post(shop, externalCustomerId="C1", address={"street": "x" * 1_000_000, "town": "Kyiv"})
    assert answer.status_code == 400
    assert refusal(answer) == [("/address/street", "invalid_parameter")]
    assert len(answer.content) < 2_000  # the refusal does not give it back
    assert not Contact.objects.exists()


def test_an_address_of_many_lines_and_a_body_beyond_the_limit_are_refused(shop):
    lines = post(shop, externalCustomerId="C1", address={f"line {number}": "x" for number in range(101)})
    assert (lines.status_code, refusal(lines)) == (400, [("/address", "invalid_parameter")])
    assert post(shop, externalCustomerId="C1", address={"street": "x" * 20_000_000}).status_code == 413
    assert not Contact.objects.exists()


def test_a_put_that_is_refused_leaves_the_contact_as_it_was(shop):
    anna = post(shop, channels=[channel("email", "a@x.ua")], address={"town": "Kyiv"}).json()["id"]
    before = shop.get(f"/api/v1/contact/{anna}").json()
    for members in ({"address": {"town": "x" * 1_000_000}}, {"channels": [channel("email", "no address")]}):
        assert put(shop, anna, firstName="Changed", **members).status_code == 400
    assert shop.get(f"/api/v1/contact/{anna}").json() == before


@pytest.mark.parametrize(
    "contact_id", ["0", "01", "-1", "+1", "1.0", "１", "abc", "%00", "9223372036854775808", "a" * 400]
)
def test_an_id_that_is_none_is_a_404_for_every_method(shop, contact_id):
    body = json.dumps({"firstName": "x"})
    path = f"/api/v1/contact/{contact_id}"
    assert [
        shop.get(path).status_code,
        shop.put(path, body, "application/json").status_code,
        shop.delete(path).status_code,
        shop.get(f"{path}/erasure").status_code,
    ] == [404] * 4
