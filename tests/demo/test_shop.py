"""The sample shop is the same shop every time, and has everything in it that the demo promises to show."""

import json
from collections import Counter
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from demo.expectations import expect
from demo.record import Channel, Flaw, Naming
from demo.shop import SINGLES, Shop, open_shop

KYIV = ZoneInfo("Europe/Kyiv")
ANCHOR = date(2026, 3, 31)
ORDER_EVENTS = {"orderCreated", "orderUpdated", "orderDelivered", "orderCancelled"}


@pytest.fixture(scope="module")
def shop() -> Shop:
    return open_shop(ANCHOR, KYIV)


def parameters_of(body: bytes) -> dict[str, object]:
    params = json.loads(body, parse_float=Decimal)["params"]
    return params if isinstance(params, dict) else {param["name"]: param["value"] for param in params}


def test_the_same_seed_and_anchor_give_the_same_bytes(shop):
    again = open_shop(ANCHOR, KYIV)
    assert again.contacts == shop.contacts
    assert [message.body for message in again.messages] == [message.body for message in shop.messages]
    assert [message.act for message in again.messages] == [message.act for message in shop.messages]


def test_another_seed_gives_another_shop(shop):
    other = open_shop(ANCHOR, KYIV, seed=7)
    assert [message.body for message in other.messages] != [message.body for message in shop.messages]


@pytest.mark.parametrize("anchor", [date(2024, 2, 29), date(2026, 3, 31), date(2026, 8, 31), date(2027, 1, 1)])
def test_the_shop_covers_eighteen_months_and_nothing_after_them(anchor):
    shop = open_shop(anchor, KYIV)
    placed = [message.act.placed_on for message in shop.messages if message.act.placed_on]
    assert anchor - timedelta(days=552) < shop.first_day < anchor - timedelta(days=545)
    assert shop.first_day <= min(placed) <= shop.first_day + timedelta(days=7)
    assert anchor - timedelta(days=4) <= max(placed) < anchor


def test_no_message_occurred_after_the_midnight_that_begins_the_anchor_day(shop):
    closing_at = datetime(2026, 3, 31, tzinfo=KYIV)
    occurred = [message.act.occurred for message in shop.messages if message.act.occurred]
    assert len(occurred) > 4_000
    assert max(occurred) < closing_at


def test_there_are_thousands_of_messages_and_some_hundred_contacts_with_identifiers_of_their_own(shop):
    values = [contact["externalCustomerId"] for contact in shop.contacts]
    values += [channel["value"].lower() for contact in shop.contacts for channel in contact["channels"]]
    assert len(shop.messages) >= 5_500
    assert len(shop.contacts) == 360
    assert len(values) == len(set(values))


def test_each_source_posts_its_part_in_one_stretch_and_the_newest_go_one_by_one(shop):
    channels = [message.act.channel for message in shop.messages]
    stretches = [channel for place, channel in enumerate(channels) if place == 0 or channels[place - 1] != channel]
    assert stretches == [Channel.ARCHIVE, Channel.APP, Channel.WEBSITE]
    versions = [message.api_version for message in shop.messages]
    assert set(versions[:-SINGLES]) == {0}
    assert Counter(versions[-SINGLES:]) == {1: 16, 2: 16, 3: 16}


def test_all_statuses_both_currencies_and_every_reason_are_in_the_shop(shop):
    expected = expect(message.act for message in shop.messages)
    assert Counter(order.status for order in expected.orders.values()).keys() == {
        "INITIALIZED",
        "IN_PROGRESS",
        "DELIVERED",
        "CANCELLED",
        "ABANDONED_SHOPPING_CART",
    }
    assert {currency for _, currency in expected.revenue} == {"UAH", "EUR"}
    assert {reason for _, reason in expected.by_fate} == {
        "",
        "missing_parameter",
        "invalid_parameter",
        "order_exists",
        "order_not_found",
        "stale",
        "contact_identifier_missing",
        "contact_not_found",
    }
    assert expected.conflicts > 5
    assert expected.mismatched_orders > 20
    assert len(expected.sdk_initialized) > 2


def test_only_the_app_calls_the_e_mail_client_mail_and_only_in_one_release(shop):
    renamed = [message for message in shop.messages if "clientMail" in parameters_of(message.body)]
    orders = [message for message in renamed if message.act.order]
    assert len(orders) > 20
    assert {message.act.channel for message in renamed} == {Channel.APP}
    assert {message.act.names for message in renamed} == {Naming.UNREADABLE}
    assert all(date(2026, 1, 15) <= message.act.placed_on <= date(2026, 2, 19) for message in orders)


def test_phones_are_typed_in_local_formats_too(shop):
    phones = [str(parameters_of(message.body).get("phone", "")) for message in shop.messages]
    assert sum(phone.startswith("(0") for phone in phones) > 50
    assert sum(phone.startswith("050 ") for phone in phones) > 50
    assert sum(phone.startswith("+380") for phone in phones) > 50


def test_the_notes_say_what_the_messages_say(shop):
    for message in shop.messages:
        act, parameters = message.act, parameters_of(message.body)
        assert json.loads(message.body)["eventTypeKey"] == act.event
        assert (act.event in ORDER_EVENTS) == bool(act.order)
        if act.order and act.flaw is Flaw.NONE:
            assert str(parameters["externalOrderId"]) == act.order
            assert parameters.get("status") == act.status
            assert parameters.get("totalCost") is None or Decimal(str(parameters["totalCost"])) == act.total


def test_the_items_add_up_where_the_notes_say_so(shop):
    checked = Counter()
    for message in shop.messages:
        parameters = parameters_of(message.body)
        if message.act.flaw is not Flaw.NONE or message.act.adds_up is None:
            continue
        items = parameters["items"]
        items = json.loads(items) if isinstance(items, str) else items
        goods = sum(Decimal(str(item["cost"])) * item["quantity"] for item in items)
        extras = Decimal(parameters.get("shipping", 0)) - Decimal(parameters.get("discount", 0))
        assert (goods + extras == message.act.total) == message.act.adds_up
        checked[message.act.adds_up] += 1
    assert checked[True] > 1_500
    assert checked[False] > 30
