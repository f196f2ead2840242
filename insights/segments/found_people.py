"""People as the pages of segments show them: name, identifier, and where their page and the reasons are."""

from collections.abc import Sequence
from typing import Any

from django.urls import reverse

from contacts.identifiers import EMAIL, EXTERNAL_CUSTOMER_ID, PHONE
from contacts.models import Contact, Identifier

SHOWN_KINDS = (EMAIL, PHONE, EXTERNAL_CUSTOMER_ID)  # the first of these that a person has is shown


def present_people(contacts: Sequence[Contact], segment_id: int | None = None) -> list[dict[str, Any]]:
    """Name, identifier and addresses of each, in the order given: one query."""
    known: dict[tuple[int, str], str] = {}
    found = Identifier.objects.filter(contact__in=contacts, kind__in=SHOWN_KINDS).order_by("-id")
    for contact_id, kind, value in found.values_list("contact_id", "kind_id", "value"):
        known[contact_id, kind] = value
    return [
        {
            "id": contact.pk,
            "name": str(contact),
            "known_by": next((known[contact.pk, kind] for kind in SHOWN_KINDS if (contact.pk, kind) in known), ""),
            "url": reverse("admin:contacts_contact_change", args=[contact.pk]),
            "why_url": reverse("admin:insights_segment_why", args=[segment_id, contact.pk]) if segment_id else "",
        }
        for contact in contacts
    ]


def load_sample(contact_ids: Sequence[int]) -> list[dict[str, Any]]:
    """The people of these ids that are not deleted: two queries."""
    return present_people(list(Contact.objects.filter(pk__in=contact_ids, deleted_at=None).order_by("-pk")))
