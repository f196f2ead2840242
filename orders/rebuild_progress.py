"""How far the figures are that are computed again in the background, after a setting they depend on has changed."""

from dataclasses import dataclass

from django.db import connection

from account.current import load_account
from orders.calendar import calendar_of

# What the daily figures and the counts of customers are built for, and how many days of the splits by source, store and
# category are left.
PROGRESS = """
    SELECT (SELECT time_zone FROM orders_summarystate WHERE id = 1),
           (SELECT calendar FROM orders_customerstate WHERE id = 1),
           (SELECT count(*) FROM orders_splitmark)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """`days_wait`: the revenue of each day is still that of another zone, and is computed live until it is not.

    `customers_wait`: customers are still counted by another zone or another first day of the week.
    `parts_left`: days whose parts by source, store and category are still to be computed.
    """

    days_wait: bool
    customers_wait: bool
    parts_left: int

    @property
    def is_done(self) -> bool:
        return not (self.days_wait or self.customers_wait or self.parts_left)


def load_progress() -> Progress:
    """Where the rebuild stands now: two statements."""
    account = load_account()
    calendar = calendar_of(account.time_zone, account.phone_region)
    with connection.cursor() as cursor:
        cursor.execute(PROGRESS)
        zone, customers_by, parts_left = cursor.fetchone()
    return Progress(
        days_wait=zone != account.time_zone.key, customers_wait=customers_by != calendar.key, parts_left=parts_left
    )
