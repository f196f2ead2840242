"""Keeps what became of an import, and tells it: how far it is, what its contacts came to, and why some were refused.

Nothing here holds a value of a person: what was sent goes with the last batch, and a refusal names the place, the code
and the fix. So an erasure finds nobody here, and the sender, who has what was sent, finds the rest.
"""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import connection
from django.utils import timezone

from contacts.models import ContactImport
from contacts.people import Refused, Saved
from contract.json_values import encode
from contract.problems import present_problem

MAX_PROBLEMS = 10  # told of one contact: what is kept of a hostile import stays a few times its size
KEPT_DAYS = 7

# A body that has been worked off is let go in the same transaction: what it held of people stands in contacts alone.
STORE_PROGRESS = """
    UPDATE contacts_contactimport
       SET done = %(done)s, created = created + %(created)s, updated = updated + %(updated)s,
           contact_ids = contact_ids || %(contact_ids)s::bigint[], refused = refused || %(refused)s::jsonb,
           status = CASE WHEN %(done)s = total THEN 'FINISHED' ELSE 'IMPORTING' END,
           finished_at = CASE WHEN %(done)s = total THEN now() END,
           body = CASE WHEN %(done)s = total THEN '' ELSE body END
     WHERE id = %(id)s
"""


def store_progress(import_id: int, results: dict[int, Saved | Refused]) -> None:
    """`results` has one for each contact of the batch, by its index."""
    indexes = sorted(results)
    saved = [result for result in results.values() if isinstance(result, Saved)]
    told = [(index, results[index]) for index in indexes]
    refused = [_present_refused(index, result) for index, result in told if isinstance(result, Refused)]
    new = sum(result.is_new for result in saved)
    progress: dict[str, Any] = {
        "id": import_id,
        "done": indexes[-1] + 1,
        "created": new,
        "updated": len(saved) - new,
        "contact_ids": [result.contact_id if isinstance(result, Saved) else 0 for _, result in told],
        "refused": encode(refused),
    }
    with connection.cursor() as cursor:
        cursor.execute(STORE_PROGRESS, progress)


def _present_refused(index: int, refused: Refused) -> dict[str, Any]:
    """Without what was found: it is a value of a person, and the sender has it."""
    errors = [
        {name: text for name, text in present_problem(problem).items() if name != "found"}
        for problem in refused.problems[:MAX_PROBLEMS]
    ]
    named = {"contactIds": list(refused.contact_ids)} if refused.contact_ids else {}
    return {"index": index, "errors": errors, **named}


GIVE_UP = """
    UPDATE contacts_contactimport
       SET status = 'ERROR', description = %(description)s, finished_at = now(), body = ''
     WHERE id = %(id)s
"""


def give_up(import_id: int, description: str) -> None:
    """Ends an import of which nothing more can be taken; `description` says why, without a value of a person."""
    with connection.cursor() as cursor:
        cursor.execute(GIVE_UP, {"id": import_id, "description": description})


def load_status(session_id: UUID) -> dict[str, Any] | None:
    """How far an import is, in the shape of the API; None when there is none, or it was removed: one query."""
    row = ContactImport.objects.defer("body").filter(session_id=session_id).first()
    if row is None:
        return None
    mapping = [{"index": index, "contactId": number} for index, number in enumerate(row.contact_ids) if number]
    status: dict[str, Any] = {"asyncSessionId": str(row.session_id), "status": row.status}
    if row.description:
        status["description"] = row.description
    return status | {
        "total": row.total,
        "done": row.done,
        "created": row.created,
        "updated": row.updated,
        "mapping": mapping,
        "refused": row.refused,
    }


def remove_old_imports() -> int:
    """Removes what was told of imports that were finished some days ago; how many."""
    oldest = timezone.now() - timedelta(days=KEPT_DAYS)
    return ContactImport.objects.filter(finished_at__lt=oldest).delete()[0]
