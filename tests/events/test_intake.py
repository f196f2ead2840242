"""What became of the events is counted by blocks, and every figure equals its rows at every moment."""

import itertools
from collections import Counter
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from django.db import connection

from contract.reasons import Status
from events import processing
from events.intake import ADVISORY_SPACE, BLOCK_EVENTS, count_marked, load_breakdown, load_counts, mark_all
from events.models import Event, IntakeCount, IntakeMark, Outcome
from events.replay import replay_events
from tests.events.building import created, drain, make_source, post
from tests.factories import make_contact

pytestmark = pytest.mark.django_db


def go_to(event_id: int) -> None:
    """The next event gets this id."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT setval('events_event_id_seq', %s, false)", [event_id])


@pytest.fixture
def blocks() -> list[int]:
    """Events at both ends of three blocks; the first of each is applied, the second ignored. Their ids."""
    make_contact(external_customer_id="C1")
    ids = []
    numbers = itertools.count(1)
    for block in (5, 6, 7):
        go_to(block * BLOCK_EVENTS)
        ids.append(created(str(next(numbers))))
        go_to((block + 1) * BLOCK_EVENTS - 1)
        ids.append(created(str(next(numbers)), externalCustomerId="nobody"))
    drain()
    return ids


def counted(low: int, high: int) -> dict[str, int]:
    [counts, _] = load_counts([low, high])
    return counts.by_status


def really(low: int, high: int) -> dict[str, int]:
    return dict(Counter(Outcome.objects.filter(event_id__gte=low, event_id__lt=high).values_list("status", flat=True)))


def assert_all_spans_are_right(ids: list[int]) -> None:
    edges = sorted({edge for event_id in ids for edge in (event_id, event_id + 1)})
    for low, high in itertools.combinations(edges, 2):
        assert counted(low, high) == really(low, high), (low, high)
        parts = Counter()
        for part in load_breakdown([low, high]):
            if part.place == 0:
                parts[part.status] += part.events
        assert dict(parts) == really(low, high), (low, high)


def test_every_span_is_right_before_blocks_are_counted_and_after(blocks):
    assert sorted(IntakeMark.objects.values_list("block", flat=True).distinct()) == [5, 6, 7]
    assert_all_spans_are_right(blocks)
    assert count_marked() == 3
    assert not IntakeMark.objects.exists()
    assert sum(IntakeCount.objects.values_list("events", flat=True)) == 6
    assert_all_spans_are_right(blocks)


def test_inner_blocks_are_summed_and_not_looked_at(blocks):
    count_marked()
    IntakeCount.objects.filter(block=6).update(events=100)  # nobody does this; it shows where a figure comes from
    assert counted(blocks[0], blocks[-1] + 1)["applied"] == 102
    assert counted(blocks[3], blocks[-1] + 1) == really(blocks[3], blocks[-1] + 1)  # part of a block


def test_a_replay_marks_its_blocks_and_what_it_hands_over_waits(blocks):
    count_marked()
    ignored = blocks[3]
    assert replay_events([ignored]) == 1
    assert list(IntakeMark.objects.values_list("block", flat=True)) == [6]
    [counts] = load_counts([blocks[0]])
    assert (counts[Status.APPLIED], counts[Status.IGNORED], counts[Status.WAITING], counts.taken) == (3, 2, 1, 6)
    drain()
    count_marked()
    assert_all_spans_are_right(blocks)


def test_an_event_that_fails_marks_its_block_too(blocks, monkeypatch):
    count_marked()
    event_id = post("orderDelivered", {"externalOrderId": "1"})
    with monkeypatch.context() as patch:
        patch.setattr(processing, "apply_events", lambda events, basis: 1 // 0)
        drain()
    [counts] = load_counts([event_id])
    assert (counts.by_status, counts.by_reason) == ({"failed": 1}, {"internal_error": 1})
    assert count_marked() == 1
    assert IntakeCount.objects.get(status="failed").events == 1


def test_a_few_blocks_are_counted_at_a_time_the_newest_first(blocks):
    assert count_marked(limit=2) == 2
    assert set(IntakeMark.objects.values_list("block", flat=True)) == {5}
    assert_all_spans_are_right(blocks)
    assert (count_marked(limit=2), count_marked(limit=2)) == (1, 0)


def test_counts_tell_sources_types_and_hours(blocks):
    other = make_source("app")
    at = datetime(2026, 5, 20, 9, 59, 59, tzinfo=UTC)
    for minutes in (0, 1):
        event_id = post("viewedProduct", {"externalCustomerId": "C1"}, source=other)
        Event.objects.filter(pk=event_id).update(received_at=at + timedelta(minutes=minutes))
    drain()
    count_marked()
    rows = IntakeCount.objects.filter(source=other).order_by("hour").values_list("hour", "event_type__key", "events")
    nine = datetime(2026, 5, 20, 9, 0, tzinfo=UTC)
    assert list(rows) == [(nine, "viewedProduct", 1), (nine + timedelta(hours=1), "viewedProduct", 1)]
    [part] = load_breakdown([1], source_ids=[other.pk])
    assert (part.status, part.events) == ("applied", 2)
    assert load_breakdown([1], source_ids=[other.pk], type_ids=[0]) == []
    assert sum(part.events for part in load_breakdown([1])) == 8


def test_rows_that_were_written_past_the_application_are_counted_when_all_is_marked(blocks):
    count_marked()
    IntakeCount.objects.all().delete()
    mark_all()
    assert_all_spans_are_right(blocks)
    assert count_marked() == 3
    assert sum(IntakeCount.objects.values_list("events", flat=True)) == 6


def test_no_events_are_nothing_to_count():
    mark_all()
    assert count_marked() == 0
    assert load_counts([1])[0].taken == 0


def test_figures_take_one_statement_whatever_the_number_of_blocks_and_marks(blocks, django_assert_num_queries):
    for _ in range(2):
        with django_assert_num_queries(1):
            load_counts(blocks)
        with django_assert_num_queries(1):
            load_breakdown(blocks)
        count_marked()


def connection_parameters() -> dict:
    wanted = ("dbname", "user", "host", "port", "password")
    return {name: value for name, value in connection.get_connection_params().items() if name in wanted}


def test_one_counts_at_a_time(blocks):
    with psycopg.connect(**connection_parameters()) as other:
        other.execute("SELECT pg_advisory_xact_lock(%s, 0)", [ADVISORY_SPACE])
        assert count_marked() == 0
    assert count_marked() == 3
