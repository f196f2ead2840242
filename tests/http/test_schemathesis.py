"""Requests made from the OpenAPI document, right ones and wrong ones: no 5xx, and every answer is as the document says.

Each operation gets its examples, its edge cases and SCHEMATHESIS_EXAMPLES drawn requests (8 without that variable, the
same ones each time; a larger number draws anew each time).
"""

import os

import pytest
import schemathesis
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from hypothesis import HealthCheck, settings
from schemathesis import checks
from schemathesis.config import SchemathesisConfig
from schemathesis.specs.openapi import checks as of_openapi

from orders.split_summaries import rebuild_all_marked
from orders.summaries import rebuild_all
from tests.callers import bearer, make_key
from tests.factories import make_contact, make_order
from tests.http.openapi_document import document
from tests.http.test_openapi import OPEN_ADDRESSES

EXAMPLES = int(os.environ.get("SCHEMATHESIS_EXAMPLES", "8"))
ALL_SCOPES = ("events:write", "orders:write", "contacts:write", "read", "settings:write")
CHECKS = [
    checks.not_a_server_error,
    of_openapi.status_code_conformance,
    of_openapi.content_type_conformance,
    of_openapi.response_headers_conformance,
    of_openapi.response_schema_conformance,
]


def schema(**phases):
    loaded = schemathesis.openapi.from_dict(document(), config=SchemathesisConfig.from_dict({"phases": phases}))
    loaded.app = WSGIHandler()
    return loaded


WITH_A_KEY = schema()
WITHOUT = schema(coverage={"enabled": False})  # the key is looked for before anything else: edge cases are all alike

bounded = settings(
    max_examples=EXAMPLES,
    derandomize="SCHEMATHESIS_EXAMPLES" not in os.environ,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture
def _one_transaction():
    """Requests stay in the test's own transaction, as those of Django's test client do."""
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    yield
    for signal in signals:
        signal.connect(close_old_connections)


@pytest.fixture
def _shop(db, _one_transaction, settings):
    """The order, the contact and the event that the document's examples speak of."""
    settings.ROOT_URLCONF = "config.urls"
    settings.ALLOWED_HOSTS = ["*"]
    make_contact(pk=77, external_customer_id="C1", email="olha@shop.example")
    make_order("1001", pk=12, contact_id=77)
    rebuild_all()  # else revenue by parts answers, as documented, that it is being computed
    rebuild_all_marked()


@pytest.fixture
def key(_shop) -> str:
    return make_key(scopes=ALL_SCOPES)


@WITH_A_KEY.parametrize()
@bounded
def test_whatever_is_sent_with_a_key_is_answered_as_the_document_says(case, key):
    case.call_and_validate(headers=bearer(key), checks=CHECKS)


@WITHOUT.parametrize()
@settings(bounded, max_examples=2)
@pytest.mark.usefixtures("_shop")
def test_whatever_is_sent_without_a_key_is_refused_as_the_document_says(case):
    answer = case.call()
    case.validate_response(answer, checks=CHECKS)
    if case.operation.path not in OPEN_ADDRESSES:
        assert answer.status_code in (401, 404)  # 404: an address that no view has
