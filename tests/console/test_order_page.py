"""The page of one order: what it is, how it became so, and every event behind it, the ignored ones too."""

import html
import json
import re
from decimal import Decimal

import pytest
from django.urls import reverse

from contract.reasons import WARNING_SENTENCES, WarningCode
from orders.models import Order
from tests.console.reading import links, markup, page_text, table_rows
from tests.events.building import ITEM, created, drain, post
from tests.factories import make_contact, make_order

HOSTILE = "</pre><script>alert(1)</script>{{ 7|add:7 }}\u202e"


@pytest.fixture
def contact():
    return make_contact(external_customer_id="C1", first_name="Olha", last_name="Koval")


def page_of(admin, order: Order):
    return admin.get(reverse("admin:orders_order_change", args=[order.pk]))


def test_the_page_tells_the_whole_order(admin, contact):
    created("1001", items=[{**ITEM, "quantity": "2.500", "colour": "red"}], giftWrap=True, phone="0501234567")
    drain()
    response = page_of(admin, Order.objects.get())
    words = page_text(response)
    assert "1001 INITIALIZED 14 May 2026, 10:11 Olha Koval 19.90 UAH" in words
    assert "Phone 0501234567" in words
    assert "giftWrap true" in words
    [item] = table_rows(response)
    assert item[0] == "200600"
    assert item[1] == "Super Device 1 custom field colour red"
    assert item[2:4] == ["2.500", "19.90 UAH"]
    assert links(response, ITEM["url"]) == [ITEM["url"]]


def test_each_change_stands_with_its_event_newest_first(admin, contact):
    first = created("1001", items=[ITEM])
    second = post("orderDelivered", {"externalOrderId": "1001"})
    drain()
    response = page_of(admin, Order.objects.get())
    words = page_text(response)
    assert words.index(f"orderDelivered {second} from shop") < words.index(f"orderCreated {first} from shop")
    assert "status INITIALIZED → DELIVERED" in words
    assert "items 1 item [" in words
    assert links(response, f"orderDelivered {second}") == [reverse("admin:events_event_change", args=[second])]


def test_the_events_behind_it_are_all_there_those_that_were_ignored_with_their_reason(admin, contact):
    first = created("1001")
    repeated = created("1001")
    wrong = post("orderUpdated", {"externalOrderId": "1001", "totalCost": "much"})
    drain()
    waiting = post("orderDelivered", {"externalOrderId": "1001"})
    created("1002")
    response = page_of(admin, Order.objects.get(external_order_id="1001"))
    events = [row[:3] for row in table_rows(response, -1)]
    assert events == [
        [str(waiting), "orderDelivered", "waiting"],
        [str(wrong), "orderUpdated", "ignored invalid_parameter"],
        [str(repeated), "orderCreated", "ignored order_exists"],
        [str(first), "orderCreated", "applied"],
    ]


def test_a_warning_is_explained(admin, contact):
    created("1001", items=[ITEM], totalCost="100.00")
    drain()
    words = page_text(page_of(admin, Order.objects.get()))
    assert f"total_mismatch {WARNING_SENTENCES[WarningCode.TOTAL_MISMATCH]}" in words
    assert "19.90" in words


def test_the_page_takes_a_fixed_number_of_queries(admin, contact, django_assert_num_queries):
    created("1001", items=[ITEM])
    drain()
    order = Order.objects.get()
    page_of(admin, order)
    # The session, its user, the navigation, the order with its contact, items, changes, their events, those behind it.
    with django_assert_num_queries(8):
        page_of(admin, order)
    for number in range(10):
        post("orderUpdated", {"externalOrderId": "1001", "totalCost": f"{number}.00", "items": [ITEM] * number})
    drain()
    with django_assert_num_queries(8):
        page_of(admin, order)


def test_a_picture_of_an_item_is_shown_when_it_is_safe_to_fetch(admin):
    addresses = [
        "https://shop.example/1.png",
        "http://shop.example/2.png",
        "javascript:alert(3)",
        'https://shop.example/"onerror="alert(4)',
    ]
    order = make_order(items=[{"image_url": address, "external_item_id": address[-5:]} for address in addresses])
    body = markup(page_of(admin, order))
    assert re.findall(r'<img class="ol-picture" src="([^"]*)"', body) == [
        "https://shop.example/1.png",
        "https://shop.example/&quot;onerror=&quot;alert(4)",
    ]
    assert body.count('loading="lazy" decoding="async" referrerpolicy="no-referrer"') == 2


def test_the_order_stands_there_as_the_api_gives_it(admin):
    order = make_order("1001", items=[{"quantity": Decimal("2.50")}], custom_fields={"a": "<b>"})
    shown = re.search(r'<pre class="ol-json"[^>]*>(.*?)</pre>', markup(page_of(admin, order)), re.DOTALL)
    assert shown is not None
    assert json.loads(html.unescape(shown[1])) == admin.get(f"/api/v1/orders/{order.pk}").json()


def test_only_web_addresses_become_links(admin):
    order = make_order(
        restore_url="javascript:alert(1)",
        custom_fields={"site": "HTTPS://shop.example/a?b=1&c=2", "mail": "mailto:a@b.c", "data": "data:text/html,x"},
        items=[{"url": "javascript:alert(2)", "image_url": " https://shop.example/x.png"}],
    )
    response = page_of(admin, order)
    assert links(response, "HTTPS://shop.example/a?b=1&c=2") == ["HTTPS://shop.example/a?b=1&c=2"]
    assert 'rel="noopener noreferrer"' in markup(response)
    for text in ("javascript:alert(1)", "javascript:alert(2)", "mailto:a@b.c", "data:text/html,x"):
        assert text in page_text(response)
        assert links(response, text) == []


def test_whatever_was_sent_is_shown_and_does_nothing(admin, contact):
    created(
        f"<b>{HOSTILE}",
        items=[{**ITEM, "name": HOSTILE, HOSTILE: HOSTILE, "url": f'https://x.example/"{HOSTILE}'}],
        firstName=HOSTILE,
        **{HOSTILE: {"items": HOSTILE}},
    )
    drain()
    body = markup(page_of(admin, Order.objects.get()))
    assert "<script>alert(1)" not in body
    assert "<b></pre>" not in body
    assert "{{ 7|add:7 }}" in body
    assert "14\u202e" not in body


def test_a_very_long_text_does_not_break_the_page(admin):
    order = make_order(custom_fields={"long": "x" * 100_000}, status_description="y" * 2000)
    assert "x" * 100_000 in markup(page_of(admin, order))


def test_an_order_of_nobody_and_of_no_event_says_so(admin):
    words = page_text(page_of(admin, make_order()))
    for expected in (
        "no contact",
        "No items",
        "No changes recorded",
        "No events",
        "Every parameter that is not a field",
    ):
        assert expected in words
