"""One contact for one set of identifiers, whoever writes at the same time: docs/rules.md, section 6."""

import threading
from decimal import Decimal

import pytest
from django.db import connection, transaction
from django.utils import timezone

from contacts import registry
from contacts.fields import load_address_book
from contacts.matching import find_contacts
from contacts.models import Contact, Identifier
from contacts.payload import read_contact
from contacts.presentation import load_contact
from contacts.registry import Refused, Saved, save_contact, save_contacts
from contract.json_values import Number
from tests.contacts.staging import after_first_look_up, in_thread, wait_until_somebody_waits_for_a_lock
from tests.factories import make_contact, make_identifier, make_kind

pytestmark = pytest.mark.django_db


def reading(contact_id=None, **members):
    return read_contact(members, load_address_book(), contact_id=contact_id)


def post(**members):
    return save_contact(reading(**members))


def put(contact_id, **members):
    return save_contact(reading(contact_id, **members))


def email(value):
    return {"type": "email", "value": value}


def sms(value):
    return {"type": "sms", "value": value}


def held(contact_id):
    return set(Identifier.objects.filter(contact_id=contact_id).values_list("kind_id", "normalized"))


def shown(contact_id):
    """The contact as it was posted: its groups by their names."""
    contact = load_contact(contact_id)
    assert contact is not None
    contact["groups"] = [group["name"] for group in contact["groups"]]
    for name in ("id", "createdAt", "updatedAt"):
        contact.pop(name)
    return contact


# --- create and show -------------------------------------------------------------------------------------------------


def test_what_is_posted_comes_back():
    make_kind("loyaltyCard")
    posted = {
        "firstName": "Олена",
        "lastName": "O'Neil",
        "channels": [
            {"type": "email", "value": "Anna@Example.com"},
            {"type": "email", "value": "second@example.com"},
            {"type": "sms", "value": "380501234567"},
            {"type": "mobilepush", "value": "T1"},
            {"type": "webpush", "value": "T2"},
        ],
        "externalCustomerId": "AV13760",
        "contactKey": "K1",
        "address": {"town": "Київ", "postcode": "01001"},
        "fields": [
            {"id": 30, "value": "x"},
            {"name": "size", "value": Decimal("1.50")},
            {"name": "loyaltyCard", "value": "77"},
            {"name": "nested", "value": [1, {"a": None}]},
        ],
        "groups": ["Buyers", "VIP"],
    }
    sent = {**posted, "fields": [*posted["fields"]]}
    sent["fields"][1] = {"name": "size", "value": Number("1.50")}
    saved = post(**sent)
    assert saved == Saved(Contact.objects.get().pk, is_new=True)
    assert sorted(shown(saved.contact_id)["fields"], key=str) == sorted(posted["fields"], key=str)
    shown_again = shown(saved.contact_id) | {"fields": None}
    assert shown_again == posted | {"fields": None}
    assert held(saved.contact_id) == {
        ("externalCustomerId", "AV13760"),
        ("contactKey", "K1"),
        ("email", "anna@example.com"),
        ("email", "second@example.com"),
        ("phone", "+380501234567"),
        ("pushToken", "T1"),
        ("pushToken", "T2"),
        ("loyaltyCard", "77"),
    }


def test_what_comes_back_can_be_posted_and_put_without_changing_anything():
    saved = post(firstName="Anna", channels=[email("a@b.c")], fields=[{"name": "a", "value": 1}], groups=["VIP"])
    first = load_contact(saved.contact_id)
    members = {name: value for name, value in first.items() if name not in ("createdAt", "updatedAt")}
    assert post(**members) == Saved(saved.contact_id, is_new=False)
    assert put(saved.contact_id, **members) == Saved(saved.contact_id, is_new=False)
    assert load_contact(saved.contact_id) == first


@pytest.mark.parametrize("spelling", ["+380 50 123 45 67", "0501234567", "380501234567"])
def test_a_phone_is_found_however_it_is_written_later(spelling):
    saved = post(channels=[sms("380501234567")])
    assert post(channels=[sms(spelling)]) == Saved(saved.contact_id, is_new=False)
    assert find_contacts([("phone", "+380501234567")]) == {("phone", "+380501234567"): saved.contact_id}
    assert Contact.objects.count() == 1


def test_there_is_no_contact_to_show_for_an_unknown_or_deleted_one():
    assert load_contact(1) is None
    assert load_contact(make_contact(is_deleted=True).pk) is None


# --- update ----------------------------------------------------------------------------------------------------------


def test_a_post_updates_the_contact_that_its_identifiers_name_and_keeps_what_it_does_not_say():
    saved = post(
        externalCustomerId="C1",
        firstName="Anna",
        lastName="Koval",
        channels=[email("a@b.c"), sms("0501234567")],
        fields=[{"name": "a", "value": 1}, {"name": "b", "value": 2}],
        groups=["VIP"],
    )
    assert post(
        externalCustomerId="C1", lastName="Shevchenko", contactKey="K1", fields=[{"name": "b", "value": 3}]
    ) == Saved(saved.contact_id, is_new=False)  # fmt: skip
    assert shown(saved.contact_id) == {
        "firstName": "Anna",
        "lastName": "Shevchenko",
        "channels": [email("a@b.c"), sms("0501234567")],
        "externalCustomerId": "C1",
        "contactKey": "K1",
        "address": {},
        "fields": [{"name": "a", "value": 1}, {"name": "b", "value": 3}],
        "groups": ["VIP"],
    }


def test_channels_replace_all_channels_of_their_type_and_leave_the_others():
    saved = post(
        externalCustomerId="C1",
        channels=[
            email("a@b.c"),
            email("b@b.c"),
            sms("0501234567"),
            {"type": "mobilepush", "value": "T1"},
            {"type": "webpush", "value": "T2"},
        ],
    )
    put(saved.contact_id, channels=[email("b@b.c"), email("c@b.c"), {"type": "webpush", "value": "T3"}])
    assert shown(saved.contact_id)["channels"] == [
        email("b@b.c"),
        sms("0501234567"),
        {"type": "mobilepush", "value": "T1"},
        email("c@b.c"),
        {"type": "webpush", "value": "T3"},
    ]
    assert find_contacts([("email", "a@b.c")]) == {}


def test_a_value_that_is_written_otherwise_replaces_the_old_spelling():
    saved = post(channels=[sms("380501234567")])
    post(channels=[sms("+380 50 123 45 67")])
    assert shown(saved.contact_id)["channels"] == [sms("+380 50 123 45 67")]


def test_a_push_token_can_move_to_the_other_push_channel():
    saved = post(channels=[{"type": "webpush", "value": "T1"}])
    post(channels=[{"type": "mobilepush", "value": "T1"}])
    assert shown(saved.contact_id)["channels"] == [{"type": "mobilepush", "value": "T1"}]


def test_an_empty_text_takes_away_when_it_is_put_and_says_nothing_when_it_is_posted():
    make_kind("loyaltyCard")
    members = {
        "externalCustomerId": "C1",
        "firstName": "Anna",
        "channels": [email("a@b.c"), sms("0501234567")],
        "fields": [{"name": "loyaltyCard", "value": "77"}, {"name": "a", "value": 1}],
    }
    empty = {
        "firstName": "",
        "channels": [{"type": "sms", "value": ""}],
        "fields": [{"name": "loyaltyCard", "value": ""}],
    }
    saved = post(**members)
    before = load_contact(saved.contact_id)
    post(externalCustomerId="C1", **empty)
    assert load_contact(saved.contact_id) == before
    put(saved.contact_id, **empty)
    assert shown(saved.contact_id)["firstName"] == ""
    assert shown(saved.contact_id)["channels"] == [email("a@b.c")]
    assert shown(saved.contact_id)["fields"] == [{"name": "a", "value": 1}]
    assert held(saved.contact_id) == {("externalCustomerId", "C1"), ("email", "a@b.c")}


def test_only_a_change_moves_the_time_of_the_last_update():
    saved = post(channels=[email("a@b.c")], firstName="Anna")
    first = Contact.objects.get().updated_at
    Contact.objects.update(updated_at=first.replace(year=2020))
    post(channels=[email("a@b.c")], firstName="Anna")
    assert Contact.objects.get().updated_at.year == 2020
    put(saved.contact_id, channels=[email("b@b.c")])
    assert Contact.objects.get().updated_at.year == first.year


# --- taken identifiers -----------------------------------------------------------------------------------------------


def test_identifiers_of_two_contacts_are_refused_naming_both_and_nothing_changes():
    one, two = make_contact(external_customer_id="C1"), make_contact(email="a@b.c")
    result = post(externalCustomerId="C1", channels=[email("A@b.c")], firstName="Anna", contactKey="K1")
    assert isinstance(result, Refused)
    assert result.code == "identifier_taken"
    assert result.contact_ids == (one.pk, two.pk)
    assert [(problem.pointer, problem.detail) for problem in result.problems] == [
        ("/externalCustomerId", f"The externalCustomerId belongs to contact {one.pk}."),
        ("/channels/0/value", f"The email belongs to contact {two.pk}."),
    ]
    assert held(one.pk) == {("externalCustomerId", "C1")}
    assert held(two.pk) == {("email", "a@b.c")}
    assert set(Contact.objects.values_list("first_name", flat=True)) == {""}


def test_a_put_that_takes_another_contacts_identifier_is_refused_naming_both():
    one, two = make_contact(external_customer_id="C1"), make_contact(email="a@b.c")
    result = put(one.pk, externalCustomerId="C2", channels=[email("a@b.c")])
    assert isinstance(result, Refused)
    assert result.contact_ids == (one.pk, two.pk)
    assert [problem.pointer for problem in result.problems] == ["/channels/0/value"]
    assert held(one.pk) == {("externalCustomerId", "C1")}
    assert held(two.pk) == {("email", "a@b.c")}


def test_an_identifier_of_a_deleted_contact_is_refused_and_says_so():
    gone = make_contact(email="a@b.c", is_deleted=True)
    result = post(channels=[email("a@b.c")])
    assert isinstance(result, Refused)
    assert result.contact_ids == (gone.pk,)
    assert result.problems[0].detail == f"The email belongs to contact {gone.pk}, which is deleted."
    assert Contact.objects.count() == 1


@pytest.mark.parametrize("is_deleted", [True, False])
def test_an_id_that_is_nobodys_is_refused(is_deleted):
    contact_id = make_contact(is_deleted=True).pk if is_deleted else 1_000_000
    for result in (post(id=contact_id, firstName="Anna"), put(contact_id, firstName="Anna")):
        assert isinstance(result, Refused)
        assert result.code == "contact_not_found"
    assert not Contact.objects.filter(first_name="Anna").exists()


# --- many ------------------------------------------------------------------------------------------------------------


def test_many_contacts_are_saved_as_if_one_after_the_other():
    results = save_contacts(
        [
            reading(externalCustomerId="C1", channels=[email("a@b.c")]),
            reading(externalCustomerId="C2", channels=[email("b@b.c")]),
            reading(externalCustomerId="C1", channels=[email("c@b.c")]),  # gives up a@b.c
            reading(externalCustomerId="C3", channels=[email("a@b.c")]),  # which is free now
            reading(externalCustomerId="C2", channels=[email("c@b.c")]),  # C1 has it
            reading(channels=[email("b@b.c")], firstName="Bohdan"),
        ]
    )
    one, two, three = (
        Contact.objects.get(identifiers__kind="externalCustomerId", identifiers__value=value).pk
        for value in ("C1", "C2", "C3")
    )
    assert results[:4] == [Saved(one, True), Saved(two, True), Saved(one, False), Saved(three, True)]
    assert isinstance(results[4], Refused)
    assert results[4].contact_ids == tuple(sorted((one, two)))
    assert results[5] == Saved(two, False)
    assert held(one) == {("externalCustomerId", "C1"), ("email", "c@b.c")}
    assert held(two) == {("externalCustomerId", "C2"), ("email", "b@b.c")}
    assert held(three) == {("externalCustomerId", "C3"), ("email", "a@b.c")}
    assert Contact.objects.get(pk=two).first_name == "Bohdan"
    assert Contact.objects.count() == 3


def test_many_contacts_cost_a_handful_of_statements(django_assert_num_queries):
    changes = [reading(externalCustomerId=f"C{n}", channels=[email(f"{n}@b.c")]) for n in range(50)]
    with django_assert_num_queries(6):  # savepoint, look-up, ids, contacts, identifiers, release
        assert all(saved.is_new for saved in save_contacts(changes))
    changes = [reading(externalCustomerId=f"C{n}", channels=[email(f"{n}@c.d")]) for n in range(50)]
    with django_assert_num_queries(8):  # savepoint, look-up, lock, held, update, delete, identifiers, release
        assert not any(saved.is_new for saved in save_contacts(changes))
    assert Identifier.objects.count() == 100


def test_a_contact_that_stays_as_it_is_costs_only_reads(django_assert_num_queries):
    change = reading(externalCustomerId="C1", channels=[email("a@b.c")])
    save_contact(change)
    with django_assert_num_queries(5):  # savepoint, look-up, lock, held, release
        save_contact(change)


# --- races -----------------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_of_two_writers_of_one_new_contact_the_second_updates_what_the_first_made(monkeypatch):
    after_first_look_up(
        monkeypatch, registry, lambda: make_contact(email="a@b.c", first_name="First", last_name="Kept")
    )
    saved = post(externalCustomerId="C1", channels=[email("a@b.c")], firstName="Second")
    contact = Contact.objects.get()
    assert saved == Saved(contact.pk, is_new=False)
    assert (contact.first_name, contact.last_name) == ("Second", "Kept")
    assert held(contact.pk) == {("externalCustomerId", "C1"), ("email", "a@b.c")}


@pytest.mark.django_db(transaction=True)
def test_an_identifier_that_another_writer_took_meanwhile_is_refused_naming_both(monkeypatch):
    one = make_contact(external_customer_id="C1", first_name="Old")
    after_first_look_up(monkeypatch, registry, lambda: make_contact(email="a@b.c"))
    result = post(externalCustomerId="C1", channels=[email("a@b.c")], firstName="New")
    two = Contact.objects.exclude(pk=one.pk).get()
    assert isinstance(result, Refused)
    assert result.contact_ids == (one.pk, two.pk)
    one.refresh_from_db()
    assert one.first_name == "Old"
    assert held(one.pk) == {("externalCustomerId", "C1")}


@pytest.mark.django_db(transaction=True)
def test_a_contact_that_gave_its_identifier_up_meanwhile_is_not_the_one_that_is_updated(monkeypatch):
    one = make_contact(external_customer_id="C1", email="a@b.c")
    after_first_look_up(
        monkeypatch, registry, lambda: Identifier.objects.filter(kind="email").update(value="b@b.c", normalized="b@b.c")
    )
    saved = post(channels=[email("a@b.c")], firstName="Anna")
    assert saved.is_new
    assert saved.contact_id != one.pk
    assert held(one.pk) == {("externalCustomerId", "C1"), ("email", "b@b.c")}
    assert Contact.objects.get(pk=one.pk).first_name == ""


@pytest.mark.django_db(transaction=True)
def test_a_contact_that_was_deleted_meanwhile_is_not_updated(monkeypatch):
    one = make_contact(email="a@b.c")
    after_first_look_up(monkeypatch, registry, lambda: Contact.objects.update(deleted_at=timezone.now()))
    result = post(channels=[email("a@b.c")], firstName="Anna")
    assert isinstance(result, Refused)
    assert "deleted" in result.problems[0].detail
    assert Contact.objects.get(pk=one.pk).first_name == ""


@pytest.mark.django_db(transaction=True)
def test_a_writer_waits_for_one_that_has_not_committed_and_then_finds_its_contact():
    results = []
    writer = threading.Thread(
        target=lambda: (
            results.append(post(channels=[email("a@b.c")], firstName="Second")),
            connection.close(),
        )
    )
    with transaction.atomic():
        contact = make_contact(email="a@b.c", first_name="First")
        writer.start()
        wait_until_somebody_waits_for_a_lock()
    writer.join()
    assert results == [Saved(contact.pk, is_new=False)]
    assert Contact.objects.get().first_name == "Second"


@pytest.mark.django_db(transaction=True)
def test_a_contact_being_updated_holds_up_no_order_that_refers_to_it():
    contact = make_contact(email="a@b.c")
    with transaction.atomic():
        post(channels=[email("a@b.c")], firstName="Anna")
        # What PostgreSQL does for a row that references the contact.
        key_share = "SELECT 1 FROM contacts_contact WHERE id = %s FOR KEY SHARE NOWAIT"
        in_thread(lambda: connection.cursor().execute(key_share, [contact.pk]))


@pytest.mark.django_db(transaction=True)
def test_two_contacts_that_swap_their_emails_end_in_an_answer_each():
    """Each deletes what the other wants to insert: the crosswise wait that no order of locks can rule out."""
    one, two = (
        make_contact(email="a@b.c", external_customer_id="C1"),
        make_contact(email="b@b.c", external_customer_id="C2"),
    )
    barrier, results = threading.Barrier(2), {}

    def swap(contact, wanted):
        barrier.wait()
        try:
            results[contact.pk] = put(contact.pk, channels=[email(wanted)])
        finally:
            connection.close()

    threads = [threading.Thread(target=swap, args=args) for args in ((one, "b@b.c"), (two, "a@b.c"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {type(result) for result in results.values()} <= {Saved, Refused}
    assert len(results) == 2
    assert Identifier.objects.filter(kind="email").count() == 2


def test_an_identifier_that_stays_is_not_written_again():
    contact = make_contact(email="a@b.c")
    row = make_identifier(contact, "email", "b@b.c").pk
    post(channels=[email("b@b.c")])
    assert list(Identifier.objects.values_list("pk", flat=True)) == [row]
