"""Segments: what each asks for, who is in it, and how large it was each day."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

import contract.encoding


class Migration(migrations.Migration):
    dependencies = [
        ("contacts", "0010_indexes_of_the_list"),
        ("insights", "0003_rfm_scores_in_partitions"),
    ]

    operations = [
        migrations.CreateModel(
            name="Segment",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("name", models.CharField(max_length=100, unique=True)),
                (
                    "conditions",
                    models.JSONField(
                        decoder=contract.encoding.ExactJSONDecoder, encoder=contract.encoding.ExactJSONEncoder
                    ),
                ),
                (
                    "schedule_minutes",
                    models.PositiveSmallIntegerField(
                        choices=[
                            (15, "every 15 minutes"),
                            (60, "every hour"),
                            (360, "every 6 hours"),
                            (1440, "every day"),
                        ],
                        default=60,
                    ),
                ),
                ("created_by", models.CharField(max_length=400)),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("changed_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("due_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("refreshed_at", models.DateTimeField(null=True)),
                ("refresh_seconds", models.DecimalField(null=True)),
                ("size", models.PositiveIntegerField(null=True)),
                ("refresh_problem", models.TextField(blank=True, default="")),
            ],
            options={
                "default_permissions": ("view", "change"),
                "indexes": [models.Index(fields=["due_at"], name="segment_by_due")],
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("name", ""), _negated=True), name="segment_has_a_name"),
                    models.CheckConstraint(
                        condition=models.Q(("schedule_minutes__in", [15, 60, 360, 1440])), name="segment_schedule_known"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("refreshed_at__isnull", True), ("size__isnull", True)),
                            models.Q(("refreshed_at__isnull", False), ("size__isnull", False)),
                            _connector="OR",
                        ),
                        name="segment_size_is_of_a_moment",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SegmentSize",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "segment", "day", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("day", models.DateField()),
                ("size", models.PositiveIntegerField()),
                (
                    "segment",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="sizes",
                        to="insights.segment",
                    ),
                ),
            ],
            options={
                "default_permissions": (),
            },
        ),
        migrations.CreateModel(
            name="SegmentMember",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "segment", "contact", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "contact",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        to="contacts.contact",
                    ),
                ),
                (
                    "segment",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        to="insights.segment",
                    ),
                ),
            ],
            options={
                "default_permissions": (),
                "indexes": [models.Index(fields=["contact"], name="segment_member_by_contact")],
            },
        ),
    ]
