"""The log is vacuumed after each 100,000 new rows, so that counts of the last hours are read from its indexes alone.

By default that comes after a fifth of the table: at 30 million events, after 6 million more. Until then each entry of
an index-only scan looks at the table as well. A vacuum of new rows reads only their pages, and no index.
"""

from django.db import migrations

VACUUM = """
    ALTER TABLE events_event SET (
        autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 100000
    );
    ALTER TABLE events_outcome SET (
        autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 100000
    );
"""
NO_VACUUM = """
    ALTER TABLE events_event RESET (autovacuum_vacuum_insert_scale_factor, autovacuum_vacuum_insert_threshold);
    ALTER TABLE events_outcome RESET (autovacuum_vacuum_insert_scale_factor, autovacuum_vacuum_insert_threshold);
"""


class Migration(migrations.Migration):
    dependencies = [("events", "0008_order_deletion")]
    operations = [migrations.RunSQL(VACUUM, NO_VACUUM)]
