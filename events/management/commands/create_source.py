"""`manage.py create_source NAME --kind backend|mobile_sdk|import`: a new API key, alone, on standard output.

A source that exists keeps its keys and gets one more, which is how a key is replaced: `manage.py revoke_key` ends the
old one. Its kind is never changed here, since events were taken under it.
"""

from argparse import ArgumentParser, ArgumentTypeError
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from account.audit import AuditAction, record_audit
from events.keys import issue_key, note_issued
from events.models import MAX_REQUESTS_PER_MINUTE, Scope, Source, SourceKind

ACTOR = "manage.py create_source"
KINDS = [SourceKind.BACKEND.value, SourceKind.MOBILE_SDK.value, SourceKind.IMPORT.value]


def _limit(text: str) -> int:
    if text.isascii() and text.isdigit() and len(text) < 10 and 1 <= int(text) <= MAX_REQUESTS_PER_MINUTE:
        return int(text)
    raise ArgumentTypeError(f"“{text}” is not a whole number from 1 to {MAX_REQUESTS_PER_MINUTE}")


class Command(BaseCommand):
    help = "Makes a source, or finds the one of this name, and prints a new API key for it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="What the source is called, 1 to 255 characters.")
        parser.add_argument("--kind", choices=KINDS, default=KINDS[0], help="What posts with this key.")
        parser.add_argument(
            "--scope",
            action="append",
            choices=Scope.values,
            help="What the key may do; give it once for each scope. Without it: everything but settings:write.",
        )
        parser.add_argument(
            "--requests-per-minute",
            type=_limit,
            metavar="N",
            help="The most requests that the key may send in a minute. Without it: as many as it likes.",
        )

    def handle(
        self,
        *args: Any,
        name: str,
        kind: str,
        scope: list[str] | None,
        requests_per_minute: int | None,
        **options: Any,
    ) -> None:
        with transaction.atomic():
            source = self._source(name.strip(), kind)
            key = issue_key(source, scope, requests_per_minute=requests_per_minute)
            note_issued(key, ACTOR)
        self.stderr.write(f"Source “{source.name}” ({kind}) has a new key. It is shown once: keep it now.", ending="\n")
        self.stdout.write(key)

    def _source(self, name: str, kind: str) -> Source:
        if not 1 <= len(name) <= 255 or "\0" in name:
            raise CommandError("The name of a source has 1 to 255 characters.")
        source, is_new = Source.objects.get_or_create(name=name, defaults={"kind": kind})
        if not is_new and source.kind != kind:
            raise CommandError(f"Source “{name}” is of kind {source.kind}, not {kind}; choose another name.")
        if is_new:
            record_audit(ACTOR, AuditAction.SOURCE_CREATED, f"source {source.pk} “{source.name}” ({source.kind})")
        return source
