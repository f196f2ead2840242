"""Which push channel a push token is for, so that a contact's channels come back as they were posted."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("contacts", "0002_builtin_kinds_and_rules")]
    operations = [
        migrations.AddField(
            model_name="identifier",
            name="push_channel",
            field=models.CharField(
                blank=True,
                choices=[("mobilepush", "mobile push"), ("webpush", "web push")],
                db_default="",
                default="",
                help_text="Which channel a push token is for; empty for every other kind.",
                max_length=10,
            ),
        ),
        migrations.AddConstraint(
            model_name="identifier",
            constraint=models.CheckConstraint(
                condition=models.Q(push_channel__in=["", "mobilepush", "webpush"]),
                name="identifier_push_channel_known",
            ),
        ),
    ]
