"""What must never be false of contacts and rules is a constraint: the bad row in, its name out."""

import pytest
from django.db import IntegrityError, transaction

from contacts.models import ContactField, Group, Identifier, IdentifierKind, MatchingRule, Membership
from tests.factories import make_contact, make_identifier, make_rule

pytestmark = pytest.mark.django_db


def refused(name: str):
    return pytest.raises(IntegrityError, match=name)


def test_an_identifier_names_exactly_one_contact():
    make_contact(email="anna@example.com")
    other = make_contact()
    with refused("identifier_names_one_contact"), transaction.atomic():
        make_identifier(other, "email", "ANNA@example.com")
    assert Identifier.objects.filter(contact=other).count() == 0


def test_two_kinds_may_hold_the_same_value():
    contact = make_contact(external_customer_id="77")
    make_identifier(make_contact(), "contactKey", "77")
    assert Identifier.objects.get(kind="externalCustomerId", normalized="77").contact == contact


def test_an_identifier_that_could_name_anybody_is_refused():
    contact = make_contact()
    with refused("identifier_not_empty"), transaction.atomic():
        make_identifier(contact, "phone", "none")


def test_a_push_token_is_of_a_channel_we_know():
    contact = make_contact()
    with refused("identifier_push_channel_known"), transaction.atomic():
        Identifier.objects.create(contact=contact, kind_id="pushToken", value="T", normalized="T", push_channel="tv")


def test_a_kind_compares_in_a_normal_form_we_know():
    with refused("identifier_kind_normal_form_known"), transaction.atomic():
        IdentifierKind.objects.create(key="card", name="card", normal_form="sounds")


def test_an_event_type_has_at_most_one_rule_of_its_own():
    make_rule("card", "contactKey", event_type_key="cardSwiped")
    make_rule("card", "contactKey", event_type_key="cardLost")
    with refused("matching_rule_one_for_an_event_type"), transaction.atomic():
        make_rule("number", "contactKey", event_type_key="cardSwiped")


def test_a_rule_reads_a_parameter():
    with refused("matching_rule_parameter_not_empty"), transaction.atomic():
        make_rule("", "email")
    assert not MatchingRule.objects.filter(parameter="").exists()


def test_a_group_has_a_name_of_its_own():
    Group.objects.create(name="VIP")
    with refused("contacts_group_name"), transaction.atomic():
        Group.objects.create(name="VIP")
    with refused("group_name_not_empty"), transaction.atomic():
        Group.objects.create(name="")


def test_a_contact_is_in_a_group_once():
    contact = make_contact(groups=["VIP"])
    with refused("contacts_membership_pkey"), transaction.atomic():
        Membership.objects.create(group=Group.objects.get(), contact=contact)


@pytest.mark.parametrize(
    ("columns", "constraint"),
    [
        ({"id": 0, "key": "size"}, "contact_field_id_positive"),
        ({"id": 1, "key": ""}, "contact_field_key_not_empty"),
        ({"id": 1, "key": "size", "type": "colour"}, "contact_field_type_known"),
    ],
)
def test_a_contact_field_has_an_id_a_key_and_a_type_that_we_know(columns, constraint):
    with refused(constraint), transaction.atomic():
        ContactField.objects.create(name="Size", **columns)
