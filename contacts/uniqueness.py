"""Decides what happens when two writers want one identifier: who commits first has it, the other one looks again.

An identifier is only ever inserted where it is free, never moved: identifier_names_one_contact is the judge. A writer
that meets one taken since it looked undoes its own work and begins again with a new look, in which the other's contact
is there to be found.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import psycopg
from django.db import OperationalError, connection, transaction

from contract.postgres import as_recordset

MAX_TRIES = 20  # each lost race means that another writer got on


class LostRaceError(Exception):
    """Another writer took, gave up or deleted what this one had found. Whoever sees it may try the same again."""


@dataclass(frozen=True, slots=True)
class NewIdentifier:
    contact_id: int
    kind: str
    value: str  # as it was given
    normalized: str  # never ""
    push_channel: str


# Written in one order for all writers, so that two of them never wait for each other. Numbered in the order given, in
# which a contact shows them.
STORE_IDENTIFIERS = """
    WITH numbered AS MATERIALIZED (
        SELECT nextval('contacts_identifier_id_seq') AS id, given.*
          FROM json_to_recordset(%(identifiers)s::json)
            AS given (contact_id bigint, kind text, value text, normalized text, push_channel text)
    )
    INSERT INTO contacts_identifier (id, contact_id, kind, value, normalized, push_channel)
    SELECT id, contact_id, kind, value, normalized, push_channel
      FROM numbered
     ORDER BY kind, normalized
        ON CONFLICT ON CONSTRAINT identifier_names_one_contact DO NOTHING
"""


def store_identifiers(identifiers: Sequence[NewIdentifier]) -> None:
    """Stores all of them: one statement. Raises LostRaceError when one is taken; the caller's transaction must end.

    Waits for a writer that has the same identifier and has not committed yet.
    """
    if not identifiers:
        return
    with connection.cursor() as cursor:
        cursor.execute(STORE_IDENTIFIERS, {"identifiers": as_recordset(identifiers)})
        if cursor.rowcount != len(identifiers):
            raise LostRaceError


def retry_lost_races[Result](work: Callable[[], Result]) -> Result:
    """What `work` returns, which runs in a transaction (or savepoint) of its own, and again after a lost race."""
    for tries_left in reversed(range(MAX_TRIES)):
        try:
            with transaction.atomic():
                return work()
        except LostRaceError:
            if not tries_left:
                raise
        except OperationalError as error:
            # Who replaces identifiers deletes before it inserts, so two that swap theirs can still meet crosswise.
            if not isinstance(error.__cause__, psycopg.errors.DeadlockDetected) or not tries_left:
                raise
    raise AssertionError("the last try returns or raises")
