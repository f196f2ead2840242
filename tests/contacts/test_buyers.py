"""The contacts of whole orders while others write them at the same time: docs/rules.md, section 6."""

import pytest

from contacts import creation
from contacts.cast import Seeker, buyer_of
from contacts.creation import match_or_create
from contacts.matching import candidates_of, load_rules
from contacts.models import Contact
from contract.parameters import Parameter
from tests.contacts.staging import after_first_look_up, in_thread
from tests.factories import make_contact, make_identifier, make_kind, make_rule

pytestmark = pytest.mark.django_db(transaction=True)


def buyer(event_id=5, **values):
    parameters = {name: Parameter("/x", value) for name, value in values.items()}
    candidates = candidates_of(parameters, "orderDELIVERED", load_rules(), "UA")
    return Seeker(candidates, buyer_of(event_id, parameters, candidates, "UA"))


def identifiers_of(contact: Contact) -> set[tuple[str, str]]:
    return set(contact.identifiers.values_list("kind_id", "value"))


def before_the_lock(monkeypatch, meanwhile):
    """Lets `meanwhile` happen, and commit, after what is to be filled was looked at and before it is locked."""
    lock, pending = creation._lock_unchanged, [meanwhile]

    def stop_and_lock(people):
        if pending:
            in_thread(pending.pop())
        lock(people)

    monkeypatch.setattr(creation, "_lock_unchanged", stop_and_lock)


def test_a_contact_that_another_writer_made_meanwhile_is_found_and_filled(monkeypatch):
    after_first_look_up(monkeypatch, creation, lambda: make_contact(email="a@shop.example"))
    [match] = match_or_create([buyer(email="a@shop.example", phone="0501234567", firstName="Olha")])
    contact = Contact.objects.get()
    assert (match.contact_id, contact.first_name) == (contact.pk, "Olha")
    assert identifiers_of(contact) == {("email", "a@shop.example"), ("phone", "0501234567")}


def test_what_another_writer_filled_meanwhile_is_not_overwritten(monkeypatch):
    contact = make_contact(external_customer_id="C1")

    def fill() -> None:
        Contact.objects.update(first_name="Oksana")
        make_identifier(contact, "email", "o@shop.example")

    before_the_lock(monkeypatch, fill)
    match_or_create([buyer(externalCustomerId="C1", email="a@shop.example", firstName="Olha", lastName="Petrenko")])
    contact.refresh_from_db()
    assert (contact.first_name, contact.last_name) == ("Oksana", "Petrenko")
    assert identifiers_of(contact) == {("externalCustomerId", "C1"), ("email", "o@shop.example")}


def test_of_a_contact_that_was_deleted_meanwhile_the_order_gets_what_is_free(monkeypatch):
    gone = make_contact(external_customer_id="C1")
    before_the_lock(monkeypatch, lambda: Contact.objects.update(deleted_at="2026-05-14T00:00:00Z"))
    [match] = match_or_create([buyer(externalCustomerId="C1", email="a@shop.example")])
    new = Contact.objects.get(deleted_at=None)
    assert match.contact_id == new.pk != gone.pk
    assert identifiers_of(new) == {("email", "a@shop.example")}


def test_a_new_contact_has_what_the_matching_rules_looked_at_too():
    make_kind("loyaltyCard")
    make_rule("card", "loyaltyCard")
    [match] = match_or_create([buyer(email="a@shop.example", card=77, pushToken="T1", contactId=999)])
    contact = Contact.objects.get()
    assert (match.contact_id, contact.fields) == (contact.pk, {"loyaltyCard": "77"})
    assert identifiers_of(contact) == {("email", "a@shop.example"), ("loyaltyCard", "77"), ("pushToken", "T1")}


def test_a_parameter_of_the_order_names_its_contact_also_where_no_rule_looks_at_it():
    """Nobody is found by it then, so it is given to the contact that other identifiers find, or make."""
    seeker = buyer(email="a@shop.example")
    [match] = match_or_create([Seeker((), seeker.buyer)])
    assert match.contact_id == Contact.objects.get().pk
    [again] = match_or_create([Seeker((), seeker.buyer)])
    assert again.contact_id is None
    assert Contact.objects.count() == 1
