"""Orders that change while an answer is put together: all of its figures are of one moment."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from django.test import Client

from account.current import forget_account
from events.keys import forget_keys
from orders import customer_counts, revenue_api, summaries
from orders.admin import revenue as revenue_page
from tests.callers import bearer, make_key
from tests.console.reading import page_text, table_rows
from tests.contacts.staging import in_thread
from tests.factories import make_contact, make_order

pytestmark = pytest.mark.django_db(transaction=True)
MAY_14 = datetime(2026, 5, 14, 9, tzinfo=UTC)
ITEM = {"quantity": 1, "cost": "10.00", "custom_fields": {"category": "shoes"}}
MAY = {"from": "2026-05-01", "to": "2026-05-31", "by": "month"}


@pytest.fixture(autouse=True)
def _built():
    forget_account()
    forget_keys()
    summaries.rebuild_all()
    customer_counts.rebuild(counts_all=True)
    yield
    forget_account()


def sell(number: str) -> None:
    order = make_order(
        number, total="10.00", status="DELIVERED", date=MAY_14, contact=make_contact(), items=[ITEM], source="web"
    )
    summaries.leave_marks([(order.date, order.currency)])
    customer_counts.leave_marks([(order.pk, None, order.pk, None)])


def after_a_sale(load: Callable) -> Callable:
    """The function, called when another connection has just delivered and committed an order."""

    def load_late(*arguments, **named):
        in_thread(lambda: sell("late"))
        return load(*arguments, **named)

    return load_late


@pytest.mark.parametrize("split", ["source", "store", "category"])
def test_the_parts_of_an_answer_add_up_to_its_revenue_though_an_order_is_delivered_in_between(split, monkeypatch):
    sell("1")
    monkeypatch.setattr(revenue_api, "load_parts", after_a_sale(revenue_api.load_parts))
    answer = Client(headers=bearer(make_key())).get("/api/v1/revenue", {**MAY, "split": split}).json()
    assert [row["revenue"] for row in answer["results"]] == ["10.00"]
    assert [part["revenue"] for part in answer["parts"]] == ["10.00"]


def test_the_page_tells_nothing_as_in_no_item_that_only_came_in_between(admin_client, monkeypatch):
    sell("1")
    monkeypatch.setattr(revenue_page, "load_parts", after_a_sale(revenue_page.load_parts))
    query = {"date_from": "2026-05-01", "date_to": "2026-05-31", "by": "month", "split": "category"}
    response = admin_client.get("/admin/revenue/", query)
    shoes, in_no_item = table_rows(response)
    assert (shoes[:2], in_no_item[1]) == (["shoes", "10.00 UAH"], "0.00 UAH")
    assert "INITIALIZED orders of the mobile SDK are in none of them" in page_text(response)
