"""Takes away the column that 0006 kept for one release: nothing has read or written it since."""

from django.db import migrations

DROP = "ALTER TABLE contacts_contact DROP COLUMN groups"
ADD = "ALTER TABLE contacts_contact ADD COLUMN groups jsonb NOT NULL DEFAULT '[]'"


class Migration(migrations.Migration):
    dependencies = [("contacts", "0012_contact_by_field")]
    operations = [migrations.RunSQL(DROP, ADD)]
