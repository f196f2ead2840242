"""Which ignored events would find their contact now: what is worth a replay once rules or contacts have changed.

Looks at the latest events that were ignored for want of a contact, by the rules of a basis and with the contacts as
they are. Reads no more than a set number of events and bytes, whatever shops have sent. Stores nothing.
"""

from collections.abc import Iterator

from django.db import connection, transaction

from contacts.matching import RuleList
from contract.reasons import NAMED_NOBODY
from events.basis import DecisionBasis
from events.rule_preview import READ_AT_ONCE, StoredEvent, Subjects, look_up

EVENTS = 10_000  # the latest of each reason: a second or two together
CHARACTERS = 100_000_000  # of their bodies together, for each reason


def find_replayable(basis: DecisionBasis) -> list[int]:
    """The ids of those that name somebody by the rules of the basis, rising. Two statements for each reason."""
    found: list[int] = []
    subjects = Subjects(RuleList((), {}), basis)
    with transaction.atomic():
        for events in _latest_unmatched():
            read = [(event, subjects.of(event)) for event in events]
            look_up(subject for _, subject in read)
            found += [event.event_id for event, subject in read if subject.found_before is not None]
    return sorted(found)


LATEST_UNMATCHED = """
    SELECT key, event_id, body, 'ignored', %(reason)s
      FROM (
               SELECT t.key, e.id AS event_id, e.body,
                      sum(octet_length(e.body)) OVER (ORDER BY e.id DESC ROWS UNBOUNDED PRECEDING) AS characters
                 FROM (
                          SELECT event_id FROM events_outcome          -- index: outcome_by_reason
                           WHERE reason = %(reason)s AND status <> 'applied'
                           ORDER BY event_id DESC LIMIT %(events)s
                      ) AS latest
                 JOIN events_event AS e ON e.id = latest.event_id
                 JOIN events_eventtype AS t ON t.id = e.event_type_id
           ) AS counted
     WHERE characters <= %(characters)s
"""


def _latest_unmatched() -> Iterator[list[StoredEvent]]:
    for reason in NAMED_NOBODY:
        with connection.chunked_cursor() as cursor:
            cursor.execute(LATEST_UNMATCHED, {"reason": reason.value, "events": EVENTS, "characters": CHARACTERS})
            while rows := cursor.fetchmany(READ_AT_ONCE):
                yield [StoredEvent(*row) for row in rows]
