"""The log can rebuild the ledger: verify_ledger finds every order that its events do not explain."""

import pytest
from django.core.management import CommandError, call_command

from account.models import Account
from contacts.models import Contact, Identifier
from orders.models import Order, OrderItem
from tests.events.building import ITEM, created, drain, post

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def shop() -> None:
    contact = Contact.objects.create()
    Identifier.objects.create(contact=contact, kind_id="externalCustomerId", value="C1", normalized="C1")
    created("1001", items=[ITEM], giftWrap={"paper": "red", "price": 1.50})
    created("1002", externalCustomerId="nobody")
    post("orderUpdated", {"externalOrderId": "1001", "totalCost": "39.80", "items": [ITEM, ITEM]})
    post("orderDelivered", {"externalOrderId": "1001"}, occurred="2026-05-20")
    created("1003", date="2026-03-29T03:30:00", currency=None)
    drain()


def run(capsys) -> tuple[str, str, bool]:
    try:
        call_command("verify_ledger")
    except CommandError as error:
        return str(error), capsys.readouterr().err, False
    return capsys.readouterr().out.strip(), "", True


def test_orders_that_equal_the_fold_of_their_events_are_clean(shop, capsys):
    # 1002 was ignored: its event never became an order, so there is nothing to compare.
    assert run(capsys) == ("2 orders compared, no differences.", "", True)


def test_settings_that_changed_since_do_not_matter(shop, capsys):
    Account.objects.update(time_zone="America/New_York", default_currency="EUR")
    assert run(capsys)[2]


@pytest.mark.parametrize(
    ("tamper", "said"),
    [
        (lambda: Order.objects.filter(external_order_id="1001").update(total_cost="1"), "order 1001: total_cost is"),
        (lambda: Order.objects.filter(external_order_id="1003").update(status="CANCELLED"), "order 1003: status is"),
        (lambda: OrderItem.objects.filter(position=1).delete(), "order 1001: items is"),
        (lambda: Order.objects.filter(external_order_id="1001").update(external_order_id="9"), "order 9: order is"),
    ],
    ids=["total", "status", "item", "order"],
)
def test_an_order_that_its_events_do_not_explain_is_named_with_the_field(shop, capsys, tamper, said):
    tamper()
    summary, details, clean = run(capsys)
    assert not clean
    assert said in details
    assert "difference" in summary
