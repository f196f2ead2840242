"""Contacts that events create where the account lets them: docs/rules.md, section 2."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from contacts import creation
from contacts.cast import Seeker, sender_of
from contacts.creation import match_or_create
from contacts.matching import Candidate, Rule, candidates_of, find_contacts, load_rules, walk
from contacts.models import Contact, Identifier
from contract.parameters import Parameter
from tests.contacts.staging import after_first_look_up
from tests.factories import make_contact, make_kind, make_rule

pytestmark = pytest.mark.django_db


def request(event_id, **values):
    """What the rules of the account look at in an event with these parameters."""
    parameters = {name: Parameter("/x", value) for name, value in values.items()}
    return event_id, candidates_of(parameters, "viewed", load_rules(), "UA")


def create_missing_contacts(requests):
    match_or_create([Seeker(candidates, sender_of(event_id, candidates)) for event_id, candidates in requests])


def people():
    """(event, its contact's identifiers) of every contact, in the order in which they were made."""
    return [
        (contact.created_by_event_id, {(row.kind_id, row.value) for row in contact.identifiers.all()})
        for contact in Contact.objects.order_by("pk").prefetch_related("identifiers")
    ]


def test_a_contact_is_created_from_the_identifying_parameters_and_marked_with_the_event():
    create_missing_contacts(
        [request(5, email="A@b.c", phone="0501234567", PushToken="T1", externalCustomerId=42, x="y")]
    )
    contact = Contact.objects.get()
    assert people() == [
        (5, {("email", "A@b.c"), ("phone", "0501234567"), ("pushToken", "T1"), ("externalCustomerId", "42")})
    ]
    assert (contact.first_name, contact.fields, contact.memberships.count()) == ("", {}, 0)
    found = find_contacts([("email", "a@b.c"), ("phone", "+380501234567")])
    assert set(found.values()) == {contact.pk}


def test_a_value_of_a_declared_kind_is_a_field_of_the_new_contact_too():
    make_kind("loyaltyCard")
    make_rule("card", "loyaltyCard")
    create_missing_contacts([request(5, card=77)])
    assert Contact.objects.get().fields == {"loyaltyCard": "77"}
    assert people() == [(5, {("loyaltyCard", "77")})]


def test_events_that_name_one_person_create_one_contact_in_their_order():
    create_missing_contacts(
        [
            request(5, email="a@b.c"),
            request(6, email="A@b.c", phone="0501234567"),  # found by its email: events change no contact
            request(7, phone="0501234567"),  # which is therefore nobody's yet
            request(8, email="d@b.c"),
        ]
    )
    assert people() == [(5, {("email", "a@b.c")}), (7, {("phone", "0501234567")}), (8, {("email", "d@b.c")})]


def test_an_event_whose_contact_is_there_by_now_creates_none():
    make_contact(email="a@b.c")
    create_missing_contacts([request(5, email="a@b.c", phone="0501234567")])
    assert people() == [(None, {("email", "a@b.c")})]


def test_what_names_nobody_creates_nobody():
    create_missing_contacts(
        [request(5, contactId="123456"), request(6, email="", phone="none"), request(7, contactKey=["K"]), request(8)]
    )
    assert people() == []


def test_a_deleted_contact_keeps_its_identifiers():
    make_contact(email="a@b.c", is_deleted=True)
    create_missing_contacts([request(5, email="a@b.c")])
    assert people() == [(None, {("email", "a@b.c")})]
    create_missing_contacts([request(6, email="a@b.c", phone="0501234567")])
    assert people() == [(None, {("email", "a@b.c")}), (6, {("phone", "0501234567")})]


def test_any_number_of_contacts_is_a_handful_of_statements(django_assert_num_queries):
    requests = [request(n, email=f"{n}@b.c", externalCustomerId=n) for n in range(1, 201)]
    with django_assert_num_queries(7):  # savepoint, look-up, kinds, ids, identifiers, contacts, release
        create_missing_contacts(requests)
    assert Contact.objects.count() == 200
    assert Identifier.objects.count() == 400


@pytest.mark.parametrize("requests", [[], [(5, ())]])
def test_nothing_to_create_is_no_statement(django_assert_num_queries, requests):
    with django_assert_num_queries(0):
        create_missing_contacts(requests)


@pytest.mark.django_db(transaction=True)
def test_a_contact_that_another_writer_made_meanwhile_is_found_and_none_is_created(monkeypatch):
    after_first_look_up(monkeypatch, creation, lambda: make_contact(email="a@b.c"))
    create_missing_contacts(
        [request(5, email="a@b.c", phone="0501234567"), request(6, phone="0501234567"), request(7, email="d@b.c")]
    )
    assert sorted(people(), key=str) == [
        (6, {("phone", "0501234567")}),
        (7, {("email", "d@b.c")}),
        (None, {("email", "a@b.c")}),
    ]


KINDS = [Rule("email", "email", "email"), Rule("phone", "phone", "phone"), Rule("key", "contactKey", "exact")]
some_candidates = st.lists(
    st.builds(lambda rule, value: Candidate(rule, value, value), st.sampled_from(KINDS), st.sampled_from("123")),
    max_size=3,
).map(tuple)


class BatchSizeTest(TestCase):
    @given(st.lists(some_candidates, max_size=6), st.integers(1, 6))
    def test_batches_of_any_size_create_the_same_contacts(self, events, size):
        requests = list(enumerate(events, start=1))
        for start in range(0, len(requests), size):
            create_missing_contacts(requests[start : start + size])
        in_batches = people()
        Contact.objects.all().delete()
        for event_id, candidates in requests:
            if walk(candidates, find_contacts(one.key for one in candidates)).contact_id is None:
                create_missing_contacts([(event_id, candidates)])
        assert people() == in_batches
