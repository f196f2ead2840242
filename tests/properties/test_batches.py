"""How events are cut into batches changes no outcome, also where the account lets events create their contacts."""

import pytest
from django.db import transaction
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from account.current import forget_account
from account.models import Account
from contacts.models import Contact
from events import inbox, lanes, processing
from events.basis import current_basis
from events.models import LANES, Outcome
from orders.models import Order
from orders.rules import DELETION_TYPE
from tests.events.building import event_body, new_event
from tests.orders.building import ORDER

# What names a contact, of few people: the same, one of the other's, or both at once.
PEOPLE = st.fixed_dictionaries(
    {},
    optional={
        "email": st.sampled_from(["a@shop.example", "A@shop.example", "b@shop.example"]),
        "phone": st.sampled_from(["0501234567", "+380501234567", "0509876543"]),
        "externalCustomerId": st.sampled_from(["C1", "C2"]),
    },
)
TYPES = st.sampled_from(["seen", "orderCreated", "orderUpdated", "orderDelivered", "orderIN_PROGRESS", DELETION_TYPE])
EVENTS = st.lists(st.tuples(st.sampled_from([1, 2, 3]), TYPES, PEOPLE), min_size=1, max_size=6)


def outcomes_in_batches_of(size: int, events) -> list[object]:
    """What becomes of the events of one lane, applied `size` at a time; contacts by their place in the order made."""
    with transaction.atomic():
        order = {name: value for name, value in ORDER.items() if name not in ("externalCustomerId", "email", "phone")}
        bodies = [
            (version, event_body(event_type, {**order, "externalOrderId": "1001", **person}, keyValue="1001"))
            for version, event_type, person in events
        ]
        ids = inbox.store_many([new_event(body, api_version=version) for version, body in bodies])
        lanes.try_lock_lanes(range(LANES))
        while claimed := lanes.claim_waiting(range(LANES), size):
            processing.apply_events(claimed, current_basis())
        made = {pk: place for place, pk in enumerate(Contact.objects.order_by("pk").values_list("pk", flat=True))}
        outcomes = {one.event_id: one for one in Outcome.objects.all()}
        seen: list[object] = [
            (
                outcomes[event_id].status,
                outcomes[event_id].reason,
                made.get(outcomes[event_id].contact_id),
                [(step["parameter"], made.get(step["contactId"])) for step in outcomes[event_id].trace],
                [warning["code"] for warning in outcomes[event_id].warnings],
            )
            for event_id in ids
        ]
        seen += [(order.status, made.get(order.contact_id)) for order in Order.objects.order_by("pk")]
        seen += [ids.index(contact.created_by_event_id) for contact in Contact.objects.order_by("pk")]
        transaction.set_rollback(True)
    return seen


class BatchesTest(TestCase):
    @classmethod
    def setUpTestData(cls) -> None:
        Account.objects.update(creates_missing_contacts=True)

    def setUp(self) -> None:
        forget_account()
        self.addCleanup(forget_account)

    @settings(max_examples=40)
    @given(EVENTS)
    @example([(1, "orderCreated", {"email": "a@shop.example"}), (2, "seen", {"email": "a@shop.example"})])
    @example([(2, "seen", {"email": "a@shop.example"}), (1, "seen", {"email": "A@shop.example"})])
    def test_batches_of_any_size_give_every_event_the_same_outcome(self, events):
        one_by_one = outcomes_in_batches_of(1, events)
        for size in range(2, len(events) + 1):
            assert outcomes_in_batches_of(size, events) == one_by_one


pytestmark = pytest.mark.django_db
