"""Every example of docs/segments.md is taken, and finds the people that the page says it finds."""

import json
import re
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from account.current import forget_account
from config.environment import BASE_DIR
from contacts.models import ContactField
from events.event_types import forget_event_types
from insights.rfm.refresh import compute
from insights.segments import conditions, people
from insights.segments.loading import load_segment
from insights.segments.people import find_now
from tests.events.building import drain, post
from tests.factories import make_contact, make_order

pytestmark = pytest.mark.django_db
PAGE = (BASE_DIR / "docs" / "segments.md").read_text()
EXAMPLES = [json.loads(text) for text in re.findall(r"```json\n(.+?)\n```", PAGE, re.DOTALL)]


@pytest.fixture(autouse=True)
def _empty_caches():
    for forget in (forget_account, forget_event_types):
        forget()
    yield
    forget_account()


def ordered(contact, days: float = 1, **columns):
    values = {"date": timezone.now() - timedelta(days=days), "contact": contact, **columns}
    return make_order(f"{contact.pk} {days} {columns}"[:255], **values)


def found_by(example: int) -> list[int]:
    node = load_segment(EXAMPLES[example])
    assert not isinstance(node, list), node
    return sorted(find_now(node).sample)


def test_who_bought_the_item_within_a_week_and_has_not_got_it_yet():
    waits, has_it, cancelled, earlier = (make_contact() for _ in range(4))
    ordered(waits, items=[{}])
    ordered(has_it, items=[{}], status="DELIVERED")
    ordered(cancelled, items=[{}], status="CANCELLED")
    ordered(earlier, days=9, items=[{}])
    assert found_by(0) == [waits.pk]


def test_who_spent_enough_in_may_in_two_orders():
    enough, one_order, other_currency, in_june = (make_contact() for _ in range(4))
    may = {"date": datetime(2026, 5, 31, 20, 59, tzinfo=UTC), "status": "DELIVERED"}  # 23:59 in Kyiv
    for number, (contact, total, columns) in enumerate(
        [
            (enough, "500.00", may),
            (enough, "500", may),
            (one_order, "5000", may),
            (other_currency, "900", may),
            (other_currency, "900", {**may, "currency": "EUR"}),
            (in_june, "900", may),
            (in_june, "900", {**may, "date": datetime(2026, 5, 31, 21, 0, tzinfo=UTC)}),
        ]
    ):
        make_order(str(number), contact=contact, total=total, **columns)
    assert found_by(1) == [enough.pk]


def test_who_bought_shoes_and_nothing_lately():
    long_ago, lately, hats = (make_contact() for _ in range(3))
    for contact, category in ((long_ago, "shoes"), (lately, "shoes"), (hats, "hats")):
        ordered(contact, days=200, items=[{"custom_fields": {"category": category}}])
    ordered(lately)
    assert found_by(2) == [long_ago.pk]


def test_who_looked_at_something_dear_three_times():
    often, seldom = make_contact(external_customer_id="C1"), make_contact(external_customer_id="C2")
    for price in ("500.01", 501, 10_000):
        post("productViewed", {"externalCustomerId": "C1", "price": price})
    for price in (500, 600, "700 UAH", None, 800):
        post("productViewed", {"externalCustomerId": "C2", "price": price})
    drain()
    assert seldom.pk != often.pk
    assert found_by(3) == [often.pk]


def test_who_lives_there_is_in_the_group_and_has_an_address():
    ContactField.objects.create(id=1, key="city", name="City")
    whole = {"email": "olha@example.com", "groups": ["VIP"], "fields": {"city": "Lviv"}}
    wanted = make_contact(**whole)
    make_contact(**{**whole, "email": ""})
    make_contact(**{**whole, "email": "a@example.com", "groups": []})
    make_contact(**{**whole, "email": "b@example.com", "fields": {"city": "Odesa"}})
    make_contact(**{**whole, "email": "c@example.com", "is_deleted": True})
    assert found_by(4) == [wanted.pk]


def test_who_is_a_champion():
    contact = make_contact()
    ordered(contact, status="DELIVERED")
    compute(timezone.localdate())
    assert found_by(5) == []  # the only customer is as rare as the rarest: new_customers
    EXAMPLES[5]["rfm"]["segment"].append("new_customers")
    try:
        assert found_by(5) == [contact.pk]
    finally:
        EXAMPLES[5]["rfm"]["segment"].pop()


def test_the_limits_that_the_page_tells_are_those_of_the_code():
    assert len(EXAMPLES) == 6
    for text in (
        f"at most {conditions.MAX_DEPTH} deep",
        f"at most {conditions.MAX_CONDITIONS} conditions",
        f"at most {conditions.MAX_VALUES} values",
        f"at most {conditions.MAX_TEXT} characters",
        f"at most {conditions.MAX_EVENT_DAYS} days",
        f"stops at {people.MOST_COUNTED:,}",
    ):
        assert text in PAGE
