"""Groups by their names: finds them, makes those never named before, and keeps who is in them."""

from collections.abc import Collection, Iterable, Sequence

from django.db import connection

from contacts.models import Group
from contract.postgres import as_recordset

FIND_GROUPS = """
    SELECT id, name
      FROM contacts_group          -- indexes: its primary key, and that of the name
     WHERE name = ANY(%(names)s::text[]) OR id = ANY(%(ids)s::bigint[])
"""
CREATE_MISSING_GROUPS = """
    INSERT INTO contacts_group (name)
    SELECT name FROM unnest(%(names)s::text[]) AS name ORDER BY name   -- ordered: two writers never wait in a circle
        ON CONFLICT (name) DO NOTHING
"""
JOIN_GROUPS = """
    INSERT INTO contacts_membership (group_id, contact_id)
    SELECT contacts_group.id, given.contact_id
      FROM json_to_recordset(%(memberships)s::json) AS given (contact_id bigint, name text)
      JOIN contacts_group ON contacts_group.name = given.name
     ORDER BY contacts_group.id, given.contact_id
        ON CONFLICT DO NOTHING
"""
LEAVE_GROUPS = """
    DELETE FROM contacts_membership AS membership
     USING json_to_recordset(%(memberships)s::json) AS given (contact_id bigint, name text)
      JOIN contacts_group ON contacts_group.name = given.name
     WHERE membership.group_id = contacts_group.id AND membership.contact_id = given.contact_id
"""

type NamedMembership = tuple[int, str]  # (contact id, name of a group)


def find_groups(names: Collection[str], ids: Collection[int] = ()) -> dict[int, str]:
    """The names of the groups that are named, or have one of the ids, by their ids: one query, none for none."""
    if not names and not ids:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(FIND_GROUPS, {"names": list(names), "ids": list(ids)})
        return dict(cursor.fetchall())


def count_groups() -> int:
    """How many groups the account has."""
    return Group.objects.count()


def create_groups(names: Iterable[str]) -> None:
    """Makes the groups that there are not yet: one statement, none for no names."""
    if wanted := sorted(set(names)):
        with connection.cursor() as cursor:
            cursor.execute(CREATE_MISSING_GROUPS, {"names": wanted})


def join_groups(memberships: Sequence[NamedMembership]) -> None:
    """Puts contacts into groups that there are: one statement, none for no memberships."""
    _execute(JOIN_GROUPS, memberships)


def leave_groups(memberships: Sequence[NamedMembership]) -> None:
    """Takes contacts out of groups: one statement, none for no memberships."""
    _execute(LEAVE_GROUPS, memberships)


def _execute(statement: str, memberships: Sequence[NamedMembership]) -> None:
    if memberships:
        rows = [{"contact_id": contact_id, "name": name} for contact_id, name in memberships]
        with connection.cursor() as cursor:
            cursor.execute(statement, {"memberships": as_recordset(rows)})


SUGGESTED_GROUPS = 200  # an input with more of them is no help


def load_group_names() -> list[str]:
    """The first names of groups, for an input that suggests them: one query."""
    return list(Group.objects.order_by("name").values_list("name", flat=True)[:SUGGESTED_GROUPS])


LOAD_GROUPS_OF = """
    SELECT membership.contact_id, contacts_group.id, contacts_group.name
      FROM contacts_membership AS membership      -- index: that of the contact
      JOIN contacts_group ON contacts_group.id = membership.group_id
     WHERE membership.contact_id = ANY(%(contact_ids)s::bigint[])
     ORDER BY contacts_group.name
"""


def load_groups_of(contact_ids: Collection[int]) -> dict[int, list[tuple[int, str]]]:
    """The (id, name) of each contact's groups, by name: one query. A contact without groups is left out."""
    found: dict[int, list[tuple[int, str]]] = {}
    with connection.cursor() as cursor:
        cursor.execute(LOAD_GROUPS_OF, {"contact_ids": list(contact_ids)})
        for contact_id, group_id, name in cursor.fetchall():
            found.setdefault(contact_id, []).append((group_id, name))
    return found
