"""Reads ISO 8601 moments as shops send them (docs/rules.md, section 3), and writes them. Pure: no Django, no clock."""

import re
from datetime import UTC, datetime, tzinfo

FIRST_YEAR, LAST_YEAR = 1900, 9998  # what every time zone and PostgreSQL can turn into UTC and back

_DAY = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_TIME = r"[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]+)?)?"
_OFFSET = r"Z|[+-](?:[01][0-9]|2[0-3])(?::?[0-5][0-9])?"
_MOMENT = re.compile(rf"{_DAY}(?P<time>T{_TIME}(?:{_OFFSET})?)?")


def parse_moment(text: str, zone: tzinfo, *, takes_a_day: bool) -> datetime | None:
    """The moment in UTC that a text names, or None when it names none.

    Without an offset it is read in `zone`: of a clock time that a change to winter time repeats, the first; one that
    a change to summer time skips is read with the offset before the change. A date alone is the day's start, where
    `takes_a_day`. Fractions are cut to microseconds.
    """
    form = _MOMENT.fullmatch(text)
    if form is None or not (takes_a_day or form["time"]):
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:  # no such day or time of day
        return None
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)


def present_moment(moment: datetime, zone: tzinfo) -> str:
    """ISO 8601 with the offset that the zone has at that moment.

    In UTC where that offset has seconds, as before there were zones: ISO 8601 can write none.
    """
    local = moment.astimezone(zone)
    offset = local.utcoffset()
    if offset is not None and offset.seconds % 60:
        local = moment.astimezone(UTC)
    return local.isoformat()
