"""Contact fields that staff declare."""

import pytest
from django.db import IntegrityError, transaction

from contacts.fields import declare_field, load_address_book
from contacts.models import ContactField
from tests.factories import make_contact, make_kind

pytestmark = pytest.mark.django_db


def test_a_field_gets_the_next_id_unless_one_is_chosen():
    ids = [declare_field("a", "A", "text").pk, declare_field("b", "B", "text", 76_993).pk]
    assert [*ids, declare_field("c", "C", "text").pk] == [1, 76_993, 76_994]


def test_an_id_by_which_something_was_sent_is_given_to_no_other_field():
    """What a shop sends by ids of its own is not taken for another field."""
    contact = make_contact(fields={"1": "a", "2": "b", "02": "c"})
    assert declare_field("size", "Size", "text").pk == 3
    contact.refresh_from_db()
    assert contact.fields == {"1": "a", "2": "b", "02": "c"}


def test_what_was_sent_by_its_id_before_stands_under_its_key_afterwards():
    sent = make_contact(fields={"30": "4", "x": 1})
    both = make_contact(fields={"30": "4", "size": 5})
    other = make_contact(fields={"31": "4"})
    declare_field("size", "Size", "integer", 30)
    for contact, fields in ((sent, {"size": "4", "x": 1}), (both, {"30": "4", "size": 5}), (other, {"31": "4"})):
        contact.refresh_from_db()
        assert contact.fields == fields


def test_an_id_or_key_that_there_is_already_is_refused():
    declare_field("size", "Size", "text", 30)
    for key, number in (("size", 31), ("other", 30)):
        with pytest.raises(IntegrityError), transaction.atomic():
            declare_field(key, "Other", "text", number)
    assert ContactField.objects.count() == 1


def test_the_address_book_has_fields_kinds_and_what_the_account_says(django_assert_num_queries):
    make_kind("loyaltyCard")
    declare_field("size", "Size", "integer", 30)
    load_address_book()
    with django_assert_num_queries(2):
        book = load_address_book()
    assert (book.keys, book.declared, book.region) == ({30: "size"}, {"loyaltyCard": "exact"}, "UA")
    assert book.time_zone.key == "Europe/Kyiv"
