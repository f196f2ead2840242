"""Promise 1: a 2xx is sent only after the event is durable; killing any part loses no accepted event."""

import pytest

from tests.acceptance.load import Load, assert_promises_hold, prepare
from tests.acceptance.stack import Stack

WORKERS = 2


def test_killing_the_web_process_under_load_loses_no_accepted_event(stack, key):
    with Load(stack, key) as load:
        for _ in range(3):
            load.wait_for(60)
            stack.kill("web")
        load.wait_for(60)
    assert_promises_hold(stack, load.accepted)


def test_killing_workers_under_load_loses_no_accepted_event(stack, key):
    with Load(stack, key) as load:
        for index in (0, 1, 0):
            load.wait_for(60)
            stack.wait_until_running("worker", WORKERS)
            stack.kill("worker", index)
        load.wait_for(60)
    assert_promises_hold(stack, load.accepted)


def test_a_broker_that_stops_is_emptied_and_comes_back_loses_no_event_and_fails_no_request(stack, key):
    with Load(stack, key) as load:
        load.wait_for(60)
        stack.redis.flush()
        load.wait_for(60)
        stack.redis.stop()
        load.wait_for(200)  # without any broker events are taken all the same
        stack.redis.start()
        load.wait_for(60)
    assert_promises_hold(stack, load.accepted)


def test_a_broker_that_hangs_does_not_hold_up_the_intake(stack, key):
    with Load(stack, key) as load:
        load.wait_for(60)
        stack.redis.freeze()
        load.wait_for(200)
        stack.redis.thaw()
        load.wait_for(60)
    assert_promises_hold(stack, load.accepted)


@pytest.mark.parametrize("how", ["restart", "crash"])
def test_a_database_that_goes_and_comes_back_under_load_loses_no_accepted_event(stack, key, how):
    with Load(stack, key) as load:
        load.wait_for(100)
        if how == "restart":
            stack.postgres.restart()
        else:
            stack.postgres.kill()
            stack.postgres.start()
        load.wait_for(100)
    assert_promises_hold(stack, load.accepted)


def test_a_power_cut_of_the_embedded_stack_loses_no_accepted_event_and_needs_no_manual_step(tmp_path):
    with Stack(tmp_path, embedded=True) as stack:
        key = prepare(stack)
        with Load(stack, key) as load:
            load.wait_for(100)
            stack.kill_everything()
            stack.start()
            load.wait_for(100)
        assert_promises_hold(stack, load.accepted)
