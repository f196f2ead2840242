"""DELETE of contacts: by id and by externalCustomerId, with and without erasing, and every refusal."""

from urllib.parse import quote

import pytest
from django.contrib.auth.models import User
from django.test import Client

from account.models import AuditEntry
from contacts.models import Contact, Erasure, Identifier
from events.keys import forget_keys
from tests.callers import bearer, make_key
from tests.factories import make_contact, make_order

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Client:
    forget_keys()
    return Client(headers=bearer(make_key(scopes=["contacts:write", "read"])))


def answered(response) -> tuple[int, object]:
    return response.status_code, response.json()


def problems(response) -> list[tuple[str, str]]:
    assert response["Content-Type"] == "application/problem+json"
    return [(one.get("parameter", ""), one["code"]) for one in response.json()["errors"]]


@pytest.mark.parametrize("slash", ["", "/"])
def test_a_deleted_contact_is_gone_for_readers_and_its_orders_stay(shop, slash):
    anna = make_contact(email="anna@example.com")
    order = make_order(contact=anna)
    assert answered(shop.delete(f"/api/v1/contact/{anna.pk}{slash}")) == (200, {"id": anna.pk, "status": "deleted"})
    refused = shop.get(f"/api/v1/contact/{anna.pk}")
    assert (refused.status_code, refused.json()["detail"]) == (404, f"The contact {anna.pk} is deleted.")
    assert shop.get(f"/api/v1/orders/{order.pk}").json()["contactId"] == anna.pk
    assert Identifier.objects.get().value == "anna@example.com"


@pytest.mark.parametrize("customer", ["C1", "Ж/1?&=%", "a b", " ", "0", "x" * 255])
@pytest.mark.parametrize("ending", ["", "&erase=false", "&erase=False"])
def test_a_contact_is_deleted_by_its_external_customer_id(shop, customer, ending):
    anna, bob = make_contact(external_customer_id=customer), make_contact(external_customer_id="c1")
    response = shop.delete(f"/api/v1/contact?externalCustomerId={quote(customer)}{ending}")
    assert answered(response) == (200, {"id": anna.pk, "status": "deleted"})
    assert list(Contact.objects.filter(deleted_at=None)) == [bob]
    assert not Erasure.objects.exists()


def test_deleting_again_answers_the_same_and_changes_nothing(shop):
    anna = make_contact(external_customer_id="C1")
    first = shop.delete(f"/api/v1/contact/{anna.pk}")
    row = Contact.objects.values().get()
    assert answered(shop.delete(f"/api/v1/contact/{anna.pk}")) == answered(first)
    assert answered(shop.delete("/api/v1/contact?externalCustomerId=C1")) == answered(first)
    assert Contact.objects.values().get() == row
    assert AuditEntry.objects.count() == 1


def test_the_audit_log_tells_the_key_and_the_contact_and_no_value(shop):
    anna = make_contact(external_customer_id="C1", first_name="Anna")
    shop.delete("/api/v1/contact?externalCustomerId=C1&erase=true")
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.what, entry.count) == ("contacts.erased", f"contact {anna.pk}", 1)
    assert entry.actor.endswith("of source “shop”")


def test_an_erasure_is_taken_and_tells_where_to_read_how_far_it_is(shop):
    anna = make_contact(external_customer_id="C1", first_name="Anna")
    response = shop.delete(f"/api/v1/contact/{anna.pk}?erase=TRUE")
    assert answered(response) == (202, {"id": anna.pk, "status": "erasing"})
    told = shop.get(response["Location"]).json()
    assert told.pop("requestedAt")
    assert told == {
        "id": anna.pk, "status": "erasing", "stage": "orders", "finishedAt": None, "events": 0, "orders": 0,
    }  # fmt: skip
    assert answered(shop.delete(f"/api/v1/contact/{anna.pk}")) == (200, {"id": anna.pk, "status": "erasing"})


@pytest.mark.parametrize(
    "path",
    [
        "contact/999999", "contact/999999?erase=true", "contact/abc", "contact/-1", "contact/9223372036854775808",
        "contact?externalCustomerId=nobody", "contact?externalCustomerId=nobody&erase=true",
    ],
)  # fmt: skip
def test_what_names_nobody_is_not_found(shop, path):
    make_contact(external_customer_id="C1")
    assert shop.delete(f"/api/v1/{path}").status_code == 404
    assert Contact.objects.filter(deleted_at=None).count() == 1
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", [("externalCustomerId", "invalid_parameter")]),
        ("externalCustomerId=", [("externalCustomerId", "invalid_parameter")]),
        ("erase=true", [("externalCustomerId", "invalid_parameter")]),
        ("externalCustomerId=C1&erase=yes", [("erase", "invalid_parameter")]),
        ("externalCustomerId=C1&erase=", [("erase", "invalid_parameter")]),
        ("externalCustomerId=C1&erased=true", [("erased", "unknown_parameter")]),
        ("externalCustomerId=C1&erase=true&erase=false", [("erase", "repeated_parameter")]),
        ("externalCustomerId=C1&externalCustomerId=C2", [("externalCustomerId", "repeated_parameter")]),
        ("externalCustomerId=%00", [("externalCustomerId", "invalid_parameter")]),
    ],
)
def test_a_query_that_cannot_be_meant_deletes_nobody(shop, query, expected):
    make_contact(external_customer_id="C1")
    response = shop.delete(f"/api/v1/contact?{query}")
    assert response.status_code == 400
    assert problems(response) == expected
    assert Contact.objects.filter(deleted_at=None).count() == 1


def test_nobody_deletes_without_a_key_of_the_scope(shop):
    anna = make_contact()
    path = f"/api/v1/contact/{anna.pk}?erase=true"
    reader = Client(headers=bearer(make_key("reader", scopes=["read", "events:write", "orders:write"])))
    console = Client()
    console.force_login(User.objects.create(username="olha", is_superuser=True, is_staff=True))
    assert [client.delete(path).status_code for client in (Client(), console, reader)] == [401, 401, 403]
    assert not Erasure.objects.exists()


@pytest.mark.parametrize("contact_id", ["0", "abc", "99999999999999999999", "1"])
def test_there_is_no_erasure_where_none_was_asked_for(shop, contact_id):
    assert shop.get(f"/api/v1/contact/{contact_id}/erasure").status_code == 404


def test_a_deleted_contact_takes_no_changes_and_keeps_its_identifiers_from_others(shop):
    anna = make_contact(email="anna@example.com")
    shop.delete(f"/api/v1/contact/{anna.pk}")
    put = shop.put(f"/api/v1/contact/{anna.pk}", '{"firstName": "Anna"}', "application/json")
    assert put.status_code == 404
    posted = shop.post(
        "/api/v1/contact", '{"channels": [{"type": "email", "value": "ANNA@example.com"}]}', "application/json"
    )
    assert (posted.status_code, posted.json()["contactIds"]) == (409, [anna.pk])
    assert Contact.objects.count() == 1
