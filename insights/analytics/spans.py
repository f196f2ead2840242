"""Spans of days in the account's zone, as the moments in which their orders are dated."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from contract.filters import day_start


@dataclass(frozen=True, slots=True, kw_only=True)
class DaySpan:
    """From the first day up to and with the last one."""

    first_day: date
    last_day: date
    zone: ZoneInfo

    @property
    def start(self) -> datetime:
        return day_start(self.first_day, self.zone)

    @property
    def end(self) -> datetime:
        """The first moment after it."""
        return day_start(self.last_day + timedelta(days=1), self.zone)
