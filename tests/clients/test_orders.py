"""Add orders, and reading them back."""

from datetime import UTC, datetime
from decimal import Decimal
from uuid import uuid4

import pytest
from orderloom_client import NotFoundError

from tests.clients.faulty import Fault


def order(order_id: str, **members: object) -> dict[str, object]:
    return {
        "externalOrderId": order_id,
        "externalCustomerId": f"C-{order_id}",
        "totalCost": Decimal("19.90"),
        "status": "DELIVERED",
        "date": datetime(2026, 5, 14, 10, 11, tzinfo=UTC),
        "currency": "UAH",
        **members,
    }


def test_more_orders_than_a_request_takes_have_their_results_in_order(client, stack):
    shop = uuid4().hex
    results = client.add_orders(order(f"{shop}-{number}") for number in range(1_003))
    assert [result.index for result in results] == list(range(1_003))
    assert [result.external_order_id for result in results] == [f"{shop}-{number}" for number in range(1_003)]
    assert {result.outcome for result in results} == {"applied"}
    stored = stack.query(
        "SELECT external_order_id, id, contact_id FROM orders_order WHERE external_order_id LIKE %s", [f"{shop}-%"]
    )
    assert {(result.external_order_id, result.order_id, result.contact_id) for result in results} == set(stored)


def test_an_order_that_cannot_be_taken_has_its_problems_in_its_place(client):
    shop = uuid4().hex
    first, second, third = client.add_orders(
        [order(f"{shop}-1"), order(f"{shop}-2", status="Shipped"), order(f"{shop}-3")]
    )
    assert (first.outcome, third.outcome) == ("applied", "applied")
    assert (second.outcome, second.order_id) == (None, None)
    assert [(problem.pointer, problem.code) for problem in second.problems] == [("/status", "invalid_parameter")]


def test_orders_whose_answer_is_lost_are_added_once(shaky, proxy, stack):
    shop = uuid4().hex
    proxy.faults.append(Fault.CUT_ANSWER)
    results = shaky.add_orders([order(f"{shop}-1"), order(f"{shop}-2")])
    assert not proxy.faults
    assert [result.outcome for result in results] == ["applied", "applied"]
    assert stack.query("SELECT count(*) FROM events_event WHERE order_key LIKE %s", [f"{shop}-%"]) == [(2,)]


def test_orders_are_read_back_with_their_digits(client):
    shop = uuid4().hex
    [added, _] = client.add_orders([order(shop, discount=Decimal("0.05")), order(f"{shop}-2")])
    read = client.get_order(added.order_id)
    assert (read["totalCost"], read["discount"], read["currency"]) == ("19.90", "0.05", "UAH")
    assert [one["orderId"] for one in client.get_orders(externalOrderId=shop, status=["DELIVERED"])] == [added.order_id]
    with pytest.raises(NotFoundError):
        client.get_order(2**62)
