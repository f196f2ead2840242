"""Finds whom a batch of messages names, creates the contacts that some of them may create, and fills others.

Which messages may is decided before: events where the account lets them (docs/rules.md, section 2), and whole orders
(section 6). What comes of it is decided in contacts/cast.py, as if one message came after the other. A contact made
here is marked with the event that made it. Statements are per batch, and safe against other writers
(contacts/uniqueness.py).
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from itertools import count

from django.db import connection

from contacts.cast import FILLED_KINDS, Cast, Person, Seeker
from contacts.identifiers import PUSH_TOKEN
from contacts.matching import Holder, LookupKey, Match, find_holders, walk
from contacts.models import Contact, PushChannel
from contacts.registry import load_declared_kinds
from contacts.uniqueness import LostRaceError, NewIdentifier, retry_lost_races, store_identifiers
from contract.postgres import as_recordset, take_numbers

TO_BE_CREATED = -1  # in a preview, the id of the contact that would be created


def match_or_create(seekers: Sequence[Seeker]) -> list[Match]:
    """Whom each message names, in the order given, once what they may create and fill is created and filled.

    One look-up where nobody may create anything; else at most ten statements in a savepoint, for any number.
    """
    if all(seeker.buyer is None for seeker in seekers):
        return _only_match(seekers)
    return retry_lost_races(partial(_match_or_create, seekers))


def preview_match(seeker: Seeker) -> Match:
    """The same for one message, writing nothing: TO_BE_CREATED is the id of a contact that it would create."""
    return preview_matches([seeker])[0]


def preview_matches(seekers: Sequence[Seeker]) -> list[Match]:
    """The same for any number, as if one came after the other: contacts that they would create have negative ids."""
    holders = find_holders(_keys_of(seekers))
    cast = Cast(holders, _load_people(_ids_to_fill(seekers, holders)), count(TO_BE_CREATED, -1))
    return [cast.meet(seeker) for seeker in seekers]


def _only_match(seekers: Sequence[Seeker]) -> list[Match]:
    found = _live(find_holders(_keys_of(seekers)))
    return [walk(seeker.candidates, found) for seeker in seekers]


def _match_or_create(seekers: Sequence[Seeker]) -> list[Match]:
    holders = find_holders(_keys_of(seekers))
    people = _load_people(_ids_to_fill(seekers, holders))
    cast = Cast(holders, people, iter(_take_ids(seekers, holders)))
    matches = [cast.meet(seeker) for seeker in seekers]
    _store(cast)
    return matches


def _keys_of(seekers: Iterable[Seeker]) -> set[LookupKey]:
    keys = {one.key for seeker in seekers for one in seeker.candidates}
    return keys.union(*(seeker.buyer.identifiers for seeker in seekers if seeker.buyer is not None))


def _live(holders: Mapping[LookupKey, Holder]) -> dict[LookupKey, int]:
    return {key: holder.contact_id for key, holder in holders.items() if not holder.is_deleted}


def _ids_to_fill(seekers: Iterable[Seeker], holders: Mapping[LookupKey, Holder]) -> set[int]:
    """The contacts that messages which fill may name."""
    filling = [seeker for seeker in seekers if seeker.buyer is not None and seeker.buyer.fills]
    found = _live(holders)
    return {found[one.key] for seeker in filling for one in seeker.candidates if one.key in found}


def _take_ids(seekers: Sequence[Seeker], holders: Mapping[LookupKey, Holder]) -> list[int]:
    """An id for each contact that may have to be made: one statement, none when nobody is missing."""
    found = _live(holders)
    missing = [seeker for seeker in seekers if seeker.buyer and walk(seeker.candidates, found).contact_id is None]
    creating = [seeker for seeker in missing if seeker.buyer and not seeker.buyer.identifiers.keys() <= holders.keys()]
    return take_numbers("contacts_contact_id_seq", len(creating)) if creating else []


LOAD_PEOPLE = """
    SELECT c.id, c.first_name, c.last_name,
           ARRAY(SELECT i.kind FROM contacts_identifier AS i           -- index: that of its foreign key
                  WHERE i.contact_id = c.id AND i.kind = ANY(%(kinds)s))
      FROM contacts_contact AS c
     WHERE c.id = ANY(%(ids)s)
"""


def _load_people(ids: Iterable[int]) -> dict[int, Person]:
    """The contacts with what could be filled: one statement, none for no ids."""
    wanted = sorted(ids)
    if not wanted:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(LOAD_PEOPLE, {"ids": wanted, "kinds": sorted(FILLED_KINDS)})
        return {
            contact_id: Person(
                contact_id=contact_id, first_name=first_name, last_name=last_name, kinds=frozenset(kinds)
            )
            for contact_id, first_name, last_name, kinds in cursor.fetchall()
        }


def _store(cast: Cast) -> None:
    """Writes what the batch comes to. Raises LostRaceError.

    Contacts are locked before identifiers are taken, as whoever posts contacts does, and identifiers are written
    before their new contacts: a lost race writes no contact, and foreign keys are checked when the transaction ends.
    """
    filled, created = cast.filled, cast.created
    if filled:
        _lock_unchanged(filled)
        _write_names(filled)
    store_identifiers(
        [
            NewIdentifier(person.contact_id, kind, text, normalized, _channel(kind))
            for person in (*filled, *created)
            for (kind, normalized), text in person.given.items()
        ]
    )
    if created:
        declared = load_declared_kinds()
        Contact.objects.bulk_create([_row(person, declared) for person in created])


def _channel(kind: str) -> str:
    return PushChannel.MOBILE_PUSH.value if kind == PUSH_TOKEN else ""


def _row(person: Person, declared: Mapping[str, str]) -> Contact:
    """What stands in a declared kind is a field of the contact too; of two values, the first."""
    fields: dict[str, str] = {}
    for (kind, _), text in person.given.items():
        if kind in declared:
            fields.setdefault(kind, text)
    return Contact(pk=person.contact_id, created_by_event_id=person.created_by, fields=fields, **person.names)


LOCK_PEOPLE = """
    SELECT id FROM contacts_contact WHERE id = ANY(%(ids)s) AND deleted_at IS NULL ORDER BY id FOR NO KEY UPDATE
"""


def _lock_unchanged(people: Sequence[Person]) -> None:
    """Locks them until the transaction ends. Raises LostRaceError when what is to be filled is empty no longer."""
    ids = sorted(person.contact_id for person in people)
    with connection.cursor() as cursor:
        cursor.execute(LOCK_PEOPLE, {"ids": ids})
        if len(cursor.fetchall()) < len(ids):
            raise LostRaceError
    now = _load_people(ids)
    if not all(_is_still_empty(person, now[person.contact_id]) for person in people):
        raise LostRaceError


def _is_still_empty(person: Person, now: Person) -> bool:
    given = {kind for kind, _ in person.given}
    return now.kinds.isdisjoint(given) and not any(getattr(now, name) for name in person.names)


WRITE_NAMES = """
    UPDATE contacts_contact AS c
       SET first_name = coalesce(given.first_name, c.first_name),
           last_name = coalesce(given.last_name, c.last_name),
           updated_at = now()
      FROM json_to_recordset(%(people)s::json) AS given (id bigint, first_name text, last_name text)
     WHERE c.id = given.id
"""


def _write_names(people: Sequence[Person]) -> None:
    """One statement; it also marks those as changed that are only given identifiers."""
    rows = [{"id": person.contact_id, **person.names} for person in people]
    with connection.cursor() as cursor:
        cursor.execute(WRITE_NAMES, {"people": as_recordset(rows)})
