"""Deleted contacts: out of sight and out of matching, with all that they had, until somebody brings them back."""

import pytest

from account.models import AuditEntry
from contacts.deletion import delete_contacts, restore_contacts
from contacts.erasure import request_erasure
from contacts.matching import find_contacts, find_holders
from contacts.models import Contact
from tests.factories import make_contact, make_order

pytestmark = pytest.mark.django_db
ANNA = ("email", "anna@example.com")


def audited():
    return list(AuditEntry.objects.order_by("pk").values_list("actor", "action", "what", "count"))


def test_a_deleted_contact_is_not_found_and_keeps_its_identifiers_and_orders():
    anna = make_contact(email="anna@example.com", first_name="Anna")
    order = make_order(contact=anna, status="DELIVERED")
    assert delete_contacts([anna.pk], "user olha") == [anna.pk]
    assert find_contacts([ANNA, ("contactId", str(anna.pk))]) == {}
    assert find_holders([ANNA])[ANNA].contact_id == anna.pk
    order.refresh_from_db()
    anna.refresh_from_db()
    assert (order.contact_id, anna.first_name) == (anna.pk, "Anna")


def test_a_restored_contact_is_found_again():
    anna = make_contact(email="anna@example.com", is_deleted=True)
    assert restore_contacts([anna.pk], "user olha") == [anna.pk]
    assert find_contacts([ANNA]) == {ANNA: anna.pk}


def test_deleting_and_restoring_twice_does_what_once_does():
    anna = make_contact()
    assert [delete_contacts([anna.pk], "user olha") for _ in range(2)] == [[anna.pk], []]
    deleted_at = Contact.objects.get().deleted_at
    delete_contacts([anna.pk], "user olha")
    assert Contact.objects.get().deleted_at == deleted_at
    assert [restore_contacts([anna.pk], "user olha") for _ in range(2)] == [[anna.pk], []]
    assert audited() == [
        ("user olha", "contacts.deleted", f"contact {anna.pk}", 1),
        ("user olha", "contacts.restored", f"contact {anna.pk}", 1),
    ]


@pytest.mark.parametrize("count", [1, 200])
def test_any_number_takes_the_same_few_statements(count, django_assert_num_queries):
    ids = [make_contact().pk for _ in range(count)]
    with django_assert_num_queries(6):  # a savepoint and its release, and two that take them out of segments, too
        assert delete_contacts(ids, "user olha") == ids
    with django_assert_num_queries(4):
        assert restore_contacts(ids, "user olha") == ids
    assert [entry[3] for entry in audited()] == [count, count]


def test_nobody_is_deleted_and_nothing_is_told_for_ids_of_nobody():
    assert delete_contacts([1, 2**62], "user olha") == []
    assert audited() == []


def test_what_was_erased_is_not_brought_back():
    anna = make_contact(email="anna@example.com", first_name="Anna")
    request_erasure(anna.pk, "user olha")
    assert restore_contacts([anna.pk], "user olha") == []
    anna.refresh_from_db()
    assert anna.deleted_at is not None
    assert anna.first_name == ""
