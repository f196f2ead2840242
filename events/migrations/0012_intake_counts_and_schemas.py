"""What became of the events, counted by blocks, and the schemas of custom events.

Every block there is gets its mark, so that a task counts it in the background; until then it is counted live.
"""

import django.db.models.deletion
from django.db import migrations, models

MARK_ALL = """
    INSERT INTO events_intakemark (block)
    SELECT generate_series(min(id) / 2048, max(id) / 2048) FROM events_event
"""
# Marks come and go with every batch, so a share of the table means nothing: as of the queue, in 0002.
VACUUM = """
    ALTER TABLE events_intakemark SET (
        autovacuum_vacuum_scale_factor = 0,
        autovacuum_vacuum_threshold = 5000,
        autovacuum_analyze_scale_factor = 0,
        autovacuum_analyze_threshold = 50000
    );
"""
NO_VACUUM = """
    ALTER TABLE events_intakemark RESET (
        autovacuum_vacuum_scale_factor, autovacuum_vacuum_threshold,
        autovacuum_analyze_scale_factor, autovacuum_analyze_threshold
    );
"""


def _foreign_key(to: str) -> models.ForeignKey:
    return models.ForeignKey(
        db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, to=f"events.{to}"
    )


class Migration(migrations.Migration):
    dependencies = [
        ("events", "0011_attempt_by_replay_and_event"),
    ]

    operations = [
        migrations.CreateModel(
            name="IntakeCount",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "block",
                        "hour",
                        "source",
                        "event_type",
                        "status",
                        "reason",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("block", models.BigIntegerField()),
                ("hour", models.DateTimeField()),
                ("source", _foreign_key("source")),
                ("event_type", _foreign_key("eventtype")),
                ("status", models.CharField(max_length=8)),
                ("reason", models.CharField(max_length=32)),
                ("events", models.PositiveIntegerField()),
            ],
            options={
                "indexes": [
                    models.Index(fields=["source", "block"], name="intake_by_source"),
                    models.Index(fields=["event_type", "block"], name="intake_by_type"),
                    models.Index(fields=["hour"], include=("source", "events"), name="intake_by_hour"),
                ],
            },
        ),
        migrations.CreateModel(
            name="IntakeMark",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("block", models.BigIntegerField()),
            ],
            options={"indexes": [models.Index(fields=["block"], name="intake_mark_by_block")]},
        ),
        migrations.CreateModel(
            name="ParameterSchema",
            fields=[
                (
                    "event_type",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="parameter_schema",
                        serialize=False,
                        to="events.eventtype",
                    ),
                ),
                ("text", models.TextField()),
                ("changed_at", models.DateTimeField()),
                ("changed_by", models.CharField(max_length=400)),
            ],
        ),
        migrations.RunSQL(VACUUM, NO_VACUUM),
        migrations.RunSQL(MARK_ALL, migrations.RunSQL.noop),
    ]
