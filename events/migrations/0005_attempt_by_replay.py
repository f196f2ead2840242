from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False  # the table of attempts stays writable while its index is built

    dependencies = [
        ("events", "0004_replay"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="attempt",
            index=models.Index(
                condition=models.Q(("replay__isnull", False)), fields=["replay", "id"], name="attempt_by_replay"
            ),
        ),
    ]
