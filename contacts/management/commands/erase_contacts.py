"""`manage.py erase_contacts ID…`: erases contacts by their ids, for after a backup that holds them was restored."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from contacts.erasure import request_erasure
from contacts.identifiers import MAX_CONTACT_ID
from contacts.models import ErasureStage

ACTOR = "manage.py erase_contacts"


class Command(BaseCommand):
    help = "Erases contacts: the workers take them out of everything. Their orders and the money stay. No way back."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("contact_ids", nargs="+", type=int, metavar="ID", help="A contact's id.")

    def handle(self, *args: Any, contact_ids: list[int], **options: Any) -> None:
        unknown = [contact_id for contact_id in contact_ids if not self._request(contact_id)]
        if unknown:
            raise CommandError(f"There is no contact {', '.join(map(str, unknown))}.")

    def _request(self, contact_id: int) -> bool:
        """Asks for one erasure and tells about it; False when there is no such contact."""
        erasure = request_erasure(contact_id, ACTOR) if 0 < contact_id <= MAX_CONTACT_ID else None
        if erasure is not None:
            state = "was erased before" if erasure.stage == ErasureStage.DONE else "is being erased"
            self.stdout.write(f"The contact {contact_id} {state}.")
        return erasure is not None
