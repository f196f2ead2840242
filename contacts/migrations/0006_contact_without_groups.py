"""The groups of a contact stand in Membership alone.

The column stays for one release, with a default, so that what still runs the old code can write its rows.
"""

from django.db import migrations

SET_DEFAULT = "ALTER TABLE contacts_contact ALTER COLUMN groups SET DEFAULT '[]'"
DROP_DEFAULT = "ALTER TABLE contacts_contact ALTER COLUMN groups DROP DEFAULT"


class Migration(migrations.Migration):
    dependencies = [("contacts", "0005_memberships_of_contacts")]
    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(SET_DEFAULT, DROP_DEFAULT)],
            state_operations=[migrations.RemoveField(model_name="contact", name="groups")],
        )
    ]
