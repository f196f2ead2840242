"""What the tests of HTTP share: the addresses of tests/http/urls.py and a client that sees 500 as an answer."""

import pytest
from django.test import Client

from events.keys import forget_keys
from tests.callers import basic, make_key
from tests.events.building import drain, post
from tests.factories import make_contact
from tests.http.refusals import Caller, make_caller


@pytest.fixture(autouse=True)
def _addresses(settings):
    settings.ROOT_URLCONF = "tests.http.urls"
    forget_keys()


@pytest.fixture
def anonymous() -> Client:
    return Client(raise_request_exception=False)


@pytest.fixture
def client(db) -> Client:
    """A client with a backend's key."""
    return Client(raise_request_exception=False, headers=basic(make_key()))


@pytest.fixture
def caller(db) -> Caller:
    """Somebody who may do everything, where there is one contact and one event."""
    contact, event = make_contact(external_customer_id="C1"), post("seen", {}, keyValue="k")
    drain()
    return make_caller(contact=contact.pk, event=event)
