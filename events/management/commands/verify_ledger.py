"""`manage.py verify_ledger`: do the orders equal the fold of their applied events?"""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from events.verification import verify_orders

MOST_SHOWN = 100


class Command(BaseCommand):
    help = "Folds the applied events again, compares every order, and exits with 1 when any differs. Changes nothing."

    def handle(self, *args: Any, **options: Any) -> None:
        compared = found = 0
        for count, differences in verify_orders():
            compared += count
            for difference in differences:
                found += 1
                if found <= MOST_SHOWN:
                    self.stderr.write(str(difference))
        if found:
            raise CommandError(f"{compared} orders compared, {found} differences.")
        self.stdout.write(f"{compared} orders compared, no differences.")
