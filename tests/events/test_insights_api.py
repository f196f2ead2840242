"""What comes in and how the work is going, over HTTP: event types, statistics, and the figures for Prometheus."""

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from events.keys import forget_keys
from events.models import Event, EventType, Waiting
from events.replay import replay_events
from tests.callers import bearer, make_key
from tests.events.building import created, drain, post
from tests.factories import make_contact

pytestmark = pytest.mark.django_db
TYPES, STATS, METRICS = "/api/v1/event-types", "/api/v1/stats", "/metrics"


@pytest.fixture
def client() -> Client:
    forget_keys()
    return Client(raise_request_exception=False, headers=bearer(make_key()))


def read(client, address: str):
    answer = client.get(address)
    assert answer.status_code == 200, answer.content
    return answer.json()


def metrics(client) -> dict[str, float]:
    """{name{label}: value} of every sample."""
    answer = client.get(METRICS)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/plain; version=0.0.4; charset=utf-8")
    return {
        sample.name + "".join(f"{{{value}}}" for value in sample.labels.values()): sample.value
        for family in text_string_to_metric_families(answer.content.decode())
        for sample in family.samples
    }


def received_ago(event_id: int, **ago: float) -> datetime:
    moment = timezone.now() - timedelta(**ago)
    Event.objects.filter(pk=event_id).update(received_at=moment)
    return moment


# --- Event types ----------------------------------------------------------------------------------------------------


def test_every_name_that_events_carried_is_listed_with_its_first_and_last_event(client):
    post("seen", {}, keyValue="k1")
    last = post("seen", {}, keyValue="k2")
    Event.objects.filter(pk=last).update(received_at=datetime(2026, 5, 14, 9, tzinfo=UTC))
    EventType.objects.filter(key="seen").update(created_at=datetime(2026, 1, 14, 9, tzinfo=UTC))
    order = created()
    EventType.objects.create(key="never")
    found = read(client, TYPES)
    assert [each["eventTypeKey"] for each in found["results"]] == ["never", "orderCreated", "seen"]
    assert found["results"][2] == {
        "eventTypeKey": "seen",
        "isOrderEvent": False,
        "firstSeenAt": "2026-01-14T11:00:00+02:00",
        "lastReceivedAt": "2026-05-14T12:00:00+03:00",
        "lastEventId": str(last),
    }
    assert (found["results"][1]["isOrderEvent"], found["results"][1]["lastEventId"]) == (True, str(order))
    assert (found["results"][0]["lastReceivedAt"], found["results"][0]["lastEventId"]) == (None, None)


def test_event_types_come_in_pages_of_a_fixed_number_of_statements(client, django_assert_num_queries):
    for number in range(25):
        post(f"seen{number:02}", {}, keyValue="k")
    read(client, TYPES)  # the key and the account are held from here on
    with django_assert_num_queries(2):
        page = read(client, f"{TYPES}?limit=20")
    keys = [each["eventTypeKey"] for each in page["results"]]
    keys += [each["eventTypeKey"] for each in read(client, page["next"])["results"]]
    assert keys == [f"seen{number:02}" for number in range(25)]


# --- Statistics -----------------------------------------------------------------------------------------------------


def test_nothing_waits_and_nothing_came(client):
    found = read(client, STATS)
    assert (found["waiting"], found["oldestWaitingSeconds"], found["lanes"], found["lastReceivedAt"]) == (
        0,
        0,
        [],
        None,
    )
    assert [(span["seconds"], span["received"], span["perSecond"]) for span in found["received"]] == [
        (60, 0, 0),
        (300, 0, 0),
        (3600, 0, 0),
    ]


def test_what_waits_is_told_by_lane_with_its_oldest(client):
    first, second = created("1001"), created("1001")
    received_ago(first, seconds=90)
    received_ago(second, seconds=30)
    found = read(client, STATS)
    lane = Waiting.objects.get(event_id=first).lane
    assert found["waiting"] == 2
    assert [(each["lane"], each["waiting"], each["oldestEventId"]) for each in found["lanes"]] == [
        (lane, 2, str(first))
    ]
    assert 90 <= found["oldestWaitingSeconds"] < 150
    assert found["oldestWaitingSeconds"] == found["lanes"][0]["oldestSeconds"]


def test_a_replayed_event_waits_since_its_replay(client):
    event = created()
    received_ago(event, hours=5)
    drain()
    replay_events([event])
    found = read(client, STATS)
    assert found["waiting"] == 1
    assert found["oldestWaitingSeconds"] < 60


def test_what_came_lately_is_told_by_what_became_of_it(client):
    received_ago(post("old", {}, keyValue="k"), minutes=3)
    make_contact(external_customer_id="C1")
    created("1001")  # applied
    created("1001")  # exists
    created("1002", externalCustomerId="C2")  # nobody
    drain()
    created("1003")  # waits
    found = read(client, STATS)
    minute, five_minutes, hour = found["received"]
    assert minute == {
        "seconds": 60,
        "received": 4,
        "perSecond": 0.067,
        "applied": 1,
        "ignored": 2,
        "failed": 0,
        "waiting": 1,
        "reasons": {"order_exists": 1, "contact_not_found": 1},
    }
    assert (five_minutes["received"], five_minutes["applied"], hour["received"]) == (5, 2, 5)


def test_the_statistics_cost_the_same_statements_whatever_waits(client, django_assert_num_queries):
    read(client, STATS)
    for number in range(20):
        created(str(number))
    with django_assert_num_queries(4):
        assert read(client, STATS)["waiting"] == 20


# --- Prometheus -----------------------------------------------------------------------------------------------------


def test_prometheus_reads_what_waits_what_came_and_what_was_decided(client):
    before = metrics(client)["orderloom_outcomes_total"]
    make_contact(external_customer_id="C1")
    created("1001")
    created("1001")
    drain()
    waiting = created("1002")
    moment = received_ago(waiting, seconds=90)
    found = metrics(client)
    assert found["orderloom_outcomes_total"] == before + 2
    assert found["orderloom_waiting_events"] == 1
    assert found["orderloom_waiting_lanes"] == 1
    assert 90 <= found["orderloom_oldest_waiting_seconds"] < 150
    assert found["orderloom_recent_events{applied}"] == 1
    assert found["orderloom_recent_events{ignored}"] == 1
    assert found["orderloom_recent_events{failed}"] == 0
    assert found["orderloom_recent_events{waiting}"] == 1
    assert found["orderloom_recent_refusals{order_exists}"] == 1
    assert found["orderloom_recent_refusals{internal_error}"] == 0
    assert found["orderloom_last_event_received_timestamp_seconds"] == pytest.approx(moment.timestamp())


def test_an_installation_without_events_has_figures_too(client):
    found = metrics(client)
    assert (found["orderloom_waiting_events"], found["orderloom_oldest_waiting_seconds"]) == (0, 0)
    assert "orderloom_last_event_received_timestamp_seconds" not in found


@pytest.mark.parametrize("accept", ["application/openmetrics-text; version=x.y", "text/plain;version=", "*/*", "\xff"])
def test_whatever_format_is_asked_for_the_text_format_comes(client, accept):
    answer = client.get(METRICS, headers={"Accept": accept})
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/plain; version=0.0.4; charset=utf-8")


# --- Who may read ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("slash", ["", "/"])
@pytest.mark.parametrize(
    ("address", "permission"), [(TYPES, "view_eventtype"), (STATS, "view_event"), (METRICS, "view_event")]
)
def test_reading_needs_a_key_with_the_scope_or_a_user_with_the_permission(address, permission, slash):
    forget_keys()
    client = Client(raise_request_exception=False)
    assert client.get(address + slash).status_code == 401
    assert client.get(address, headers=bearer(make_key(scopes=["events:write"]))).status_code == 403
    assert client.get(address + slash, headers=bearer(make_key(scopes=["read"]))).status_code == 200
    user = User.objects.create_user("olena")
    client.force_login(user)
    assert client.get(address).status_code == 403
    user.user_permissions.add(Permission.objects.get(codename=permission))
    assert client.get(address + slash).status_code == 200


@pytest.mark.parametrize("address", [TYPES, STATS, METRICS])
def test_an_unknown_parameter_is_refused(client, address):
    answer = client.get(f"{address}?colour=red")
    assert answer.status_code == 400
    assert [error["parameter"] for error in answer.json()["errors"]] == ["colour"]
