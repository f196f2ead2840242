"""Finds contacts for the list of the original: by identifiers, by names, from a place in the list on.

Identifiers are found in any spelling that matching accepts; a name is the whole name, case ignored. What is asked for
together must hold together. A page is a handful of queries, whatever its size and however many contacts there are.
"""

from dataclasses import dataclass

from django.db.models import QuerySet

from account.current import current_account
from contacts.api_shapes import ContactShape
from contacts.identifiers import EMAIL, EMAIL_FORM, EXTERNAL_CUSTOMER_ID, PHONE, PHONE_FORM, normalize
from contacts.matching import find_contacts
from contacts.models import Contact
from contacts.presentation import load_contacts
from contacts.search import of_name

# Parameter → kind and normal form of the identifier.
IDENTIFIERS = {
    "email": (EMAIL, EMAIL_FORM),
    "sms": (PHONE, PHONE_FORM),
    "externalCustomerId": (EXTERNAL_CUSTOMER_ID, "exact"),
}
NAMES = {"firstname": "first_name", "lastname": "last_name"}


@dataclass(frozen=True, slots=True)
class ContactPage:
    """`total` is how many contacts match in all."""

    contacts: list[ContactShape]
    total: int


def find_page(wanted: dict[str, str], start: int, limit: int) -> ContactPage:
    """The contacts that match, by their ids, from the `start`th on (1 is the first), at most `limit`: seven queries."""
    rows = _matching(wanted)
    ids = list(rows.order_by("pk").values_list("pk", flat=True)[start - 1 : start - 1 + limit])
    return ContactPage(load_contacts(ids) if ids else [], rows.count())


def _matching(wanted: dict[str, str]) -> QuerySet[Contact]:
    rows = Contact.objects.filter(deleted_at=None)  # index: contact_kept
    keys = [
        (kind, normalize(kind, form, wanted[name], current_account().phone_region))
        for name, (kind, form) in IDENTIFIERS.items()
        if name in wanted
    ]
    if keys:
        found = find_contacts(keys)
        ids = {found.get(key, 0) for key in keys}  # 0 is nobody's
        rows = rows.filter(pk__in=ids) if len(ids) == 1 else rows.none()
    for name, column in NAMES.items():
        if name in wanted:
            rows = of_name(rows, column, wanted[name])
    return rows
