"""Why the latest events found nobody, and which rule or which cleaning would cure it."""

import pytest

from contract.reasons import Reason
from events import unmatched
from events.basis import basis_to_try
from events.unmatched import load_unmatched
from tests.events.building import created, drain, make_source, order_params, post
from tests.factories import make_contact, make_kind, make_rule

pytestmark = pytest.mark.django_db


def load():
    drain()
    return load_unmatched(basis_to_try())


def told(cures):
    return [(cure.source, cure.parameter, cure.kind, cure.named, cure.carrying, cure.cleaned) for cure in cures]


def order_without_contact(number: int, **params):
    return created(f"100{number}", externalCustomerId=None, **params)


def test_a_parameter_that_no_rule_reads_and_whose_values_name_contacts_is_suggested():
    for number in range(3):
        make_contact(email=f"user{number}@example.com")
    ids = [order_without_contact(number, clientMail=f"User{number}@example.com") for number in range(4)]
    result = load()
    assert told(result.suggestions) == [("shop", "clientMail", "email", 3, 4, 0)]
    [suggestion] = result.suggestions
    assert (suggestion.example_event_id, suggestion.example_value) == (ids[2], "User2@example.com")
    assert (result.examined, result.to_clean, result.is_partial) == (4, [], False)


def test_each_source_is_told_of_on_its_own():
    make_contact(email="a@example.com")
    make_contact(email="b@example.com")
    post("orderCreated", order_params("1", externalCustomerId=None, mail="a@example.com"), make_source("shop"))
    post("orderCreated", order_params("2", externalCustomerId=None, mail="b@example.com"), make_source("app"))
    assert {(cure.source, cure.named) for cure in load().suggestions} == {("shop", 1), ("app", 1)}


def test_a_suggestion_counts_the_values_that_need_cleaning_first():
    make_contact(email="a@example.com")
    make_contact(phone="+380501234567")
    order_without_contact(1, mail="mailto:a@example.com", tel=" tel:0501234567")
    assert told(load().suggestions) == [("shop", "mail", "email", 1, 1, 1), ("shop", "tel", "phone", 1, 1, 0)]


def test_a_declared_kind_and_a_kind_that_compares_exactly_are_suggested_too():
    make_kind("loyaltyCard")
    make_contact(declared={"loyaltyCard": "L-100"})
    make_contact(external_customer_id="C-17")
    order_without_contact(1, card="L-100", customer="C-17")
    assert {(cure.parameter, cure.kind) for cure in load().suggestions} == {
        ("card", "loyaltyCard"),
        ("customer", "externalCustomerId"),
    }


def test_a_value_that_a_rule_reads_and_that_names_somebody_once_it_is_cleaned_is_told():
    make_contact(email="a@example.com")
    order_without_contact(1, email=" a@example.com")
    result = load()
    assert told(result.to_clean) == [("shop", "email", "email", 1, 1, 1)]
    assert result.suggestions == []


def test_what_an_order_says_of_itself_is_never_suggested():
    make_contact(external_customer_id="1001")
    make_contact(external_customer_id="main")
    order_without_contact(1, storeId="main", totalCost="1001")
    assert load().suggestions == []


def test_one_person_in_many_events_and_few_of_many_are_taken_for_chance():
    make_contact(external_customer_id="website")
    make_contact(email="rare@example.com")
    for number in range(30):
        mail = "rare@example.com" if number == 0 else f"u{number}@example.com"
        order_without_contact(number, channel="website", contact=mail)
    assert load().suggestions == []


def test_a_rule_that_is_switched_off_does_not_count_as_reading():
    make_contact(email="a@example.com")
    make_rule("mail", "email", is_enabled=False)
    order_without_contact(1, mail="a@example.com")
    assert told(load().suggestions) == [("shop", "mail", "email", 1, 1, 0)]


def test_values_of_a_deleted_contact_and_those_that_are_no_text_name_nobody():
    make_contact(email="a@example.com", is_deleted=True)
    order_without_contact(1, mail="a@example.com", nested={"mail": "a@example.com"}, flag=True, list=["a@example.com"])
    assert load().suggestions == []


def test_events_are_grouped_by_their_cause_type_parameters_and_source_the_largest_group_first():
    for number in range(2):
        order_without_contact(number, email=f"nobody{number}@example.com")
    lone = post("orderDelivered", {"externalOrderId": "7", "who": "x"})
    latest = order_without_contact(5, email="nobody@example.com", phone="0509999999")
    result = load()
    groups = [(group.reason, group.event_type_key, group.parameters, group.count) for group in result.groups]
    assert groups[0] == (Reason.CONTACT_NOT_FOUND, "orderCreated", ("email",), 2)
    assert (Reason.CONTACT_NOT_FOUND, "orderCreated", ("email", "phone"), 1) in groups
    by_latest = {group.latest_event_id: group.count for group in result.groups}
    assert by_latest[latest] == 1
    assert lone not in by_latest  # it was ignored because there is no such order
    assert result.examined == 3


def test_events_without_any_identifier_are_grouped_by_what_they_have_beside_an_orders_own_fields():
    order_without_contact(1, zone="north")
    order_without_contact(2, zone="south", shipping="5.00")
    order_without_contact(3)
    zoned, plain = load().groups
    assert (zoned.reason, zoned.parameters, zoned.count) == (Reason.CONTACT_IDENTIFIER_MISSING, ("zone",), 2)
    assert plain.parameters == ("currency", "date", "externalOrderId", "status", "totalCost")


def test_any_number_of_events_takes_the_same_number_of_queries(django_assert_num_queries):
    make_contact(email="a@example.com")
    for number in range(20):
        order_without_contact(number, **{f"mail{number}": f"a{number}@example.com", "email": f"b{number}@example.com"})
    drain()
    basis = basis_to_try()
    with django_assert_num_queries(4):
        load_unmatched(basis)


def test_no_more_than_a_set_number_of_events_and_values_is_looked_at(monkeypatch):
    monkeypatch.setattr(unmatched, "EVENTS", 2)
    monkeypatch.setattr(
        unmatched, "VALUES", 4
    )  # what one of these values may be: an e-mail address, or one of three that compare exactly
    make_contact(email="a@example.com")
    make_contact(email="b@example.com")
    order_without_contact(1, mail="a@example.com")
    order_without_contact(2, mail="b@example.com")
    result = load()
    assert result.is_partial
    assert told(result.suggestions) == [("shop", "mail", "email", 1, 2, 0)]


def test_nothing_unmatched_is_nothing_to_tell():
    result = load()
    assert (result.examined, result.groups, result.suggestions, result.to_clean) == (0, [], [], [])
