"""Promise 2: each event changes its order at most once and in the order of acceptance, whatever the workers do."""

from decimal import Decimal

import redis

from tests.acceptance.load import Load, assert_promises_hold, created, delivered, updated

WORKERS = 4


def test_four_workers_on_few_orders_apply_every_event_once_and_in_order(stack, key):
    with Load(stack, key, senders=3, orders_each=1) as load:
        load.wait_for(600)
    assert_promises_hold(stack, load.accepted)


def test_a_bulk_of_many_steps_of_one_order_is_applied_in_the_order_given(stack, key):
    steps = [created("1001"), *(updated("1001", totalCost=str(step)) for step in range(1, 900)), delivered("1001")]
    with stack.client(key) as client:
        answer = client.post("/api/v1/events", json={"events": steps})
        assert (answer.status_code, answer.json()["accepted"]) == (200, 901)
        stack.wait_until_nothing_waits()
        [order] = client.get("/api/v1/orders", params={"externalOrderId": "1001"}).json()["results"]
    assert (order["status"], order["totalCost"]) == ("DELIVERED", "899.00")
    history = stack.query(
        "SELECT c.fields->'totalCost'->>'to' FROM orders_orderchange c JOIN orders_order o ON o.id = c.order_id"
        " WHERE o.external_order_id = '1001' AND c.fields ? 'totalCost' ORDER BY c.id"
    )
    assert [int(Decimal(total)) for (total,) in history] == list(range(900))
    assert stack.verify_ledger() == ""


def test_duplicate_wake_ups_change_nothing(stack, key):
    broker = redis.Redis(port=stack.redis.port)
    with Load(stack, key, senders=3, orders_each=1) as load:
        load.wait_for(50)
        doubled = 0
        while doubled < 300:
            # A copy of a real wake-up, put back as often as it goes.
            message = broker.blpop(["orderloom"], timeout=10)
            assert message is not None
            broker.rpush("orderloom", *[message[1]] * 20)
            doubled += 20
    assert_promises_hold(stack, load.accepted)


def test_a_worker_that_freezes_in_mid_batch_is_not_overtaken(stack, key):
    """It holds its lanes while it hangs: the others leave them alone, and its events are applied once all the same."""
    with Load(stack, key, senders=4, orders_each=4) as load:
        load.wait_for(100)
        frozen = stack.freeze("worker")
        load.wait_for(100)
        stack.thaw(frozen)
        load.wait_for(50)
    assert_promises_hold(stack, load.accepted)
