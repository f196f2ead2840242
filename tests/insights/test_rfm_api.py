"""GET /api/v1/rfm: the figures of the page, and the example of docs/api.md as it is answered."""

from datetime import UTC, datetime

import pytest
import time_machine
from django.test import Client

from events.keys import forget_keys
from insights.rfm import refresh
from insights.rfm.api import EXAMPLE
from insights.rfm.models import RfmRequest
from tests.callers import bearer, make_key
from tests.insights.test_rfm import DAY, people  # noqa: F401 - a fixture

pytestmark = pytest.mark.django_db
ADDRESS = "/api/v1/rfm"


@pytest.fixture
def client() -> Client:
    forget_keys()
    with time_machine.travel(datetime(2026, 5, 31, 9, tzinfo=UTC), tick=False):
        yield Client(raise_request_exception=False, headers=bearer(make_key()))


@pytest.fixture
def computed(client, people):  # noqa: F811
    refresh.compute(DAY)


def test_the_example_of_the_documentation_is_what_is_answered(client, computed):
    answer = client.get(ADDRESS, {"currency": "UAH"}).json()
    [told], [shown] = answer.pop("results"), EXAMPLE["results"]
    assert answer == {name: value for name, value in EXAMPLE.items() if name != "results"}
    assert len(told["cells"]) == 25
    assert len(told["segments"]) == 10
    assert sum(move["contacts"] for move in told["moves"]) == 10
    for name in ("cells", "segments", "moves"):
        assert shown[name][0] in told.pop(name)
    assert told == {name: value for name, value in shown.items() if name in told}


def test_another_day_is_computed_when_it_is_asked_for(client, computed):
    answer = client.get(ADDRESS, {"day": "2026-04-30"})
    assert (answer.status_code, answer.json()) == (202, {"day": "2026-04-30", "status": "computing"})
    assert answer["Retry-After"] == "5"
    refresh.refresh_due()
    answer = client.get(ADDRESS, {"day": "2026-04-30"}).json()
    assert (answer["day"], answer["results"][0]["contacts"]) == ("2026-04-30", 7)


def test_no_more_than_ten_days_wait_at_a_time(client, computed):
    for day in range(1, 11):
        assert client.get(ADDRESS, {"day": f"2026-04-{day:02}"}).status_code == 202
    assert client.get(ADDRESS, {"day": "2026-04-11"}).status_code == 503
    assert client.get(ADDRESS, {"day": "2026-04-03"}).status_code == 202
    assert RfmRequest.objects.count() == 10


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"day": "2026-06-01"}, "invalid_parameter"),
        ({"day": "31.05.2026"}, "invalid_parameter"),
        ({"currency": "ABC"}, "invalid_parameter"),
        ({"currency": "\0"}, "invalid_parameter"),
        ({"segment": "champions"}, "unknown_parameter"),
    ],
)
def test_what_cannot_be_asked_is_refused_at_its_place(query, code, client, computed):
    answer = client.get(ADDRESS, query)
    assert answer.status_code == 400
    assert [(error["parameter"], error["code"]) for error in answer.json()["errors"]] == [(*query, code)]


def test_it_takes_a_key_or_the_permission_to_view_insights(client, computed, staff):
    assert Client().get(ADDRESS).status_code == 401
    assert staff("orders.view_order").get(ADDRESS).status_code == 403
