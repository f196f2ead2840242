"""Contact fields with types; every identifier kind that staff declared is one."""

from django.db import migrations, models


def declare_fields_of_kinds(apps, schema_editor):
    Kind = apps.get_model("contacts", "IdentifierKind")
    Field = apps.get_model("contacts", "ContactField")
    kinds = Kind.objects.filter(is_builtin=False).order_by("key")
    Field.objects.bulk_create(
        Field(id=number, key=kind.key, name=kind.name, type="text") for number, kind in enumerate(kinds, start=1)
    )


class Migration(migrations.Migration):
    dependencies = [("contacts", "0006_contact_without_groups")]
    operations = [
        migrations.CreateModel(
            name="ContactField",
            fields=[
                ("id", models.PositiveBigIntegerField(primary_key=True, serialize=False)),
                ("key", models.CharField(max_length=255, unique=True)),
                ("name", models.CharField(max_length=255)),
                (
                    "type",
                    models.CharField(
                        choices=[
                            ("text", "text"),
                            ("integer", "whole number"),
                            ("decimal", "number with decimals"),
                            ("boolean", "yes or no"),
                            ("date", "day"),
                            ("datetime", "moment"),
                        ],
                        default="text",
                        max_length=8,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("id__gt", 0)), name="contact_field_id_positive"),
                    models.CheckConstraint(
                        condition=models.Q(("key", ""), _negated=True), name="contact_field_key_not_empty"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("type__in", ["text", "integer", "decimal", "boolean", "date", "datetime"])),
                        name="contact_field_type_known",
                    ),
                ],
            },
        ),
        migrations.RunPython(declare_fields_of_kinds, migrations.RunPython.noop),
    ]
