"""One real Orderloom for all tests of the client, with its own PostgreSQL, and a proxy before it that can cut."""

from collections.abc import Iterator

import pytest
from orderloom_client import Client, Retries

from tests.acceptance.stack import Stack
from tests.clients.faulty import CuttingProxy

SOON = Retries(first_pause_seconds=0.01)


@pytest.fixture(scope="package")
def stack(tmp_path_factory) -> Iterator[Stack]:
    with Stack(tmp_path_factory.mktemp("stack")) as stack:
        yield stack


@pytest.fixture(scope="package")
def key(stack) -> str:
    return stack.create_source("shop")


@pytest.fixture
def client(stack, key) -> Iterator[Client]:
    with Client(stack.url, key, retries=SOON) as client:
        yield client


@pytest.fixture
def proxy(stack) -> Iterator[CuttingProxy]:
    proxy = CuttingProxy(stack.url)
    yield proxy
    proxy.close()


@pytest.fixture
def shaky(proxy, key) -> Iterator[Client]:
    """A client behind the proxy."""
    with Client(proxy.url, key, retries=SOON, timeout=2.0) as client:
        yield client


@pytest.fixture
def count_events(stack):
    """How many stored events have this key value."""
    return lambda key_value: stack.query("SELECT count(*) FROM events_event WHERE key_value = %s", [key_value])[0][0]
