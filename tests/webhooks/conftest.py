"""A subscription to a receiver of the test, allowed although it stands on loopback."""

from collections.abc import Callable
from ipaddress import ip_network

import pytest

from account.current import forget_account
from contacts.models import Contact, Identifier
from events.basis import forget_basis
from events.event_types import forget_event_types
from events.keys import forget_keys
from tests.webhooks.receiver import Receiver
from webhooks.models import Subscription
from webhooks.outbox import forget_subscriptions
from webhooks.subscriptions import new_secret
from webhooks.topics import CHOSEN_TOPICS


@pytest.fixture
def contact(transactional_db) -> Contact:
    """Who orders in the tests."""
    for forget in (forget_account, forget_basis, forget_event_types, forget_keys):
        forget()
    contact = Contact.objects.create(first_name="Olha")
    Identifier.objects.create(contact=contact, kind_id="externalCustomerId", value="C1", normalized="C1")
    return contact


@pytest.fixture
def subscribe(settings, contact) -> Callable[..., Subscription]:
    settings.WEBHOOK_ALLOWED_NETWORKS = (ip_network("127.0.0.0/8"),)

    def make(receiver: Receiver | str, **columns) -> Subscription:
        url = receiver if isinstance(receiver, str) else receiver.url
        columns = {"name": "warehouse", "topics": [topic.value for topic in CHOSEN_TOPICS], **columns}
        forget_subscriptions()
        return Subscription.objects.create(url=url, secret=new_secret(), **columns)

    return make
