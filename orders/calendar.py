"""Days, weeks and months of the account: its time zone, and the day on which its weeks begin.

A week begins on the day that the Unicode CLDR gives for the account's region (supplemental data, weekData, release 48):
Monday nearly everywhere, Sunday in the United States, Saturday in Egypt. All people of an account see the same weeks,
whichever language they read. Pure: no Django, no clock.
"""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

type Granularity = Literal["day", "week", "month"]

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MONDAY, FRIDAY, SATURDAY, SUNDAY = 0, 4, 5, 6
_SUNDAY = (
    "AG AS BD BR BS BT BW BZ CA CO DM DO ET GT GU HK HN ID IL IN JM JP KE KH KR LA MH MM MO MT MX MZ NI NP PA PE PH PK"
    " PR PY SA SG SV TH TT TW UM US VE VI WS YE ZA ZW"
)
_SATURDAY = "AE AF BH DJ DZ EG IQ IR JO KW LY OM QA SD SY"
FIRST_WEEKDAYS = {
    **dict.fromkeys(_SUNDAY.split(), SUNDAY),
    **dict.fromkeys(_SATURDAY.split(), SATURDAY),
    "MV": FRIDAY,
}


def back(day: date, days: int) -> date:
    """So many days earlier; the first or last day there is where that would be beyond it."""
    return date.fromordinal(min(max(day.toordinal() - days, 1), date.max.toordinal()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """How moments become days, and days weeks. `first_weekday`: 0 is Monday, 6 is Sunday."""

    time_zone: ZoneInfo
    first_weekday: int = MONDAY

    @property
    def key(self) -> str:
        """Names the calendar: what is built for another one cannot be read with it."""
        return f"{self.time_zone.key} {WEEKDAYS[self.first_weekday]}"

    @property
    def week_starts_on(self) -> str:
        return WEEKDAYS[self.first_weekday]

    def shift(self, by: Granularity) -> int:
        """By how many days a period begins before the one of ISO 8601, to which PostgreSQL truncates."""
        return -self.first_weekday % 7 if by == "week" else 0

    def start(self, by: Granularity, day: date) -> date:
        """The first day of the period that a day belongs to."""
        match by:
            case "day":
                return day
            case "week":
                return back(day, (day.weekday() - self.first_weekday) % 7)
            case "month":
                return day.replace(day=1)

    def next_start(self, by: Granularity, period: date) -> date:
        """The first day of the period that follows the one that begins on `period`."""
        match by:
            case "day":
                return period + timedelta(days=1)
            case "week":
                return period + timedelta(days=7)
            case "month":
                return (period.replace(day=28) + timedelta(days=4)).replace(day=1)

    def last_day(self, by: Granularity, period: date) -> date:
        """The last day of the period that begins on `period`."""
        if by == "month":
            return period.replace(day=monthrange(period.year, period.month)[1])
        return back(period, -6) if by == "week" else period


def calendar_of(time_zone: ZoneInfo, region: str) -> Calendar:
    """The calendar of an account by its time zone and region (ISO 3166, two letters)."""
    return Calendar(time_zone=time_zone, first_weekday=FIRST_WEEKDAYS.get(region, MONDAY))


# --- The same in SQL, of a column `day` -------------------------------------------------------------------------------

IN_SPAN = "day BETWEEN coalesce(%(first_day)s::date, '-infinity') AND coalesce(%(last_day)s::date, 'infinity')"
# The first day of the period that the day belongs to. `{by}`, `{shift}`: SQL that names the length of the period and
# the shift of its week.
PERIOD_OF_DAY = "(date_trunc({by}, (day + {shift}::int)::timestamp)::date - {shift}::int)"


def period_of_day(by: Granularity) -> str:
    """PERIOD_OF_DAY for one length, without what it does not need. Weeks take `%(shift)s`, Calendar.shift()."""
    match by:
        case "day":
            return "day"
        case "week":
            return PERIOD_OF_DAY.format(by="'week'", shift="%(shift)s")
        case "month":
            return "date_trunc('month', day::timestamp)::date"
