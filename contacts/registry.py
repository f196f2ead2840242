"""Creates and updates contacts: docs/rules.md, section 6. What is decided of each: contacts/people.py.

An identifier that belongs to another contact is a refusal that names both, never a silent move. Statements are per set
of contacts, never per contact, and safe against other writers (contacts/uniqueness.py).
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from itertools import chain

from django.db import connection

from contacts.change import ContactChange
from contacts.deletion import restore_contacts
from contacts.fields import load_declared_kinds
from contacts.groups import count_groups, create_groups, find_groups, join_groups, leave_groups, load_groups_of
from contacts.identifiers import CONTACT_ID
from contacts.matching import Holder, LookupKey, find_holders
from contacts.models import Contact, Erasure, Identifier
from contacts.people import Held, People, Person, Refused, Saved
from contacts.uniqueness import LostRaceError, NewIdentifier, retry_lost_races, store_identifiers
from contract.json_values import encode
from contract.postgres import as_recordset, copy_rows, take_numbers

__all__ = ["Refused", "Saved", "load_declared_kinds", "save_contact", "save_contacts"]


def save_contact(change: ContactChange) -> Saved | Refused:
    """Creates the contact that the identifiers name, or updates it; commits at once outside of a transaction."""
    return save_contacts([change])[0]


def save_contacts(changes: Sequence[ContactChange], actor: str = "") -> list[Saved | Refused]:
    """The same for many, as if one after the other in this order: a result for each.

    A handful of statements in one transaction, or savepoint, for any number of changes. `actor` is who has contacts
    restored, for the audit log: needed where a change restores. Raises LostRaceError when other writers keep getting
    in between; then nothing is written.
    """
    return retry_lost_races(partial(_save, changes, actor)) if changes else []


def _save(changes: Sequence[ContactChange], actor: str) -> list[Saved | Refused]:
    groups = _find_groups(changes)
    keys = [_keys_of(change) for change in changes]
    holders = find_holders(chain.from_iterable(keys))
    expected_new = sum(holders.keys().isdisjoint(each) for each in keys)
    people = People(_lock_people(changes, holders), _fresh_ids(expected_new).__next__, *groups)
    results = [people.take(change) for change in changes]
    _write([person for person in people.by_id.values() if person.is_new or person.is_changed])
    if restored := [person.contact_id for person in people.by_id.values() if person.is_restored]:
        restore_contacts(restored, actor)
    return results


def _keys_of(change: ContactChange) -> list[LookupKey]:
    own = [] if change.contact_id is None else [(CONTACT_ID, str(change.contact_id))]
    return own + [given.key for given in change.all_identifiers]


def _find_groups(changes: Sequence[ContactChange]) -> tuple[Mapping[int, str], int]:
    """The groups that are named and there, and how many the account has (when there is one that is not)."""
    given = [group for change in changes for group in change.all_groups]
    names = {group.name for group in given if group.name}
    found = find_groups(names, {group.id for group in given if not group.name})
    return found, count_groups() if names - set(found.values()) else 0


def _fresh_ids(expected: int) -> Iterator[int]:
    """Ids for new contacts, drawn when the first is needed: all at once as far as it can be foreseen."""
    while True:
        yield from take_numbers("contacts_contact_id_seq", max(expected, 1))
        expected = 1


# --- read ---

COLUMNS = ("pk", "first_name", "last_name", "address", "fields", "deleted_at")


def _lock_people(changes: Sequence[ContactChange], holders: Mapping[LookupKey, Holder]) -> list[Person]:
    """The contacts with all that a change can touch, locked until the end of the transaction: at most four queries.

    Orders that refer to them are not held up. Raises LostRaceError when one is gone, or has given up an identifier by
    which it was found.
    """
    ids = sorted({holder.contact_id for holder in holders.values()})
    if not ids:
        return []
    locked = Contact.objects.filter(pk__in=ids).order_by("pk").select_for_update(no_key=True)
    people = {row[0]: _person_of(*row) for row in locked.values_list(*COLUMNS)}
    rows = Identifier.objects.filter(contact_id__in=ids).order_by("id")
    for row_id, contact_id, *key, value, channel in rows.values_list(
        "id", "contact_id", "kind_id", "normalized", "value", "push_channel"
    ):
        if contact_id in people:
            people[contact_id].identifiers[key[0], key[1]] = Held(value, channel, row_id)
    _check_still_held(people, holders)
    if gone := [person.contact_id for person in people.values() if person.is_deleted]:
        for contact_id in Erasure.objects.filter(pk__in=gone).values_list("pk", flat=True):
            people[contact_id].is_erased = True
    if any(change.all_groups or change.groups is not None or change.leaves for change in changes):
        for contact_id, groups in load_groups_of(ids).items():
            people[contact_id].groups = {name for _, name in groups}
            people[contact_id].stored_groups = frozenset(people[contact_id].groups)
    return list(people.values())


def _person_of(
    contact_id: int, first_name: str, last_name: str, address: object, fields: object, deleted_at: object
) -> Person:
    return Person(
        contact_id=contact_id,
        is_deleted=deleted_at is not None,
        first_name=first_name,
        last_name=last_name,
        address=address,  # type: ignore[arg-type]  # objects, by all that writes them
        fields=fields,  # type: ignore[arg-type]
    )


def _check_still_held(people: Mapping[int, Person], holders: Mapping[LookupKey, Holder]) -> None:
    for key, holder in holders.items():
        person = people.get(holder.contact_id)
        if person is None or (key[0] != CONTACT_ID and key not in person.identifiers):
            raise LostRaceError


# --- write ---

UPDATE_CONTACTS = """
    UPDATE contacts_contact AS contact
       SET first_name = given.first_name, last_name = given.last_name,
           address = given.address::jsonb, fields = given.fields::jsonb,
           updated_at = now()
      FROM json_to_recordset(%(contacts)s::json)
        AS given (id bigint, first_name text, last_name text, address text, fields text)
     WHERE contact.id = given.id
"""
COPIED = ("id", "first_name", "last_name", "address", "fields")
REMOVE_IDENTIFIERS = "DELETE FROM contacts_identifier WHERE id = ANY(%(ids)s::bigint[])"


def _write(people: Sequence[Person]) -> None:
    """At most seven statements, whatever the number of contacts. Raises LostRaceError when an identifier is taken."""
    new = [person for person in people if person.is_new]
    if new:
        copy_rows("contacts_contact", COPIED, map(_row_of, new))
    _update([person for person in people if not person.is_new])
    _execute(REMOVE_IDENTIFIERS, ids=[row_id for person in people for row_id in person.gone])
    store_identifiers([identifier for person in people for identifier in _new_identifiers(person)])
    joined = [(one.contact_id, name) for one in people for name in sorted(one.groups - one.stored_groups)]
    create_groups(name for _, name in joined)
    leave_groups([(one.contact_id, name) for one in people for name in sorted(one.stored_groups - one.groups)])
    join_groups(joined)


def _row_of(person: Person) -> tuple[int, str, str, str, str]:
    return person.contact_id, person.first_name, person.last_name, encode(person.address), encode(person.fields)


def _update(people: Sequence[Person]) -> None:
    if people:
        rows = [dict(zip(COPIED, _row_of(person), strict=True)) for person in people]
        with connection.cursor() as cursor:
            cursor.execute(UPDATE_CONTACTS, {"contacts": as_recordset(rows)})


def _new_identifiers(person: Person) -> Iterator[NewIdentifier]:
    for (kind, normalized), held in person.identifiers.items():
        if not held.row_id:
            yield NewIdentifier(person.contact_id, kind, held.value, normalized, held.push_channel)


def _execute(statement: str, *, ids: list[int]) -> None:
    if ids:
        with connection.cursor() as cursor:
            cursor.execute(statement, {"ids": ids})
