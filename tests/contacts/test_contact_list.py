"""GET /api/v1/contacts: found by identifiers and names, from any place in the list on."""

import pytest
from django.db import connection
from django.test import Client

from contacts.fields import declare_field
from contacts.models import Contact
from tests.callers import bearer, make_key
from tests.factories import make_contact

pytestmark = pytest.mark.django_db
PATH = "/api/v1/contacts"


@pytest.fixture
def shop():
    return Client(headers=bearer(make_key()))


def found(client, **query):
    """The ids on the page, and how many there are in all."""
    answer = client.get(PATH, query)
    assert answer.status_code == 200, answer.content
    return [contact["id"] for contact in answer.json()], int(answer["TotalCount"])


def test_contacts_come_in_the_order_of_their_ids_in_the_shape_of_one_contact(shop):
    declare_field("size", "Size", "integer", 30)
    anna = make_contact(email="anna@example.com", phone="0501234567", fields={"size": 4, "x": 1}, groups=["B", "A"])
    olha = make_contact(external_customer_id="C1")
    make_contact(is_deleted=True)
    answer = shop.get(PATH)
    assert answer["TotalCount"] == "2"
    assert answer.json() == [shop.get(f"/api/v1/contact/{contact.pk}").json() for contact in (anna, olha)]
    assert [group["name"] for group in answer.json()[0]["groups"]] == ["A", "B"]
    assert answer.json()[0]["fields"] == [{"name": "x", "value": 1}, {"id": 30, "name": "size", "value": 4}]


def test_a_contact_is_found_by_each_identifier_in_any_spelling(shop):
    anna = make_contact(email="Anna@example.com", phone="+380501234567", external_customer_id="C1")
    make_contact(email="other@example.com", phone="0507654321", external_customer_id="c1")
    for query in ({"email": "ANNA@Example.com"}, {"sms": "050 123-45-67"}, {"externalCustomerId": "C1"}):
        assert found(shop, **query) == ([anna.pk], 1)
    assert found(shop, email="anna@example.com", sms="0507654321") == ([], 0)
    assert found(shop, email="anna@example.com", sms="380501234567") == ([anna.pk], 1)
    assert found(shop, email="nobody@example.com") == ([], 0)
    assert found(shop, sms="none") == ([], 0)


def test_names_are_whole_names_whatever_their_case(shop):
    long = "Я" * 150
    anna = make_contact(first_name="Анна", last_name="Koval")
    other = make_contact(first_name="АННА", last_name="Shevchenko")
    make_contact(first_name="Анна-Марія", last_name=f"{long}x")
    last = make_contact(last_name=long)
    assert found(shop, firstname="анна") == ([anna.pk, other.pk], 2)
    assert found(shop, firstname="анна", lastname="KOVAL") == ([anna.pk], 1)
    assert found(shop, lastname=long.lower()) == ([last.pk], 1)
    assert found(shop, firstname="Анн") == ([], 0)


def test_a_deleted_contact_is_not_found(shop):
    make_contact(email="a@b.c", first_name="Anna", is_deleted=True)
    assert found(shop, email="a@b.c") == ([], 0)
    assert found(shop, firstname="Anna") == ([], 0)


def test_a_page_begins_at_its_index_and_has_so_many_rows(shop):
    ids = [make_contact(first_name="Anna").pk for _ in range(5)]
    assert found(shop, startindex=1, maxrows=2) == (ids[:2], 5)
    assert found(shop, startindex=4, maxrows=500) == (ids[3:], 5)
    assert found(shop, startindex=6) == ([], 5)
    assert found(shop, startindex=2, maxrows=2, firstname="anna") == (ids[1:3], 5)


@pytest.mark.parametrize(
    ("query", "codes"),
    [
        ("startindex=0", [("startindex", "invalid_parameter")]),
        ("startindex=-1", [("startindex", "invalid_parameter")]),
        ("startindex=1000000001", [("startindex", "invalid_parameter")]),
        ("startindex=" + "9" * 5_000, [("startindex", "invalid_parameter")]),
        ("startindex=%D9%A1", [("startindex", "invalid_parameter")]),
        ("maxrows=501", [("maxrows", "invalid_parameter")]),
        ("maxrows=x", [("maxrows", "invalid_parameter")]),
        ("maxrows=", [("maxrows", "invalid_parameter")]),
        ("email=a%00b", [("email", "invalid_parameter")]),
        ("email=" + "x" * 2_001, [("email", "invalid_parameter")]),
        ("firstname=", [("firstname", "invalid_parameter")]),
        ("email=a&email=b", [("email", "repeated_parameter")]),
        ("maxrows=1&maxrows=2", [("maxrows", "repeated_parameter")]),
        ("emial=a&maxrows=0", [("emial", "unknown_parameter"), ("maxrows", "invalid_parameter")]),
    ],
)
def test_a_parameter_that_cannot_be_read_is_a_400(shop, query, codes):
    answer = shop.get(f"{PATH}?{query}")
    assert answer.status_code == 400
    assert [(error["parameter"], error["code"]) for error in answer.json()["errors"]] == codes


@pytest.mark.parametrize("count", [2, 40])
def test_a_page_takes_as_many_queries_however_many_contacts_it_has(shop, count, django_assert_num_queries):
    for number in range(count):
        make_contact(email=f"{number}@b.c", first_name="Anna", fields={"a": 1}, groups=["VIP", str(number)])
    found(shop)
    with django_assert_num_queries(6):  # ids, contacts, identifiers, groups, fields, count
        assert found(shop, firstname="anna")[1] == count


@pytest.mark.parametrize(
    ("condition", "index"),
    [
        ("deleted_at IS NULL ORDER BY id LIMIT 500", "contact_kept"),
        (
            "deleted_at IS NULL AND left(lower(first_name), 100) = left(lower('Anna'), 100)"
            " AND lower(first_name) = lower('Anna') ORDER BY id LIMIT 500",
            "contact_by_first_name",
        ),
        (
            "deleted_at IS NULL AND left(lower(last_name), 100) = left(lower('Koval'), 100)"
            " AND lower(last_name) = lower('Koval') ORDER BY id LIMIT 500",
            "contact_by_last_name",
        ),
    ],
)
def test_the_list_is_read_by_index(condition, index):
    Contact.objects.bulk_create(Contact(first_name=f"A{number}", last_name=f"K{number}") for number in range(1_500))
    with connection.cursor() as cursor:
        cursor.execute(
            "ANALYZE contacts_contact"
        )  # else the plan hangs on what the tests before left in the statistics
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off")
        cursor.execute(f"EXPLAIN SELECT id FROM contacts_contact WHERE {condition}")  # noqa: S608
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert index in plan


@pytest.mark.parametrize(("scope", "status"), [("read", 200), ("contacts:write", 403)])
def test_the_list_needs_the_scope_to_read(scope, status):
    assert Client(headers=bearer(make_key(scopes=[scope]))).get(PATH).status_code == status


def test_without_a_key_nothing_is_told(client):
    make_contact()
    answer = client.get(PATH)
    assert answer.status_code == 401
    assert "TotalCount" not in answer
    assert Contact.objects.count() == 1
