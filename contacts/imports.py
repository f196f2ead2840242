"""Takes imports of contacts, and works them off: docs/rules.md, section 6.

An import is stored before it is answered, and worked off some hundred contacts at a time: each batch is one transaction
with the note of how far the import has come, so a worker that is killed leaves nothing half done, and nothing is done
twice. Imports have their turns in the order in which they were accepted, one at a time whatever the number of workers:
the later of two that name one person has the last word.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID, uuid4

import structlog
from django.db import InterfaceError, OperationalError, connection, transaction

from contacts.change import ContactChange
from contacts.fields import load_address_book
from contacts.import_options import read_options
from contacts.import_reading import CHUNK, PreparedImport, options_message, split_contacts
from contacts.import_results import give_up, store_progress
from contacts.models import ContactImport
from contacts.payload import ContactError
from contacts.people import Refused, Saved
from contacts.registry import save_contacts
from contacts.uniqueness import LostRaceError
from contract.advisory_locks import try_lock
from contract.reasons import Problem

log = structlog.get_logger(__name__)

ADVISORY_SPACE = 0x494D504F  # “IMPO”: one who works imports off at a time


@dataclass(frozen=True, slots=True)
class NewContact:
    """A contact that an import has made, for who is told about it."""

    contact_id: int
    change: ContactChange


# (the key of the event type, the id of the source, the contacts): called in the transaction that makes them.
type Announce = Callable[[str, int, Sequence[NewContact]], None]


# --- take ---


def store_import(body: bytes, total: int, source_id: int, actor: str) -> UUID:
    """Stores an import whose options are known to be sound; commits at once outside of a transaction."""
    session_id = uuid4()
    ContactImport.objects.create(
        session_id=session_id, source_id=source_id, actor=actor, body=body.decode(), total=total
    )
    return session_id


# --- work off ---

NEXT_IMPORT = """
    SELECT id, session_id, source_id, actor, done, total
      FROM contacts_contactimport            -- index: contact_import_unfinished
     WHERE finished_at IS NULL
     ORDER BY id
     LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class _Turn:
    """The import whose turn it is, and how far it is."""

    id: int
    session_id: UUID
    source_id: int
    actor: str
    done: int
    total: int


_kept: PreparedImport | None = None  # from one turn to the next: an import takes several


def work_off_imports(budget_seconds: float, announce: Announce) -> bool:
    """Works on the imports that wait, for as long as that and at least one batch; whether there is more to do.

    Returns False when another worker is at it. Raises what the database raises when it is not there, and LostRaceError
    when other writers keep getting in between: then the import goes on where it was at the next call.
    """
    deadline = time.monotonic() + budget_seconds
    while True:
        with transaction.atomic():
            turn = _lock_next()
            if turn is None:
                return False
            prepared = _prepared_for(turn)
            if prepared is not None:
                _work_off_batch(turn, prepared, announce)
        if time.monotonic() > deadline:
            return ContactImport.objects.filter(finished_at=None).exists()


def _lock_next() -> _Turn | None:
    """The import to work on; the lock is taken first, so that what its last holder committed is seen."""
    if not try_lock(ADVISORY_SPACE):
        return None
    with connection.cursor() as cursor:
        cursor.execute(NEXT_IMPORT)
        row = cursor.fetchone()
    return None if row is None else _Turn(*row)


def _prepared_for(turn: _Turn) -> PreparedImport | None:
    global _kept
    if _kept is None or _kept.session_id != turn.session_id:
        _kept = _prepare(turn)
    prepared = _kept
    if turn.done + CHUNK >= turn.total:
        _kept = None
    return prepared


def _prepare(turn: _Turn) -> PreparedImport | None:
    """None when the options, which were sound at the door, are so no longer: then the import is given up."""
    body = ContactImport.objects.values_list("body", flat=True).get(pk=turn.id).encode()
    book = load_address_book()
    try:
        return PreparedImport(turn.session_id, read_options(options_message(body), book), split_contacts(body), book)
    except ContactError as error:
        log.warning("import.given_up", import_id=turn.id, pointer=error.problems[0].pointer)
        give_up(turn.id, error.problems[0].detail)
        return None


def _work_off_batch(turn: _Turn, prepared: PreparedImport, announce: Announce) -> None:
    started = time.perf_counter()
    batch = prepared.batch(turn.done)
    refused = {index: each for index, each in batch.items() if isinstance(each, Refused)}
    changes = {index: each for index, each in batch.items() if isinstance(each, ContactChange)}
    results = refused | _save(turn, prepared, changes, announce)
    store_progress(turn.id, results)
    log.info(
        "import.batch",
        import_id=turn.id,
        contacts=len(batch),
        refused=sum(isinstance(result, Refused) for result in results.values()),
        milliseconds=round((time.perf_counter() - started) * 1000, 1),
    )


def _save(
    turn: _Turn, prepared: PreparedImport, changes: dict[int, ContactChange], announce: Announce
) -> dict[int, Saved | Refused]:
    """Saves the batch; when our code raises, contact by contact, and the culprit is refused."""
    try:
        with transaction.atomic():
            return _save_together(turn, prepared, changes, announce)
    except (OperationalError, InterfaceError, LostRaceError):
        raise  # the machinery and no contact: the whole batch still waits, and the sweep comes again
    except Exception:  # whatever a contact makes our code raise must not hold up all imports
        log.exception("import.batch_failed", import_id=turn.id)
    results: dict[int, Saved | Refused] = {}
    for index, change in changes.items():
        try:
            with transaction.atomic():
                results |= _save_together(turn, prepared, {index: change}, announce)
        except (OperationalError, InterfaceError, LostRaceError):
            raise
        except Exception:  # see above: the traceback is in the log
            log.exception("import.contact_failed", import_id=turn.id, index=index)
            results[index] = Refused("internal_error", (_own_error(index),))
    return results


def _own_error(index: int) -> Problem:
    detail = "Orderloom could not take this contact because of an error of its own; send it again later."
    return Problem(pointer=f"/contacts/{index}", code="internal_error", detail=detail)


def _save_together(
    turn: _Turn, prepared: PreparedImport, changes: dict[int, ContactChange], announce: Announce
) -> dict[int, Saved | Refused]:
    results = dict(zip(changes, save_contacts(list(changes.values()), turn.actor), strict=True))
    if prepared.options.event_key:
        new = [
            NewContact(result.contact_id, changes[index])
            for index, result in results.items()
            if isinstance(result, Saved) and result.is_new
        ]
        if new:
            announce(prepared.options.event_key, turn.source_id, new)
    return results
