"""Pages of events keep their place while events come in and get their outcomes, and are read from an index wherever."""

import re
import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from account.current import forget_account
from contract.paging import Cursor
from events.basis import current_basis, forget_basis
from events.event_types import forget_event_types
from events.filters import EventFilters
from events.keys import forget_keys
from events.models import Event, EventType, Waiting
from tests.callers import bearer, make_key
from tests.contacts.staging import in_thread
from tests.events.building import created, drain, make_source, post

EVENTS = "/api/v1/events"


def read(client: Client, address: str, **query: str):
    answer = client.get(address, query)
    assert answer.status_code == 200, answer.content
    return answer.json()


class WhileEventsComeIn(TestCase):
    def setup_example(self):
        super().setup_example()
        for forget in (forget_keys, forget_account, forget_basis, forget_event_types):
            forget()
        self.client = Client(headers=bearer(make_key()))

    @settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(
        at_first=st.integers(0, 12),
        ordering=st.sampled_from(["receivedAt", "-receivedAt"]),
        query=st.sampled_from([{}, {"eventTypeKey": "orderCreated"}, {"source": "shop"}, {"keyValue": "k"}]),
        limits=st.lists(st.integers(1, 5), min_size=1, max_size=4),
        coming=st.lists(st.sampled_from(["order", "custom", "drain", "nothing"]), max_size=12),
    )
    def test_no_event_is_skipped_or_told_twice(self, at_first, ordering, query, limits, coming):
        """Whatever is there when the reading begins is told once, in order; what comes later at most once."""
        for number in range(at_first):
            _come("order" if number % 2 else "custom")
        asked = {**query, "ordering": ordering}
        there = [event["id"] for event in read(self.client, EVENTS, **asked, limit="500")["results"]]
        told: list[str] = []
        page = read(self.client, EVENTS, **asked, limit=str(limits[0]))
        while True:
            told += [event["id"] for event in page["results"]]
            for what in coming[:2]:
                _come(what)
            coming = coming[2:]
            if page["next"] is None:
                break
            page = read(self.client, page["next"])
        assert [event_id for event_id in told if event_id in there] == there
        assert told == sorted(set(told), key=int, reverse=ordering.startswith("-"))

    @settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(limit=st.integers(1, 4), coming=st.lists(st.integers(0, 3), max_size=8))
    def test_no_ignored_event_is_skipped_or_told_twice(self, limit, coming):
        there = [created(str(number)) for number in range(7)]  # of nobody, so they are ignored
        drain()
        told, page = [], read(self.client, EVENTS, outcome="ignored", limit=str(limit))
        while page:
            told += [int(event["id"]) for event in page["results"]]
            for number in range(coming.pop() if coming else 0):
                created(f"later{number}")
            drain()
            page = read(self.client, page["next"]) if page["next"] else None
        assert told == there[::-1]


def _come(what: str) -> None:
    match what:
        case "order":
            created()
        case "custom":
            post("seen", {}, keyValue="k")
        case "drain":
            drain()


# --- Plans ----------------------------------------------------------------------------------------------------------

MANY = 4_000
NOON = datetime(2026, 5, 14, 9, tzinfo=UTC)
FILL_EVENTS = """
    INSERT INTO events_event (source_id, event_type_id, key_value, order_key, lane, api_version, body, received_at)
    SELECT %(source)s, CASE WHEN n %% 500 = 0 THEN %(rare)s ELSE %(common)s END, n, '', 0, 1, '{"params":{}}',
           %(noon)s + n * interval '1 minute'
      FROM generate_series(0, %(many)s - 1) AS n
"""
FILL_OUTCOMES = """
    INSERT INTO events_outcome (event_id, sequence, status, reason, note, basis_id, warnings, problems, trace,
                                traceback, attempt, decided_at)
    SELECT e.id, e.id, fate.status, fate.reason, '', %(basis)s, fate.warnings, '[]', '[]', '', 1, e.received_at
      FROM events_event AS e
      JOIN (VALUES (true, 'ignored', 'stale', '[{"code": "duplicate_parameter", "detail": ""}]'::jsonb),
                   (false, 'applied', '', '[]'::jsonb)) AS fate (is_ignored, status, reason, warnings)
        ON fate.is_ignored = (e.key_value::int %% 100 = 0)
"""


@pytest.fixture
def log(db) -> Client:
    """A log whose events are ignored for one reason, one in a hundred, and applied otherwise."""
    for forget in (forget_keys, forget_account, forget_basis, forget_event_types):
        forget()
    types = [EventType.objects.create(key=key).pk for key in ("askedForHelp", "orderUpdated")]
    values = {
        "many": MANY,
        "noon": NOON,
        "source": make_source().pk,
        "rare": types[0],
        "common": types[1],
        "basis": current_basis().id,
    }
    with connection.cursor() as cursor:
        cursor.execute(FILL_EVENTS, values)
        cursor.execute(FILL_OUTCOMES, values)
        cursor.execute("ANALYZE events_event, events_outcome")
    return Client(raise_request_exception=False, headers=bearer(make_key()))


def plan_of_page(client: Client, **query: str) -> str:
    """How PostgreSQL finds the ids of a page."""
    with CaptureQueriesContext(connection) as queries:
        client.get(EVENTS, query)
    [page] = [each["sql"] for each in queries if "LIMIT" in each["sql"] and 'FROM "events_event"' in each["sql"]]
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {page}")
        return "\n".join(line for (line,) in cursor.fetchall())


def deep(ordering: str = "-receivedAt") -> str:
    """The cursor in the middle of the log."""
    event_id = Event.objects.get(key_value=str(MANY // 2)).pk
    return Cursor(ordering=ordering, is_backward=False, value=str(event_id), row_id=event_id).encode()


@pytest.mark.parametrize(
    ("query", "index"),
    [
        ({"outcome": "ignored"}, "outcome_by_status"),
        ({"reason": "stale"}, "outcome_by_reason"),
        ({"warning": "duplicate_parameter"}, "outcome_duplicate_parameter"),
    ],
)
def test_a_page_deep_in_the_outcomes_enters_their_index_at_the_cursor(log, query, index):
    plan = plan_of_page(log, **query, cursor=deep(), limit="2")
    assert index in plan
    assert re.search(r"Index Cond: .*\(event_id <", plan)
    assert "Sort" not in plan


def test_a_span_of_time_bounds_the_outcomes_as_well(log):
    moment = (NOON + timedelta(minutes=MANY // 2)).isoformat()
    plan = plan_of_page(log, reason="stale", receivedTo=moment, limit="2")
    assert "outcome_by_reason" in plan
    assert "(event_id <" in plan


@pytest.mark.parametrize(
    ("query", "index"),
    [
        ({"eventTypeKey": "askedForHelp"}, "event_by_type"),
        ({"keyValue": "77"}, "event_by_key_value"),
        ({"ordering": "receivedAt"}, "events_event_pkey"),
    ],
)
def test_a_filter_of_events_is_served_by_its_index(log, query, index):
    plan = plan_of_page(log, **query, limit="2")
    assert f"using {index}" in plan
    assert "Sort" not in plan


def test_an_old_waiting_event_is_not_looked_for_among_the_decided_ones(log):
    event = Event.objects.order_by("pk")[1]
    event.outcome.delete()
    Waiting.objects.create(lane=event.lane, position=event.pk, event_id=event.pk)
    plan = plan_of_page(log, outcome="waiting", limit=2)
    assert f"= {event.pk}" in plan or f"{{{event.pk}}}" in plan, plan
    assert [each["id"] for each in read(log, EVENTS, outcome="waiting")["results"]] == [str(event.pk)]


def test_a_page_deep_in_the_outcomes_holds_what_comes_next(log):
    numbers = [event["keyValue"] for event in read(log, EVENTS, outcome="ignored", cursor=deep(), limit="2")["results"]]
    assert numbers == [str(MANY // 2 - 100), str(MANY // 2 - 200)]


@pytest.mark.django_db
def test_the_filters_of_events_are_those_of_the_contract():
    assert list(EventFilters.base_filters) == [
        *("eventTypeKey", "keyValue", "outcome", "reason", "warning", "source", "contactId", "externalOrderId"),
        *("receivedFrom", "receivedTo"),
    ]


@pytest.mark.django_db(transaction=True)
def test_an_event_that_is_stored_late_never_appears_behind_who_reads_from_the_oldest_on():
    """One transaction has taken an id and not committed, while another stores the event after it."""
    for forget in (forget_keys, forget_account, forget_basis, forget_event_types):
        forget()
    client, source = Client(headers=bearer(make_key())), make_source()
    first = post("seen", {}, source, keyValue="first")
    Event.objects.filter(pk=first).update(received_at=datetime.now(UTC) - timedelta(hours=1))
    late: list[int] = []
    has_stored, may_commit = threading.Event(), threading.Event()

    def store_late():
        with transaction.atomic():
            late.append(post("seen", {}, source, keyValue="late"))
            has_stored.set()
            assert may_commit.wait(30)

    writer = threading.Thread(target=lambda: in_thread(store_late))
    writer.start()
    try:
        assert has_stored.wait(30)
        after = post("seen", {}, source, keyValue="after")
        meanwhile = told(client, ordering="receivedAt")
        newest_first = told(client)
    finally:
        may_commit.set()
        writer.join()
    assert (meanwhile, newest_first) == ([first], [after, first])
    assert told(client, ordering="receivedAt") == [first, *late, after]
    before_first = read(client, read(client, EVENTS, limit="2")["next"])["previous"]
    assert [int(event["id"]) for event in read(client, before_first)["results"]] == [after, *late]


def told(client: Client, **query: str) -> list[int]:
    return [int(event["id"]) for event in read(client, EVENTS, **query)["results"]]
