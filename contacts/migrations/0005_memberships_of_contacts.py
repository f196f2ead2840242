"""Moves the groups that stood as JSON in each contact into Group and Membership, some thousands of contacts at a time.

It can be run again: what is there already stays. A group that was given by an id alone gets the id as its name.
"""

from django.db import migrations

BATCH = 20_000  # contacts: some 0.3 s, and no long transaction
LAST = "SELECT coalesce(max(id), 0) FROM contacts_contact"
NAMED = """
    SELECT contact.id AS contact_id,
           CASE jsonb_typeof(entry) WHEN 'object' THEN coalesce(entry ->> 'name', entry ->> 'id')
                                    ELSE entry #>> '{}' END AS name
      FROM contacts_contact AS contact, jsonb_array_elements(contact.groups) AS entry
     WHERE contact.id > %(after)s AND contact.id <= %(after)s + %(batch)s
       AND jsonb_typeof(contact.groups) = 'array'
"""
CREATE_GROUPS = f"""
    INSERT INTO contacts_group (name)
    SELECT DISTINCT name FROM ({NAMED}) AS named WHERE length(name) BETWEEN 1 AND 255 ORDER BY name
        ON CONFLICT (name) DO NOTHING
"""  # noqa: S608 - constants of our own
CREATE_MEMBERSHIPS = f"""
    INSERT INTO contacts_membership (group_id, contact_id)
    SELECT DISTINCT contacts_group.id, named.contact_id
      FROM ({NAMED}) AS named JOIN contacts_group ON contacts_group.name = named.name
        ON CONFLICT DO NOTHING
"""  # noqa: S608 - constants of our own


def move_groups(apps, schema_editor):
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(LAST)
        (last,) = cursor.fetchone()
        for after in range(0, last, BATCH):
            for statement in (CREATE_GROUPS, CREATE_MEMBERSHIPS):
                cursor.execute(statement, {"after": after, "batch": BATCH})


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("contacts", "0004_groups")]
    operations = [migrations.RunPython(move_groups, migrations.RunPython.noop)]
