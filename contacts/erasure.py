"""Erases a person: docs/rules.md, section 6. This room empties the contact; events/erasure.py goes through the rest.

The request takes one transaction: the contact is deleted and emptied, and what it was known by moves into the record of
the erasure. Its identifiers stay, of a deleted contact, until nothing that was sent before is left to be applied: an
event that waits would else create the person anew. With them goes the last that was known.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import F
from django.db.models.functions import Coalesce, Now

from account.audit import AuditAction, record_audit
from contacts.deletion import what_of
from contacts.departures import tell_of_departure
from contacts.erasure_values import ErasedIdentifier, ErasedPerson, texts_in
from contacts.models import Contact, ContactImport, Erasure, ErasureStage, Identifier

EMPTY: dict[str, Any] = {"first_name": "", "last_name": "", "address": {}, "fields": {}}


def request_erasure(contact_id: int, actor: str) -> Erasure | None:
    """Begins to erase a contact; None when there is none. Idempotent: of one that is erased already, its record.

    From the commit on the contact is deleted and has no name. Seven statements, and those of who listens
    (contacts/departures.py). `actor`: account.audit.actor_of().
    """
    with transaction.atomic():
        contact = Contact.objects.select_for_update(no_key=True).filter(pk=contact_id).first()
        if contact is None:
            return None
        begun = Erasure.objects.filter(pk=contact_id).first()
        if begun is not None:
            return begun
        erasure = Erasure.objects.create(contact=contact, values=_values_of(contact))
        _empty([contact_id])
        tell_of_departure([contact_id])
        record_audit(actor, AuditAction.CONTACTS_ERASED, what_of([contact_id]))
    return erasure


def _values_of(contact: Contact) -> dict[str, Any]:
    identifiers = contact.identifiers.order_by("id").values_list("kind_id", "kind__normal_form", "value", "normalized")
    return {
        "firstName": contact.first_name,
        "lastName": contact.last_name,
        "lines": texts_in(contact.address) + texts_in(contact.fields),
        "identifiers": [list(row) for row in identifiers],
    }


def person_of(erasure: Erasure) -> ErasedPerson:
    """What the erasure looks for."""
    values = erasure.values
    return ErasedPerson(
        contact_id=erasure.pk,
        first_name=values["firstName"],
        last_name=values["lastName"],
        lines=tuple(values["lines"]),
        identifiers=tuple(ErasedIdentifier(*row) for row in values["identifiers"]),
    )


def _empty(contact_ids: Collection[int]) -> None:
    Contact.objects.filter(pk__in=contact_ids).update(
        **EMPTY, deleted_at=Coalesce(F("deleted_at"), Now()), updated_at=Now()
    )
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM contacts_membership WHERE contact_id = ANY(%s)", [list(contact_ids)])


def finish_erasures(contact_ids: Collection[int]) -> None:
    """Forgets the last that was known of these contacts: four statements, in the caller's transaction."""
    list(Contact.objects.select_for_update(no_key=True).filter(pk__in=contact_ids).order_by("pk").values_list("pk"))
    _empty(contact_ids)
    Identifier.objects.filter(contact_id__in=contact_ids).delete()
    Erasure.objects.filter(pk__in=contact_ids).update(stage=ErasureStage.DONE, position=0, values={}, finished_at=Now())


def waits_for_imports(requested_at: datetime) -> bool:
    """Whether an import is under way that was taken before an erasure was asked for, and may name its person.

    It meets a deleted contact that holds the identifiers, and forgets what it was sent when it ends.
    """
    return ContactImport.objects.filter(finished_at=None, received_at__lte=requested_at).exists()


def find_erasure(contact_id: int) -> Erasure | None:
    """The record of a contact's erasure, if one was asked for."""
    return Erasure.objects.filter(pk=contact_id).first()


def present_erasure(erasure: Erasure, moment: Any) -> dict[str, Any]:
    """The record in the shape of the API; `moment` presents a datetime."""
    finished: datetime | None = erasure.finished_at
    return {
        "id": erasure.pk,
        "status": "erased" if erasure.stage == ErasureStage.DONE else "erasing",
        "stage": erasure.stage,
        "requestedAt": moment(erasure.requested_at),
        "finishedAt": moment(finished) if finished else None,
        "events": erasure.events,
        "orders": erasure.orders,
    }
