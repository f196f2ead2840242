"""No query string, path or header makes a 500: whatever is asked for is found, not found, or told what is wrong."""

import base64

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from contract.paging import PARAMETERS, Cursor
from events.keys import forget_keys
from orders.api import SORT_KEYS, OrderFilters
from tests.callers import bearer, make_key
from tests.factories import make_order

NAMES = [*OrderFilters.base_filters, *PARAMETERS, "from", "to", "by", "x"]
VALUES = st.one_of(
    st.text(max_size=20),
    st.integers().map(str),
    st.decimals().map(str),
    st.datetimes().map(lambda moment: moment.isoformat()),
    st.dates().map(lambda day: day.isoformat()),
    st.sampled_from(["DELIVERED", "UAH", "total_mismatch", "-date", "week", "", "\0", "infinity", "9" * 4400]),
    st.builds(
        Cursor,
        ordering=st.sampled_from([*SORT_KEYS, *(f"-{name}" for name in SORT_KEYS), "id"]),
        is_backward=st.booleans(),
        value=st.one_of(st.text(max_size=10), st.datetimes().map(lambda moment: f"{moment.isoformat()}Z")),
        row_id=st.integers(0, 2**63 - 1),
    ).map(Cursor.encode),
)
SETTINGS = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


class AnyQuery(TestCase):
    def setup_example(self):  # in the example's own transaction; setUp() would stand outside of it
        super().setup_example()
        forget_keys()
        make_order(warnings=[{"code": "total_mismatch", "detail": ""}], items=[{}])
        self.client = Client(raise_request_exception=False, headers=bearer(make_key()))

    @SETTINGS
    @given(query=st.lists(st.tuples(st.sampled_from(NAMES), VALUES), max_size=4))
    def test_no_query_makes_a_500(self, query):
        for address in ("/api/v1/orders", "/api/v1/revenue", "/api/v1/orders/1/changes"):
            answer = self.client.get(address, query_params=dict(query))
            assert answer.status_code in (200, 400, 404), answer.content

    @SETTINGS
    @given(header=st.one_of(st.text(max_size=40), st.binary(max_size=40).map(base64.b64encode).map(bytes.decode)))
    def test_no_authorization_makes_a_500(self, header):
        for scheme in ("Basic ", "Bearer ", ""):
            answer = Client(raise_request_exception=False).get("/api/v1/orders", HTTP_AUTHORIZATION=scheme + header)
            assert answer.status_code == 401, answer.content


@pytest.mark.django_db
def test_a_query_may_be_as_long_as_a_server_takes_it(client):
    assert client.get("/api/v1/orders", query_params={"search": "x" * 60_000}).status_code == 200


@pytest.mark.parametrize("limit", ["0000000050000", "00000000199999999", "501", "0", "1" * 5000])
def test_no_spelling_of_a_limit_gets_by_the_most_rows(client, limit):
    answer = client.get("/api/v1/orders", query_params={"limit": limit})
    assert (answer.status_code, answer.json()["errors"][0]["parameter"]) == (400, "limit")
