"""Views of lists that people keep."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import contract.encoding


class Migration(migrations.Migration):
    initial = True
    dependencies = [migrations.swappable_dependency(settings.AUTH_USER_MODEL)]
    operations = [
        migrations.CreateModel(
            name="SavedView",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("list_name", models.CharField(max_length=100)),
                ("name", models.CharField(max_length=80)),
                (
                    "parameters",
                    models.JSONField(
                        decoder=contract.encoding.ExactJSONDecoder,
                        default=dict,
                        encoder=contract.encoding.ExactJSONEncoder,
                    ),
                ),
                ("is_shared", models.BooleanField(default=False)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "permissions": [("share_savedview", "Can share saved views")],
                "indexes": [models.Index(fields=["list_name", "name"], name="saved_view_by_list")],
            },
        ),
    ]
