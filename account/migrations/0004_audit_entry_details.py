from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("account", "0003_audit_entry"),
    ]

    operations = [
        migrations.AddField(
            model_name="auditentry",
            name="details",
            field=models.JSONField(editable=False, null=True),
        ),
    ]
