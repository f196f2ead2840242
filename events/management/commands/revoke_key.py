"""`manage.py revoke_key PREFIX`: ends an API key for good. The prefix stands between the two underscores of a key."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from account.audit import AuditAction, record_audit
from events.keys import revoke_key
from events.models import ApiKey

ACTOR = "manage.py revoke_key"


class Command(BaseCommand):
    help = "Revokes an API key: every web process refuses it within a second. This cannot be undone."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("prefix", help="The 12 digits after olk_, as the console lists them. Never the whole key.")

    def handle(self, *args: Any, prefix: str, **options: Any) -> None:
        key = ApiKey.objects.select_related("source").filter(prefix=prefix.removesuffix("…")).first()
        if key is None:
            # What was typed may be a whole key, so it is not repeated.
            raise CommandError("There is no key with this prefix; give the 12 digits after olk_, and no more.")
        with transaction.atomic():
            if not revoke_key(key.pk):
                raise CommandError(f"The key {key} of source “{key.source}” was revoked before.")
            record_audit(ACTOR, AuditAction.KEY_REVOKED, f"key {key.pk} of source {key.source_id}")
        self.stderr.write(f"The key {key} of source “{key.source}” is revoked.", ending="\n")
