"""`manage.py make_reporting_user NAME`: a database user that reads the schema `reporting` and nothing else."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from insights.reporting.user import ReportingUserError, make_reporting_user


class Command(BaseCommand):
    help = "Makes a read-only database user for a BI tool, or gives it a new password. The password is shown once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="the user's name: small letters, digits and _")

    def handle(self, *args: Any, **options: Any) -> None:
        name = options["name"]
        try:
            password, is_new = make_reporting_user(name, actor="manage.py make_reporting_user")
        except ReportingUserError as error:
            raise CommandError(str(error)) from error
        self.stderr.write(
            f"The user {name} {'was made' if is_new else 'has a new password; the former one is of no use any more'}. "
            "Its password is shown only now:"
        )
        self.stdout.write(password)
