"""Whatever bytes come in by HTTP: refused, and then nothing is stored; or accepted, and then there is an outcome."""

import pytest
from django.apps import apps
from django.test import Client
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from contract.json_values import encode
from events.keys import forget_keys
from events.models import Event
from events.processing import drain_lanes
from tests.callers import bearer, make_key
from tests.events.test_envelope_properties import bodies, names
from tests.strategies import wild_values

pytestmark = pytest.mark.django_db

# Orders of which any parameter may be anything, beside what is no envelope at all.
ORDER_EVENTS = st.builds(
    lambda kind, values: encode({"eventTypeKey": kind, "params": values}),
    st.sampled_from(["orderCreated", "orderUpdated", "orderDelivered", "orderCancelled", "orderDELIVERED"]),
    wild_values(),
)


def seen(**params) -> str:
    return encode({"eventTypeKey": "seen", "keyValue": "k", "params": params})


def nested(levels: int) -> list:
    return [nested(levels - 1)] if levels else []


def row_counts() -> dict[str, int]:
    ours = [
        model for model in apps.get_models() if model._meta.app_label in ("events", "orders", "contacts", "account")
    ]
    return {model.__name__: model._default_manager.count() for model in ours}


class HostileRequestsTest(TestCase):
    @classmethod
    def setUpTestData(cls) -> None:
        cls.key = make_key()

    def setUp(self) -> None:
        forget_keys()
        self.client = Client(headers=bearer(self.key))  # it raises what would be a 500
        self.post("/api/v1/events/validate", '{"eventTypeKey":"t","keyValue":"k"}')  # the key is known from here on

    def post(self, address: str, body: str):
        return self.client.post(address, body.encode("utf-8", "surrogatepass"), content_type="application/json")

    @settings(max_examples=60)
    @given(st.one_of(bodies(), ORDER_EVENTS), st.sampled_from(["/api/v1/event", "/api/v2/event", "/api/v3/event"]))
    @example(seen(a=nested(60)), "/api/v1/event")
    @example(seen(a=nested(64)), "/api/v1/event")
    @example(seen(**{f"n{number}": 1 for number in range(2_000)}), "/api/v1/event")
    @example(seen(a="x" * 1_048_576), "/api/v1/event")
    @example('{"eventTypeKey":"orderCreated","params":{"externalOrderId":1e400,"totalCost":"١٢"}}', "/api/v1/event")
    @example('{"eventTypeKey":"orderCreated","params":{"externalOrderId":"1","externalOrderId":{}}}', "/api/v1/event")
    def test_one_event_is_refused_without_a_trace_or_has_an_outcome_with_its_reason(self, body, address):
        before = row_counts()
        answer = self.post(address, body)
        if answer.status_code != 200:
            assert answer.status_code in (400, 413)
            assert answer.json()["errors"]
            assert row_counts() == before
            return
        drain_lanes(range(64))
        fate = self.client.get(answer.headers["Location"]).json()
        assert fate["outcome"] in ("applied", "ignored")
        assert fate["message"]
        assert (fate["outcome"] == "ignored") == bool(fate["reason"]) == bool(fate["problems"])

    @settings(max_examples=30)
    @given(st.lists(bodies() | ORDER_EVENTS, min_size=1, max_size=5), names)
    def test_each_event_of_a_bulk_is_stored_or_refused_in_its_place(self, events, member):
        before = Event.objects.count()
        body = f'{{{encode(member)}:1,"events":[{",".join(events)}]}}'
        answer = self.post("/api/v1/events", body)
        assert answer.status_code in (200, 400)
        if answer.status_code == 400:
            assert Event.objects.count() == before
            return
        results = answer.json()["results"]
        assert [result["index"] for result in results] == list(range(len(events)))
        assert all(("id" in result) != ("errors" in result) for result in results)
        assert Event.objects.count() - before == sum("id" in result for result in results)
