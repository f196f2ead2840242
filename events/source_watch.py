"""Watches the sources: which has gone quiet though it usually sends, and whose share of ignored events has jumped.

Each is compared with itself, so nobody has to configure a threshold:

- **Gone quiet.** In the last 1, 6 or 24 whole hours it sent less than a tenth of what is usual for it in the same hours
  of the day. Usual is the median of the last 14 days, and has to be at least 10 events; and the source has to have sent
  something in the same hours a week ago, so that a shop that rests on Sundays is not told of each Sunday.
- **More ignored.** Of the events that it sent today, or since yesterday's beginning, at least 20 were ignored; their
  share is at least twice that of the 14 days before, and at least 10 points above it. Those 14 days have to have 50
  events, or there is nothing to compare with.

Hours are those of the summary (events/intake.py), which leaves out events that wait. So what looks quiet is looked up
in the log before it is said: a worker that stands still makes no source quiet.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from decimal import Decimal
from statistics import median

from django.db import connection

from contract.reasons import Status
from events.intake import Part, load_breakdown
from events.received import first_ids_since

DAYS = 14  # that are compared with
QUIET_HOURS = (1, 6, 24)
LEAST_USUAL = 10
QUIET_SHARE = Decimal("0.1")
LEAST_IGNORED = 20
LEAST_BEFORE = 50
JUMP_FACTOR = 2
JUMP_POINTS = Decimal("0.10")


@dataclass(frozen=True, slots=True, kw_only=True)
class Quiet:
    """The source sent `events` between the two moments; in the same hours it usually sends `usual`."""

    source_id: int
    since: datetime
    until: datetime
    hours: int
    events: int
    usual: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MoreIgnored:
    """Of `decided` events since the beginning of `first_day`, `ignored` were ignored; `usual_share` is of 1."""

    source_id: int
    first_day: date
    ignored: int
    decided: int
    usual_share: Decimal

    @property
    def share(self) -> Decimal:
        return Decimal(self.ignored) / self.decided


# What each source sent in each span of hours: a range of intake_by_hour for each, from the index alone.
SENT_IN_SPANS = """
    SELECT place, source_id, sum(events)::bigint
      FROM unnest(%(sinces)s::timestamptz[], %(untils)s::timestamptz[])
           WITH ORDINALITY AS span (since, until, place)
      JOIN events_intakecount ON hour >= since AND hour < until
     GROUP BY 1, 2
"""


def find_quiet(now: datetime, zone: tzinfo) -> list[Quiet]:
    """The sources that have gone quiet, each with the shortest span of hours that shows it: one statement, and two
    more where one seems to be quiet.

    “The same hours” are those of the clock in `zone`.
    """
    until = now.replace(minute=0, second=0, microsecond=0)
    spans = [
        (_days_before(until - timedelta(hours=hours), days, zone), _days_before(until, days, zone))
        for hours in QUIET_HOURS
        for days in range(DAYS + 1)
    ]
    sent = _load_sent(spans)
    seeming: dict[int, Quiet] = {}
    for place, hours in enumerate(QUIET_HOURS):
        for source_id, counts in sent.items():
            found = counts[place * (DAYS + 1) : (place + 1) * (DAYS + 1)]
            usual = int(median(found[1:]))
            if source_id not in seeming and found[7] > 0 and _is_quiet(found[0], usual):
                seeming[source_id] = Quiet(
                    source_id=source_id,
                    since=until - timedelta(hours=hours),
                    until=until,
                    hours=hours,
                    events=found[0],
                    usual=usual,
                )
    return list(_really_quiet(seeming)) if seeming else []


def _is_quiet(events: int, usual: int) -> bool:
    return usual >= LEAST_USUAL and events < usual * QUIET_SHARE


def _days_before(moment: datetime, days: int, zone: tzinfo) -> datetime:
    """The same time of the clock so many days before."""
    return (moment.astimezone(zone) - timedelta(days=days)).astimezone(UTC)


def _load_sent(spans: Sequence[tuple[datetime, datetime]]) -> Mapping[int, list[int]]:
    """By source, what it sent in each of the spans."""
    parameters = {"sinces": [since for since, _ in spans], "untils": [until for _, until in spans]}
    sent: dict[int, list[int]] = defaultdict(lambda: [0] * len(spans))
    with connection.cursor() as cursor:
        cursor.execute(SENT_IN_SPANS, parameters)
        for place, source_id, events in cursor.fetchall():
            sent[source_id][place - 1] = events
    return sent


# Up to the number from which on the source is not quiet; index: event_by_source.
REALLY_SENT = """
    SELECT wanted.source_id, (
               SELECT count(*)
                 FROM (
                          SELECT 1
                            FROM events_event
                           WHERE source_id = wanted.source_id AND id >= wanted.low
                           LIMIT wanted.enough
                      ) AS few
           )
      FROM unnest(%(ids)s::bigint[], %(lows)s::bigint[], %(enough)s::bigint[]) AS wanted (source_id, low, enough)
"""


def _really_quiet(seeming: Mapping[int, Quiet]) -> Iterator[Quiet]:
    """Those that the log shows to be so, up to now: one that has just sent its events is quiet no more."""
    candidates = list(seeming.values())
    lows = first_ids_since([quiet.since for quiet in candidates])
    parameters = {
        "ids": [quiet.source_id for quiet in candidates],
        "lows": lows,
        "enough": [quiet.usual for quiet in candidates],
    }
    with connection.cursor() as cursor:
        cursor.execute(REALLY_SENT, parameters)
        sent = dict(cursor.fetchall())
    for quiet in candidates:
        if _is_quiet(sent[quiet.source_id], quiet.usual):
            yield quiet


def find_more_ignored(now: datetime, zone: tzinfo) -> list[MoreIgnored]:
    """The sources of whose events more are ignored than before: two statements. Days are cut in `zone`."""
    today = now.astimezone(zone).date()
    days = [today - timedelta(days=DAYS + 1), today - timedelta(days=DAYS), today - timedelta(days=1), today]
    parts = load_breakdown(first_ids_since([datetime.combine(day, time.min, tzinfo=zone) for day in days]))
    by_source: dict[int, list[Part]] = defaultdict(list)
    for part in parts:
        by_source[part.source_id].append(part)
    found = (_jump_of(source_id, of_source, days) for source_id, of_source in by_source.items())
    return [jump for jump in found if jump is not None]


def _jump_of(source_id: int, parts: Sequence[Part], days: Sequence[date]) -> MoreIgnored | None:
    """The shortest of both spans that shows a jump: today (place 3 on), or since yesterday (place 2 on)."""
    for first_place in (3, 2):
        decided, ignored = _sums(parts, first_place, len(days))
        decided_before, ignored_before = _sums(parts, first_place - 2, first_place)
        if ignored < LEAST_IGNORED or decided_before < LEAST_BEFORE:
            continue
        share, usual = Decimal(ignored) / decided, Decimal(ignored_before) / decided_before
        if share >= usual * JUMP_FACTOR and share >= usual + JUMP_POINTS:
            return MoreIgnored(
                source_id=source_id,
                first_day=days[first_place],
                ignored=ignored,
                decided=decided,
                usual_share=usual,
            )
    return None


def _sums(parts: Sequence[Part], first_place: int, end_place: int) -> tuple[int, int]:
    """How many events of these places were decided, and how many of them ignored."""
    wanted = [part for part in parts if first_place <= part.place < end_place]
    ignored = sum(part.events for part in wanted if part.status == Status.IGNORED)
    return sum(part.events for part in wanted), ignored
