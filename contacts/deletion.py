"""Takes contacts out of sight and out of matching, and brings them back: docs/rules.md, section 6.

A deleted contact keeps its identifiers, so that nobody else takes them meanwhile, and its orders keep it: no revenue
figure moves. What an erasure took cannot be brought back.
"""

from collections.abc import Collection

from django.db import connection, transaction

from account.audit import AuditAction, record_audit
from contacts.departures import tell_of_departure

# Rows are locked in the order of their ids, as every writer of contacts does, so that two never wait in a circle.
DELETE_CONTACTS = """
    UPDATE contacts_contact AS contact
       SET deleted_at = now(), updated_at = now()
      FROM (SELECT id FROM contacts_contact
             WHERE id = ANY(%(ids)s::bigint[]) AND deleted_at IS NULL
             ORDER BY id FOR NO KEY UPDATE) AS kept
     WHERE contact.id = kept.id
    RETURNING contact.id
"""
RESTORE_CONTACTS = """
    UPDATE contacts_contact AS contact
       SET deleted_at = NULL, updated_at = now()
      FROM (SELECT id FROM contacts_contact
             WHERE id = ANY(%(ids)s::bigint[]) AND deleted_at IS NOT NULL
               AND NOT EXISTS (SELECT FROM contacts_erasure AS erasure WHERE erasure.contact_id = contacts_contact.id)
             ORDER BY id FOR NO KEY UPDATE) AS deleted
     WHERE contact.id = deleted.id
    RETURNING contact.id
"""


def delete_contacts(contact_ids: Collection[int], actor: str) -> list[int]:
    """Deletes those that are not deleted yet; returns their ids. Idempotent.

    Two statements for any number, and those of who listens (contacts/departures.py).

    `actor` is who had it done (account.audit.actor_of); the audit log tells it.
    """
    return _move(DELETE_CONTACTS, contact_ids, AuditAction.CONTACTS_DELETED, actor)


def restore_contacts(contact_ids: Collection[int], actor: str) -> list[int]:
    """Brings those back that are deleted and not erased; returns their ids. Two statements for any number. Idempotent.

    They are found by matching again from the next batch of events on; what was ignored meanwhile can be replayed.
    """
    return _move(RESTORE_CONTACTS, contact_ids, AuditAction.CONTACTS_RESTORED, actor)


def _move(statement: str, contact_ids: Collection[int], action: AuditAction, actor: str) -> list[int]:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, {"ids": list(contact_ids)})
        moved = sorted(contact_id for (contact_id,) in cursor.fetchall())
        if moved and action is AuditAction.CONTACTS_DELETED:
            tell_of_departure(moved)
        if moved:
            record_audit(actor, action, what_of(moved), len(moved))
    return moved


def what_of(contact_ids: Collection[int]) -> str:
    """How the audit log names contacts."""
    word = "contact" if len(contact_ids) == 1 else "contacts"
    return f"{word} {', '.join(map(str, contact_ids))}"
