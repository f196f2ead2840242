"""`manage.py reset_second_factor NAME`: lets somebody sign in by the password alone whose device is lost."""

from argparse import ArgumentParser
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError

from account.second_factor import reset_factor

ACTOR = "manage.py reset_second_factor"


class Command(BaseCommand):
    help = "Takes away the second factor of a user who lost the device and the recovery codes. Make sure who asks."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username", metavar="NAME", help="The user's name in the console.")

    def handle(self, *args: Any, username: str, **options: Any) -> None:
        user = User.objects.filter(username=username).first()
        if user is None:
            raise CommandError(f"There is no user “{username}”.")
        if not reset_factor(user, ACTOR):
            raise CommandError(f"“{username}” has no second factor.")
        self.stdout.write(f"“{username}” signs in by the password alone now, and may set up a new second factor.")
