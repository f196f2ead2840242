"""The one look-up of a batch's identifiers, and the reading of the rules: docs/rules.md, section 2."""

import pytest
from django.db import connection

from contacts.matching import FIND_HOLDERS, Holder, Rule, find_contacts, find_holders, load_rules
from contacts.models import IdentifierKind, MatchingRule
from contract.postgres import as_recordset
from tests.factories import make_contact, make_identifier, make_kind, make_rule

pytestmark = pytest.mark.django_db


def test_a_contact_is_found_by_every_identifier_it_has():
    make_kind("loyaltyCard")
    contact = make_contact(
        external_customer_id="AV13760",
        email="Anna@Example.com",
        phone="380501234567",
        push_token="T1",
        contact_key="K1",
        declared={"loyaltyCard": "77"},
    )
    make_contact(email="else@example.com")
    keys = [
        ("externalCustomerId", "AV13760"),
        ("email", "anna@example.com"),
        ("phone", "+380501234567"),
        ("pushToken", "T1"),
        ("contactKey", "K1"),
        ("loyaltyCard", "77"),
        ("contactId", str(contact.pk)),
    ]
    assert find_contacts(keys) == dict.fromkeys(keys, contact.pk)


def test_a_contact_with_two_emails_is_found_by_both():
    contact = make_contact(email="a@example.com")
    make_identifier(contact, "email", "b@example.com")
    keys = [("email", "a@example.com"), ("email", "b@example.com")]
    assert find_contacts(keys) == dict.fromkeys(keys, contact.pk)


def test_a_value_of_another_kind_finds_nobody():
    make_contact(external_customer_id="77")
    assert find_contacts([("contactKey", "77"), ("email", "77"), ("loyaltyCard", "77")]) == {}


def test_a_deleted_contact_is_not_found_but_keeps_its_identifiers():
    contact = make_contact(email="gone@example.com", is_deleted=True)
    keys = [("email", "gone@example.com"), ("contactId", str(contact.pk))]
    assert find_contacts(keys) == {}
    assert find_holders(keys) == dict.fromkeys(keys, Holder(contact.pk, True))


@pytest.mark.parametrize("value", ["", "abc", "0", "-1", "042", "٤٢", str(2**63), "9" * 4000])
def test_a_contact_id_that_is_no_id_finds_nobody(value):
    make_contact()
    assert find_contacts([("contactId", value)]) == {}


def test_any_number_of_identifiers_is_one_statement(django_assert_num_queries):
    contacts = [make_contact(email=f"{n}@example.com", phone=f"05012345{n:02}") for n in range(20)]
    keys = [("email", f"{n}@example.com") for n in range(500)]
    keys += [("phone", f"+38050123450{n}") for n in range(10)]
    keys += [("contactId", str(contact.pk)) for contact in contacts]
    with django_assert_num_queries(1):
        found = find_contacts(keys)
    assert len(found) == 20 + 10 + 20


@pytest.mark.parametrize("keys", [[], [("email", "")], [("contactId", "no id")]])
def test_nothing_to_look_up_is_no_statement(django_assert_num_queries, keys):
    with django_assert_num_queries(0):
        assert find_contacts(keys) == {}


FILL = """
    INSERT INTO contacts_contact (first_name, last_name, address, fields)
    SELECT '', '', '{}', '{}' FROM generate_series(1, 20000);
    INSERT INTO contacts_identifier (contact_id, kind, value, normalized)
    SELECT id, kind, id || '@example.com', id || '@example.com'
      FROM contacts_contact, unnest('{email,phone}'::text[]) AS kind;
"""


@pytest.mark.parametrize("analyze", ["", "ANALYZE contacts_contact, contacts_identifier"])
def test_the_look_up_reads_nothing_but_the_rows_it_looks_for(analyze):
    keys = as_recordset([{"kind": "email", "normalized": f"{n}@example.com"} for n in range(100)])
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE contacts_contact CASCADE")  # with it go the statistics that other tests have left
        cursor.execute(FILL + analyze)
        cursor.execute(f"EXPLAIN {FIND_HOLDERS}", {"keys": keys, "ids": [1]})
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "Index Scan using identifier_names_one_contact" in plan
    assert "contacts_contact_pkey" in plan
    assert "Seq Scan" not in plan


def test_values_that_look_like_sql_are_values():
    contact = make_contact(external_customer_id="""'); DROP TABLE x; -- "{}\\,%s %(kinds)s""")
    key = ("externalCustomerId", """'); DROP TABLE x; -- "{}\\,%s %(kinds)s""")
    assert find_contacts([key]) == {key: contact.pk}


def test_a_new_account_starts_with_the_rules_of_the_page_in_their_order(django_assert_num_queries):
    with django_assert_num_queries(1):
        rules = load_rules()
    assert rules.by_event_type == {}
    assert [(rule.parameter, rule.kind, rule.normal_form) for rule in rules.general] == [
        ("ContactId", "contactId", "exact"),
        ("Contact_id", "contactId", "exact"),
        ("externalCustomerId", "externalCustomerId", "exact"),
        ("Email", "email", "email"),
        ("EmailAddress", "email", "email"),
        ("UserEmail", "email", "email"),
        ("ContactEmail", "email", "email"),
        ("Phone", "phone", "phone"),
        ("SMS", "phone", "phone"),
        ("PhoneNumber", "phone", "phone"),
        ("PushToken", "pushToken", "exact"),
        ("ContactKey", "contactKey", "exact"),
        ("Contact_key", "contactKey", "exact"),
    ]


def test_rules_are_read_in_the_order_of_their_positions_and_without_those_switched_off():
    MatchingRule.objects.all().delete()
    make_rule("third", "email", position=3)
    make_rule("first", "email", position=1)
    make_rule("off", "email", position=2, is_enabled=False)
    make_rule("offOwn", "email", event_type_key="viewed", is_enabled=False)
    rules = load_rules()
    assert [rule.parameter for rule in rules.general] == ["first", "third"]
    assert rules.by_event_type == {}


def test_an_event_types_own_rule_is_read_apart_from_the_list():
    MatchingRule.objects.all().delete()
    make_kind("loyaltyCard")
    make_rule("card", "loyaltyCard", event_type_key="cardSwiped")
    rules = load_rules()
    assert rules.general == ()
    assert rules.by_event_type == {"cardSwiped": Rule("card", "loyaltyCard", "exact")}


def test_a_rule_carries_the_normal_form_of_its_kind():
    IdentifierKind.objects.create(key="secondPhone", name="second phone", normal_form="phone")
    make_rule("phone2", "secondPhone")
    assert load_rules().general[-1] == Rule("phone2", "secondPhone", "phone")
