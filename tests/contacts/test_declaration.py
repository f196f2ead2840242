"""A contact field becomes an identifier kind: docs/rules.md, section 2."""

from decimal import Decimal

import pytest

from contacts.declaration import Clash, FieldNotUniqueError, declare_kind, find_clashes
from contacts.fields import declare_field
from contacts.matching import find_contacts
from contacts.models import ContactField, Identifier, IdentifierKind
from tests.factories import make_contact

pytestmark = pytest.mark.django_db


def card(normal_form="exact"):
    return IdentifierKind(key="loyaltyCard", name="loyalty card", normal_form=normal_form)


def test_contacts_are_found_by_what_their_field_held_before_it_was_declared():
    one = make_contact(fields={"loyaltyCard": "77", "size": 4})
    two = make_contact(fields={"loyaltyCard": 78})
    three = make_contact(fields={"loyaltyCard": Decimal("1.50")})
    make_contact(fields={"loyaltyCard": ["79"]})
    make_contact(fields={"loyaltyCard": ""})
    make_contact(fields={"loyaltyCard": None})
    make_contact(fields={"size": "80"})
    assert declare_kind(card()) == 3
    keys = [("loyaltyCard", value) for value in ("77", "78", "1.50", '["79"]', "80")]
    assert find_contacts(keys) == {keys[0]: one.pk, keys[1]: two.pk, keys[2]: three.pk}


def test_a_field_whose_values_name_two_contacts_is_not_declared():
    one = make_contact(fields={"loyaltyCard": "a@b.c"})
    two = make_contact(fields={"loyaltyCard": "A@b.c"}, is_deleted=True)
    make_contact(fields={"loyaltyCard": "other"})
    assert find_clashes("loyaltyCard", "exact") == []
    assert find_clashes("loyaltyCard", "email") == [Clash("a@b.c", (one.pk, two.pk))]
    with pytest.raises(FieldNotUniqueError) as refusal:
        declare_kind(card("email"))
    assert refusal.value.clashes == [Clash("a@b.c", (one.pk, two.pk))]
    assert not IdentifierKind.objects.filter(key="loyaltyCard").exists()
    assert Identifier.objects.count() == 0


def test_a_field_of_a_kind_is_a_contact_field_with_an_id():
    declare_field("size", "Size", "integer", 30)
    declare_kind(card())
    assert list(ContactField.objects.order_by("id").values_list("id", "key", "type")) == [
        (30, "size", "integer"),
        (31, "loyaltyCard", "text"),
    ]
    declare_kind(IdentifierKind(key="size", name="size"))
    assert ContactField.objects.count() == 2
