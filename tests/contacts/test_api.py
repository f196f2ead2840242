"""The contact endpoints: what is taken, what is answered, and every refusal in one form."""

import gzip
import json

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from contacts import saving
from contacts.models import Contact, Group, Identifier
from contacts.uniqueness import LostRaceError
from events.keys import issue_key
from events.models import Source
from tests.factories import make_contact, make_kind

pytestmark = pytest.mark.django_db

ANNA = {
    "firstName": "Anna",
    "lastName": "Koval",
    "channels": [{"type": "email", "value": "anna@example.com"}, {"type": "sms", "value": "380501234567"}],
    "externalCustomerId": "AV13760",
    "contactKey": "K1",
    "address": {"town": "Kyiv", "postcode": "01001"},
    "fields": [{"id": 30, "value": "x"}, {"name": "size", "value": 42}],
    "groups": ["VIP"],
}

VIP = Group(id=12, name="VIP")
SHOWN = {**ANNA, "groups": [{"id": VIP.pk, "name": "VIP", "type": "Static"}]}


@pytest.fixture(autouse=True)
def vip(db):
    VIP.save(force_insert=True)


@pytest.fixture
def source():
    return Source.objects.create(name="shop")


@pytest.fixture
def shop(source):
    return Client(headers={"Authorization": f"Bearer {issue_key(source)}"})


def post(client, payload, path="/api/v1/contact", **extra):
    return client.post(
        path, payload if isinstance(payload, bytes) else json.dumps(payload), "application/json", **extra
    )


def put(client, contact_id, payload):
    return client.put(f"/api/v1/contact/{contact_id}", json.dumps(payload), "application/json")


def refusal(answer):
    """The pointers and codes of a refusal, after a look at its form."""
    body = answer.json()
    assert answer["Content-Type"] == "application/problem+json"
    assert body["status"] == answer.status_code
    assert body["message"] == body["detail"]
    return [(error["pointer"], error["code"]) for error in body["errors"]]


def test_a_contact_that_is_posted_comes_back_with_its_id(shop):
    answer = post(shop, ANNA)
    contact = Contact.objects.get()
    assert answer.status_code == 200
    assert answer.json() == {"id": contact.pk}
    assert answer["Location"] == f"/api/v1/contact/{contact.pk}"
    shown = shop.get(answer["Location"]).json()
    assert {name: shown[name] for name in ANNA} == SHOWN
    assert shown["id"] == contact.pk


def test_posting_a_contact_again_answers_with_the_same_id_and_makes_no_second_one(shop):
    first, second = post(shop, ANNA).json(), post(shop, {**ANNA, "firstName": "Hanna"}).json()
    assert first == second
    assert Contact.objects.get().first_name == "Hanna"


def test_every_address_works_with_a_trailing_slash(shop):
    contact_id = post(shop, ANNA, "/api/v1/contact/").json()["id"]
    assert shop.get(f"/api/v1/contact/{contact_id}/").json() == shop.get(f"/api/v1/contact/{contact_id}").json()


def test_a_gzipped_contact_is_taken(shop):
    answer = post(shop, gzip.compress(json.dumps(ANNA).encode()), headers={"Content-Encoding": "gzip"})
    assert answer.status_code == 200


def test_a_put_replaces_what_it_says_and_answers_with_the_contact(shop):
    contact_id = post(shop, ANNA).json()["id"]
    answer = put(shop, contact_id, {"lastName": "", "channels": [{"type": "sms", "value": "0507654321"}]})
    assert answer.status_code == 200
    assert answer.json() == shop.get(f"/api/v1/contact/{contact_id}").json()
    assert {name: answer.json()[name] for name in ANNA} == {
        **SHOWN,
        "lastName": "",
        "channels": [ANNA["channels"][0], {"type": "sms", "value": "0507654321"}],
    }


def test_identifiers_of_two_contacts_are_a_409_with_both_ids(shop):
    one, two = make_contact(external_customer_id="AV13760"), make_contact(email="anna@example.com")
    answer = post(shop, ANNA)
    assert answer.status_code == 409
    assert refusal(answer) == [
        ("/externalCustomerId", "identifier_taken"),
        ("/channels/0/value", "identifier_taken"),
    ]
    assert answer.json()["contactIds"] == [one.pk, two.pk]
    assert f"({one.pk}, {two.pk})" in answer.json()["detail"]
    assert set(Contact.objects.values_list("first_name", flat=True)) == {""}
    assert Identifier.objects.count() == 2


def test_a_put_that_takes_anothers_identifier_is_a_409_with_both_ids(shop):
    one, two = make_contact(external_customer_id="C1"), make_contact(email="anna@example.com")
    answer = put(shop, one.pk, {"channels": [{"type": "email", "value": "ANNA@example.com"}]})
    assert answer.status_code == 409
    assert answer.json()["contactIds"] == [one.pk, two.pk]
    assert refusal(answer) == [("/channels/0/value", "identifier_taken")]
    assert list(one.identifiers.values_list("value", flat=True)) == ["C1"]


def test_an_identifier_of_a_deleted_contact_is_a_409_that_says_so(shop):
    gone = make_contact(email="anna@example.com", is_deleted=True)
    answer = post(shop, {"channels": ANNA["channels"]})
    assert answer.status_code == 409
    assert answer.json()["contactIds"] == [gone.pk]
    assert "deleted" in answer.json()["detail"]


@pytest.mark.parametrize("contact_id", ["0", "1", "-1", "abc", "042", "9" * 30, "%D9%A4", "1.0"])
def test_an_unknown_contact_is_a_404(shop, contact_id):
    assert refusal(shop.get(f"/api/v1/contact/{contact_id}"))[0][1] == "not_found"
    answer = put(shop, contact_id, {"firstName": "Anna"})
    assert answer.status_code == 404
    assert refusal(answer)


def test_a_deleted_contact_is_a_404(shop):
    contact = make_contact(is_deleted=True)
    assert shop.get(f"/api/v1/contact/{contact.pk}").status_code == 404
    assert put(shop, contact.pk, {"firstName": "Anna"}).status_code == 404


def test_an_id_in_the_body_that_is_nobodys_is_a_400(shop):
    answer = post(shop, {"id": 5_000_000, "firstName": "Anna"})
    assert answer.status_code == 400
    assert refusal(answer) == [("/id", "contact_not_found")]


def test_all_problems_are_answered_at_once(shop):
    answer = post(shop, {**ANNA, "firstName": [], "channels": [{"type": "fax", "value": "1"}], "groups": [5]})
    assert answer.status_code == 400
    assert refusal(answer) == [
        ("/channels/0", "invalid_parameter"),
        ("/firstName", "invalid_parameter"),
        ("/groups/0", "invalid_parameter"),
    ]
    assert answer.json()["errors"][1]["found"] == "[]"
    assert answer.json()["errors"][1]["expected"] == "a text of at most 2,000 characters"
    assert Contact.objects.count() == 0


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"[]", 400),
        (b"5", 400),
        (b"null", 400),
        (b"\xff", 400),
        (b'{"firstName": NaN}', 400),
        (b'{"externalCustomerId": "a\\u0000"}', 400),
        (b'{"externalCustomerId": "\\ud800"}', 400),
        (b'{"\\u0000": 1, "externalCustomerId": "a"}', 400),
        (b'{"externalCustomerId": "a", "fields": [{"name": "a", "value": 1e999999999}]}', 400),
        (b'{"externalCustomerId": "a", "fields": [{"name": "a", "value": ' + b"9" * 5_000 + b"}]}", 400),
        (b'{"externalCustomerId": "a", "x": ' + b"[" * 70 + b"]" * 70 + b"}", 400),
        (b'{"externalCustomerId": "' + b"x" * 2_000_000 + b'"}', 413),
        ('{"channels": [{"type": "sms", "value": "١٢"}]}'.encode(), 200),
        ('{"externalCustomerId": "👩‍👩‍👧 \\u202e"}'.encode(), 200),
    ],
)
def test_no_body_is_a_500(shop, body, status):
    answer = post(shop, body)
    assert answer.status_code == status
    if status != 200:
        assert refusal(answer)
        assert Contact.objects.count() == 0


def test_a_wrong_content_type_is_a_415_and_a_wrong_method_a_405(shop):
    assert shop.post("/api/v1/contact", "a=1", "application/x-www-form-urlencoded").status_code == 415
    answer = shop.patch("/api/v1/contact/1", "{}", "application/json")
    assert (answer.status_code, answer["Allow"]) == (405, "GET, PUT, DELETE, HEAD, OPTIONS")
    assert shop.get("/api/v1/contact").status_code == 405


def test_a_field_of_a_declared_kind_is_an_identifier(shop):
    make_kind("loyaltyCard")
    first = post(shop, {"fields": [{"name": "loyaltyCard", "value": "77"}], "firstName": "Anna"}).json()
    assert post(shop, {"fields": [{"name": "loyaltyCard", "value": 77}], "lastName": "Koval"}).json() == first
    assert (Contact.objects.get().first_name, Contact.objects.get().last_name) == ("Anna", "Koval")


# --- who may -----------------------------------------------------------------------------------------------------


def test_without_a_key_nothing_is_told(client):
    contact = make_contact()
    for answer in (post(client, ANNA), client.get(f"/api/v1/contact/{contact.pk}"), put(client, contact.pk, ANNA)):
        assert answer.status_code == 401
        assert refusal(answer)
        assert answer["WWW-Authenticate"]
    assert Contact.objects.count() == 1


@pytest.mark.parametrize(("scope", "statuses"), [("read", [403, 200, 403]), ("contacts:write", [200, 403, 200])])
def test_reading_and_writing_need_a_scope_each(source, scope, statuses):
    contact = make_contact()
    client = Client(headers={"Authorization": f"Bearer {issue_key(source, [scope])}"})
    answers = [
        post(client, ANNA),
        client.get(f"/api/v1/contact/{contact.pk}"),
        put(client, contact.pk, {"firstName": "Anna"}),
    ]
    assert [answer.status_code for answer in answers] == statuses


def test_a_console_user_with_the_permission_may_read_and_may_not_write(client):
    contact = make_contact()
    user = User.objects.create_user("anna")
    client.force_login(user)
    assert client.get(f"/api/v1/contact/{contact.pk}").status_code == 403
    user.user_permissions.add(Permission.objects.get(codename="view_contact"))
    assert client.get(f"/api/v1/contact/{contact.pk}").status_code == 200
    assert put(client, contact.pk, {"firstName": "Anna"}).status_code == 401


def test_a_contact_that_others_keep_changing_is_a_503_with_retry_after(shop, monkeypatch):
    def lose(changes, actor):
        raise LostRaceError

    monkeypatch.setattr(saving, "save_contacts", lose)
    answer = post(shop, ANNA)
    assert answer.status_code == 503
    assert answer["Retry-After"]
    assert refusal(answer)


def test_a_post_is_a_handful_of_statements(shop, django_assert_max_num_queries):
    post(shop, ANNA)
    with django_assert_max_num_queries(11):
        post(shop, {**ANNA, "externalCustomerId": "C2", "contactKey": "K2", "channels": []})


def test_the_endpoints_stand_in_the_openapi_document(client):
    document = client.get("/api/schema").json()
    assert set(document["paths"]["/api/v1/contact"]) == {"post", "delete"}
    assert set(document["paths"]["/api/v1/contact/{contact_id}"]) == {"get", "put", "delete"}
    shown = document["components"]["schemas"]["Contact"]["properties"]
    assert set(shown) == {*ANNA, "id", "createdAt", "updatedAt"}
    assert set(document["components"]["schemas"]["SentContact"]["properties"]) == {*ANNA, "id"}
