"""Sources are compared with themselves: which has gone quiet, and whose events are ignored more than usual."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import connection

from events.intake import count_marked
from events.models import Source
from events.source_watch import find_more_ignored, find_quiet
from tests.events.building import make_source, order_params, post

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 5, 20, 9, 30, tzinfo=UTC)
KYIV = ZoneInfo("Europe/Kyiv")
FILL = """
    INSERT INTO events_event (source_id, event_type_id, key_value, order_key, lane, api_version, body, received_at)
    SELECT %(source)s, event_type_id, 'k', '', 0, 1, body, %(at)s + make_interval(secs => n)
      FROM generate_series(1, %(events)s) AS n, (SELECT * FROM events_event ORDER BY id LIMIT 1) AS one
    RETURNING id
"""
DECIDE = """
    INSERT INTO events_outcome (event_id, status, reason, note, basis_id, warnings, problems, trace, traceback,
                                attempt, decided_at)
    SELECT id, CASE WHEN n <= %(ignored)s THEN 'ignored' ELSE 'applied' END,
           CASE WHEN n <= %(ignored)s THEN 'stale' ELSE '' END, '',
           (SELECT id FROM events_basis LIMIT 1), '[]', '[]', '[]', '', 1, now()
      FROM unnest(%(ids)s::bigint[]) WITH ORDINALITY AS given (id, n)
"""


@pytest.fixture(autouse=True)
def _in_may():
    with time_machine.travel(NOW - timedelta(days=40), tick=False):
        post("viewedProduct", order_params())  # what the others are copied from
        from tests.events.building import drain

        drain()
    with time_machine.travel(NOW, tick=False):
        yield


class Log:
    """Events in the order of time, of which some are ignored."""

    def __init__(self) -> None:
        self.sent: list[tuple[datetime, Source, int, int, bool]] = []

    def add(self, at: datetime, source: Source, events: int, ignored: int = 0, *, waits: bool = False) -> None:
        self.sent.append((at, source, events, ignored, waits))

    def write(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("UPDATE events_event SET received_at = %s", [NOW - timedelta(days=40)])
            for at, source, events, ignored, waits in sorted(self.sent, key=lambda each: each[0]):
                cursor.execute(FILL, {"source": source.pk, "at": at, "events": events})
                ids = [event_id for (event_id,) in cursor.fetchall()]
                if not waits:
                    cursor.execute(DECIDE, {"ids": ids, "ignored": ignored})
            cursor.execute("INSERT INTO events_intakemark (block) SELECT DISTINCT id / 2048 FROM events_event")
        count_marked()


@pytest.fixture
def log() -> Log:
    return Log()


def usual(
    log: Log, source: Source, events: int, *, days: range = range(1, 16), hour: int = 8, ignored: int = 0
) -> None:
    for day in days:
        log.add(NOW.replace(hour=hour, minute=0) - timedelta(days=day), source, events, ignored)


def test_a_source_that_sends_nothing_where_it_usually_does_is_quiet(log):
    shop, app = make_source("shop"), make_source("app")
    usual(log, shop, 40)
    usual(log, app, 40)
    log.add(NOW.replace(hour=8, minute=0), app, 35)
    log.write()
    [quiet] = find_quiet(NOW, KYIV)
    assert (quiet.source_id, quiet.hours, quiet.events, quiet.usual) == (shop.pk, 1, 0, 40)
    assert (quiet.since, quiet.until) == (NOW.replace(hour=8, minute=0), NOW.replace(hour=9, minute=0))


@pytest.mark.parametrize(
    ("events", "days", "is_quiet"),
    [
        (10, range(1, 15), True),
        (9, range(1, 15), False),  # too few to say
        (40, range(1, 9), True),  # most of the days
        (40, range(1, 7), False),  # nothing a week ago: it may rest on this day of the week
        (40, range(7, 8), False),
    ],
)
def test_what_is_usual_takes_enough_events_on_enough_days(events, days, is_quiet, log):
    usual(log, make_source(), events, days=days)
    log.write()
    assert bool(find_quiet(NOW, KYIV)) is is_quiet


@pytest.mark.parametrize(("sent", "is_quiet"), [(3, True), (4, False)])
def test_less_than_a_tenth_is_quiet_too(sent, is_quiet, log):
    shop = make_source()
    usual(log, shop, 40)
    log.add(NOW.replace(hour=8, minute=10), shop, sent)
    log.write()
    assert [quiet.events for quiet in find_quiet(NOW, KYIV)] == ([sent] if is_quiet else [])


def test_a_slow_source_is_told_by_a_longer_span(log):
    shop = make_source()
    usual(log, shop, 6, hour=8)
    usual(log, shop, 6, hour=5)
    log.write()
    [quiet] = find_quiet(NOW, KYIV)
    assert (quiet.hours, quiet.usual) == (6, 12)


def test_events_that_wait_make_no_source_quiet(log):
    shop = make_source()
    usual(log, shop, 40)
    log.add(NOW.replace(hour=8, minute=10), shop, 40, waits=True)
    log.write()
    assert find_quiet(NOW, KYIV) == []


def test_hours_are_those_of_the_clock_also_where_it_was_changed(log):
    shop = make_source()
    now = datetime(2026, 3, 30, 9, 30, tzinfo=UTC)  # clocks went forward on the day before, in Kyiv
    for day in range(1, 15):
        log.add(datetime(2026, 3, 30, 11, 0, tzinfo=KYIV) - timedelta(days=day), shop, 40)
    log.write()
    assert [quiet.usual for quiet in find_quiet(now, KYIV) if quiet.hours == 1] == [40]


def test_a_jump_of_the_ignored_share_is_told_with_what_is_usual(log):
    shop, app = make_source("shop"), make_source("app")
    for source in (shop, app):
        usual(log, source, 50, ignored=5)
    log.add(NOW.replace(hour=8, minute=0), shop, 40, 20)
    log.add(NOW.replace(hour=8, minute=0), app, 200, 20)
    log.write()
    [jump] = find_more_ignored(NOW, KYIV)
    assert (jump.source_id, jump.ignored, jump.decided) == (shop.pk, 20, 40)
    assert (jump.share, jump.usual_share) == (Decimal("0.5"), Decimal("0.1"))
    assert jump.first_day == NOW.date()


@pytest.mark.parametrize(
    ("before", "ignored_before", "now", "ignored", "is_told"),
    [
        (50, 0, 100, 20, True),
        (50, 0, 100, 19, False),  # too few
        (50, 0, 300, 20, False),  # not ten points
        (50, 15, 100, 50, False),  # not twice as many
        (3, 0, 100, 100, False),  # 42 events: nothing to compare with
        (50, 50, 100, 100, False),  # as ever
    ],
)
def test_a_jump_takes_enough_events_points_and_times(before, ignored_before, now, ignored, is_told, log):
    shop = make_source()
    usual(log, shop, before, days=range(1, 15), ignored=ignored_before)
    log.add(NOW.replace(hour=8, minute=0), shop, now, ignored)
    log.write()
    assert bool(find_more_ignored(NOW, KYIV)) is is_told


def test_what_began_yesterday_is_told_while_today_has_few_events(log):
    shop = make_source()
    usual(log, shop, 50, days=range(2, 16))
    log.add(NOW - timedelta(hours=14), shop, 30, 25)
    log.add(NOW.replace(hour=8, minute=0), shop, 2, 2)
    log.write()
    [jump] = find_more_ignored(NOW, KYIV)
    assert (jump.first_day, jump.ignored, jump.decided) == (NOW.date() - timedelta(days=1), 27, 32)


def test_watching_takes_the_same_statements_whatever_the_number_of_sources(log, django_assert_num_queries):
    for number in range(30):
        usual(log, make_source(f"shop {number}"), 12, days=range(1, 12))
    log.write()
    with django_assert_num_queries(3):  # the hours, ids of what seems quiet, and what the log has of it
        assert len(find_quiet(NOW, KYIV)) == 30
    with django_assert_num_queries(2):
        assert find_more_ignored(NOW, KYIV) == []
