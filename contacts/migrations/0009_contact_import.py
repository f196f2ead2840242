"""Imports of contacts, stored before they are answered."""

import django.contrib.postgres.fields
import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("contacts", "0008_erasure"),
    ]

    operations = [
        migrations.CreateModel(
            name="ContactImport",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("session_id", models.UUIDField(unique=True)),
                ("source_id", models.BigIntegerField()),
                ("actor", models.CharField(max_length=400)),
                ("body", models.TextField(blank=True)),
                ("total", models.PositiveIntegerField()),
                ("done", models.PositiveIntegerField(default=0)),
                ("created", models.PositiveIntegerField(default=0)),
                ("updated", models.PositiveIntegerField(default=0)),
                (
                    "contact_ids",
                    django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), default=list),
                ),
                ("refused", models.JSONField(default=list)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("STARTED", "waiting for its turn"),
                            ("IMPORTING", "under way"),
                            ("FINISHED", "finished"),
                            ("ERROR", "given up"),
                        ],
                        default="STARTED",
                        max_length=9,
                    ),
                ),
                ("description", models.TextField(blank=True)),
                ("received_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("finished_at", models.DateTimeField(null=True)),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("finished_at", None)), fields=["id"], name="contact_import_unfinished"
                    ),
                    models.Index(
                        condition=models.Q(("finished_at", None), _negated=True),
                        fields=["finished_at"],
                        name="contact_import_by_age",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("status__in", ["STARTED", "IMPORTING", "FINISHED", "ERROR"])),
                        name="contact_import_status_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("done__lte", models.F("total"))), name="contact_import_done_within_total"
                    ),
                ],
            },
        ),
    ]
