"""How events are cut into batches, and how often they come, does not matter for the orders they give."""

import json
from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from contract.json_values import encode
from contract.reasons import Reason, Status
from orders.rules import DELETION_TYPE, OrderEvent, decide
from orders.state import ItemState, OrderState
from tests.orders.building import FOUND, ORDER, make_event
from tests.strategies import ORDER_IDS, order_events

type Orders = dict[str, OrderState]
type Events = list[tuple[str, OrderEvent]]


def fold(events: Iterable[tuple[str, OrderEvent]], orders: Orders) -> Orders:
    result = dict(orders)
    for order_id, event in events:
        decision = decide(event, result.get(order_id))
        if decision.order is not None:
            result[order_id] = decision.order
        elif decision.deletes_order:
            del result[order_id]
    return result


def stored_and_loaded(orders: Orders) -> Orders:
    """The orders as they come back from the database, whose JSON has no exponents and gives int or Decimal."""
    return {order_id: replace(_reloaded(order), items=tuple(map(_reloaded, order.items)))
            for order_id, order in orders.items()}  # fmt: skip


def _reloaded[State: (OrderState, ItemState)](state: State) -> State:
    return replace(state, custom_fields=json.loads(encode(state.custom_fields), parse_float=Decimal))


@given(events=st.lists(order_events(), max_size=12), cuts=st.sets(st.integers(1, 11)))
def test_batches_of_any_size_give_the_same_orders(events: Events, cuts):
    at_once = fold(events, {})
    in_batches: Orders = {}
    bounds = [0, *sorted(cuts), len(events)]
    for start, end in pairwise(bounds):
        in_batches = stored_and_loaded(fold(events[start:end], in_batches))
    # repr, because == does not see digits, nor true apart from 1.
    assert {key: repr(order) for key, order in in_batches.items()} == {
        key: repr(order) for key, order in stored_and_loaded(at_once).items()
    }


@given(order_events(with_occurred=False))
def test_an_order_is_stored_as_it_was_decided(id_and_event):
    orders = fold([id_and_event], {})
    assert repr(stored_and_loaded(orders)) == repr(orders)


def creations() -> Events:
    return [(order_id, make_event("orderCreated", {**ORDER, "externalOrderId": order_id})) for order_id in ORDER_IDS]


@given(events=st.lists(order_events(with_occurred=False), max_size=8), times=st.integers(2, 3))
def test_the_whole_list_delivered_again_gives_the_same_orders(events: Events, times):
    same_moment = [(order_id, replace(event, received_at=FIRST_MOMENT)) for order_id, event in creations() + events]
    assert fold(same_moment * times, {}) == fold(same_moment, {})


FIRST_MOMENT = creations()[0][1].received_at


@given(events=st.lists(order_events(with_deletions=False), max_size=8), data=st.data())
def test_order_created_delivered_again_anywhere_changes_no_order(events: Events, data):
    created = creations()
    once = created + events
    repeated = list(once)
    for _ in range(3):
        repeated.insert(data.draw(st.integers(len(created), len(repeated))), data.draw(st.sampled_from(created)))
    assert repr(fold(repeated, {})) == repr(fold(once, {}))


@given(events=st.lists(order_events(), max_size=8), data=st.data())
def test_events_of_other_orders_in_between_make_no_difference(events: Events, data):
    apart = [[pair for pair in events if pair[0] == order_id] for order_id in ORDER_IDS]
    interleaved: Events = []
    queues = [list(queue) for queue in apart]
    while any(queues):
        queue = data.draw(st.sampled_from([queue for queue in queues if queue]))
        interleaved.append(queue.pop(0))
    one_after_the_other = apart[0] + apart[1]
    assert sorted(map(repr, fold(interleaved, {}).items())) == sorted(map(repr, fold(one_after_the_other, {}).items()))


@given(st.lists(order_events(), max_size=8))
def test_every_change_leads_from_what_the_history_said_last(events: Events):
    """The rows of a history follow each other without a gap, field by field."""
    orders: Orders = {}
    told: dict[tuple[str, str], object] = {}
    for order_id, event in events:
        decision = decide(event, orders.get(order_id))
        if decision.deletes_order:  # its history goes with it
            del orders[order_id]
            told = {place: value for place, value in told.items() if place[0] != order_id}
        elif decision.order is None and event.event_type_key != DELETION_TYPE:
            assert decision.status is Status.IGNORED
            assert decision.problems
        if decision.order is None:
            continue
        orders[order_id] = decision.order
        for name, change in decision.changes.items():
            if name not in {"customFields", "items", "totalCost", "shipping"}:  # shown in the currency of their moment
                assert change["from"] == told.get((order_id, name))
            told[order_id, name] = change["to"]


@given(order_events(), st.sampled_from([Reason.ORDER_EXISTS]))
def test_a_decision_is_a_function_of_its_event_and_order(id_and_event, reason):
    order_id, event = id_and_event
    order = decide(make_event("orderCreated", {**ORDER, "externalOrderId": order_id}, match=FOUND), None).order
    assert decide(event, order) == decide(event, order)
    assert (decide(event, order).reason is reason) <= (event.event_type_key == "orderCreated")
