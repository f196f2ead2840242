"""What the models cannot say: the sequence of outcomes, and a queue table that is vacuumed by rows, not by share.

A share of a table that is nearly always empty means nothing, so the queue is vacuumed after a fixed number of deletes.
"""

from django.db import migrations

SEQUENCE = """
    CREATE SEQUENCE events_outcome_sequence AS bigint OWNED BY events_outcome.sequence;
    ALTER TABLE events_outcome ALTER COLUMN sequence SET DEFAULT nextval('events_outcome_sequence');
"""
NO_SEQUENCE = """
    ALTER TABLE events_outcome ALTER COLUMN sequence DROP DEFAULT;
    DROP SEQUENCE events_outcome_sequence;
"""
VACUUM = """
    ALTER TABLE events_waiting SET (
        autovacuum_vacuum_scale_factor = 0,
        autovacuum_vacuum_threshold = 5000,
        autovacuum_analyze_scale_factor = 0,
        autovacuum_analyze_threshold = 50000
    );
"""
NO_VACUUM = """
    ALTER TABLE events_waiting RESET (
        autovacuum_vacuum_scale_factor, autovacuum_vacuum_threshold,
        autovacuum_analyze_scale_factor, autovacuum_analyze_threshold
    );
"""


class Migration(migrations.Migration):
    dependencies = [("events", "0001_initial")]
    operations = [migrations.RunSQL(SEQUENCE, NO_SEQUENCE), migrations.RunSQL(VACUUM, NO_VACUUM)]
