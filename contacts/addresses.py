"""Where a contact can be written to: the first e-mail address and phone number that it was given."""

from dataclasses import dataclass

from contacts.identifiers import EMAIL, PHONE
from contacts.models import Identifier


@dataclass(frozen=True, slots=True)
class Addresses:
    """As they were given, not in the normal form; "" where there is none."""

    email: str = ""
    phone: str = ""


def load_addresses(contact_id: int) -> Addresses:
    """The addresses of a contact; none of one that is deleted or unknown. One query."""
    held = Identifier.objects.filter(
        contact_id=contact_id, contact__deleted_at__isnull=True, kind__in=[EMAIL, PHONE]
    ).order_by("-pk")
    first = dict(held.values_list("kind_id", "value"))  # the last that is read of each kind stays: the first given
    return Addresses(first.get(EMAIL, ""), first.get(PHONE, ""))
