"""Who is in a segment as of its last refresh: pages of people, a sample, and all of them as lines of a file.

Deleted and erased people are in none of these, whatever is stored.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from django.db.models import FilteredRelation, Q, QuerySet

from contacts.identifiers import EMAIL, EXTERNAL_CUSTOMER_ID, PHONE
from contacts.models import Contact, Identifier
from contract.paging import SortKey, id_key
from insights.segments.models import Segment

EXPORTED_AT_ONCE = 2_000
EXPORT_HEAD = ("contact id", "customer id", "first name", "last name", "e-mail", "phone")
EXPORTED_KINDS = (EXTERNAL_CUSTOMER_ID, EMAIL, PHONE)


def members_of(segment: Segment) -> QuerySet[Contact]:
    """The people of a segment; index: the key of members, entered at a page's cursor by BY_ID."""
    joined = FilteredRelation("segmentmember", condition=Q(segmentmember__segment=segment))
    return Contact.objects.alias(member=joined).filter(member__segment=segment, deleted_at=None)


def _beyond(rows: QuerySet[Contact], side: str, contact_id: int) -> QuerySet[Contact]:
    return rows.filter(**{f"member__contact__{side}": contact_id})


BY_ID: dict[str, SortKey] = {"id": id_key(beyond=_beyond)}


def export_rows(segment: Segment) -> Iterator[Sequence[Any]]:
    """A line for each person, by id: two statements for each EXPORTED_AT_ONCE people."""
    after = 0
    while people := list(_beyond(members_of(segment), "gt", after).order_by("pk")[:EXPORTED_AT_ONCE]):
        known: dict[tuple[int, str], str] = {}
        identifiers = Identifier.objects.filter(contact__in=people, kind__in=EXPORTED_KINDS)
        for contact_id, kind, value in identifiers.order_by("id").values_list("contact_id", "kind_id", "value"):
            known.setdefault((contact_id, kind), value)
        for person in people:
            customer_id, email, phone = (known.get((person.pk, kind)) for kind in EXPORTED_KINDS)
            yield person.pk, customer_id, person.first_name, person.last_name, email, phone
        after = people[-1].pk
