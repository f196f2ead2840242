"""The addresses that answer with the OpenAPI document, and with a page that shows it."""

import re

import jsonschema
import pytest
from django.contrib.staticfiles import finders

from config import api_docs
from tests.factories import make_order


@pytest.fixture
def document(anonymous) -> dict:
    api_docs.schema_text.cache_clear()
    answer = anonymous.get("/api/schema")
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/json")
    return answer.json()


@pytest.mark.parametrize(
    ("address", "path"),
    [
        ("/api/v1/orders", "/api/v1/orders"),
        ("/api/v1/orders/{id}", "/api/v1/orders/{order_id}"),
        ("/api/v1/revenue", "/api/v1/revenue"),
    ],
)
def test_answers_are_what_the_document_says(document, client, address, path):
    order = make_order(status="DELIVERED", items=[{"cost": 5}], custom_fields={"a": None})
    answer = client.get(address.format(id=order.pk)).json()
    schema = document["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    jsonschema.validate(answer, {**schema, "components": document["components"]})


def test_refusals_are_what_the_document_says(document, client):
    refusal = client.get("/api/v1/orders?status=X").json()
    responses = document["paths"]["/api/v1/orders"]["get"]["responses"]
    schema = responses["400"]["content"]["application/problem+json"]["schema"]
    jsonschema.validate(refusal, {**schema, "components": document["components"]})


def test_the_page_loads_nothing_from_elsewhere(anonymous):
    answer = anonymous.get("/api/docs")
    page = answer.content.decode()
    assert answer.status_code == 200
    *loaded, script = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert loaded
    assert all(finders.find(address.removeprefix("/static/")) for address in loaded)
    assert script.startswith("/api/docs?")
    assert 'url: "/api/schema"' in anonymous.get(script).content.decode()


def test_the_page_and_the_document_refuse_in_the_form_of_the_api(anonymous):
    for address in ("/api/docs", "/api/schema"):
        answer = anonymous.post(address)
        assert anonymous.options(address).status_code < 500
        assert (answer.status_code, answer.headers["Content-Type"]) == (405, "application/problem+json")
