"""`manage.py rebuild_summaries`: builds revenue, customers and splits of all orders again."""

from typing import Any

from django.core.management.base import BaseCommand

from orders import customer_counts, split_summaries
from orders.summaries import rebuild_all


class Command(BaseCommand):
    help = "Builds revenue, customers and splits of all orders again, in the account's time zone. Safe meanwhile."

    def handle(self, *args: Any, **options: Any) -> None:
        days = rebuild_all()
        customer_counts.rebuild(counts_all=True)
        split_summaries.rebuild_all_marked()
        self.stdout.write(f"{days} days and currencies built.")
