"""Contacts in the command palette: by their id, or by whatever else names them."""

from collections.abc import Iterator

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from console.palette import Found, add_finder, as_row_id
from contacts.models import Contact
from contacts.search import find_contact_ids

SHOWN = 10  # a text may name a contact by each kind of identifier, and there is a handful of kinds


def find_contacts(typed: str) -> Iterator[Found]:
    """Three statements, by index."""
    ids = find_contact_ids(typed)
    if (row_id := as_row_id(typed)) is not None:
        ids.append(row_id)
    for contact in Contact.objects.filter(pk__in=ids[:SHOWN]).only("first_name", "last_name"):
        link = reverse("admin:contacts_contact_change", args=[contact.pk])
        yield Found(title=str(contact), description=_("contact"), icon="group", link=link)


add_finder("contacts.view_contact", find_contacts)
