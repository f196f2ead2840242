"""`manage.py erase_contacts`: for erasures that a restored backup does not know."""

import pytest
from django.core.management import CommandError, call_command

from account.models import AuditEntry
from contacts.models import Contact, Erasure
from events.erasure import advance_erasures
from tests.factories import make_contact

pytestmark = pytest.mark.django_db


def test_contacts_are_erased_by_their_ids_and_it_may_be_said_twice(capsys):
    anna, bob, _ = make_contact(first_name="Anna"), make_contact(first_name="Bob"), make_contact(first_name="Olha")
    call_command("erase_contacts", str(anna.pk), str(bob.pk))
    assert capsys.readouterr().out == f"The contact {anna.pk} is being erased.\nThe contact {bob.pk} is being erased.\n"
    advance_erasures()
    call_command("erase_contacts", str(anna.pk))
    assert capsys.readouterr().out == f"The contact {anna.pk} was erased before.\n"
    assert sorted(Contact.objects.values_list("first_name", flat=True)) == ["", "", "Olha"]
    assert set(AuditEntry.objects.values_list("actor", "action")) == {("manage.py erase_contacts", "contacts.erased")}


def test_those_that_are_there_are_erased_and_the_others_are_told():
    anna = make_contact()
    with pytest.raises(CommandError, match="There is no contact 0, 99999999999999999999"):
        call_command("erase_contacts", "0", str(anna.pk), "99999999999999999999")
    assert Erasure.objects.get().pk == anna.pk
