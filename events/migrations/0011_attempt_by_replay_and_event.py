"""The events that a replay has handed over, newest first. Built while replays go on."""

from django.db import migrations, models

from contract.index_builds import BuildIndex


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("events", "0010_replay_of_chosen_events"),
    ]

    operations = [
        BuildIndex(
            model_name="attempt",
            index=models.Index(
                condition=models.Q(("replay__isnull", False)),
                fields=["replay", "event"],
                name="attempt_by_replay_and_event",
            ),
        ),
    ]
