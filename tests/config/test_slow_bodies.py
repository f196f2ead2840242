"""Senders that do not send are cut off, and nobody else is: as numbers, and on the server as it is shipped."""

import socket
from contextlib import ExitStack

import pytest

from config.slow_bodies import BODY_SECONDS, LEAST_BYTES_PER_SECOND, SLOW_SECONDS, Connection, Read, choose
from tests.acceptance.stack import wait_until
from tests.http.raw import BODY, request, send

THREADS = 16
NOW = 1000.0


def reads(count: int, seconds: float, address: str = "evil") -> list[Read]:
    return [Read(NOW - seconds, address)] * count


def connections(count: int, seconds: float = 0.0, address: str = "evil", start: int = 0, **bytes_so_far):
    known = {"sent": 0, "received": 500, **bytes_so_far}
    return {start + inode: Connection(address, at=NOW - seconds, **known) for inode in range(count)}


def chosen(under_way, first, current) -> set[int]:
    return choose(under_way, first, current, NOW, THREADS)[0]


def test_half_of_the_threads_may_be_held_for_a_while():
    assert chosen(reads(8, 20), connections(8, 20), connections(8)) == set()


def test_more_than_half_of_them_are_cut_off_after_two_seconds():
    assert chosen(reads(9, SLOW_SECONDS), connections(9, SLOW_SECONDS), connections(9)) == set(range(9))
    assert chosen(reads(9, 1.9), connections(9, 1.9), connections(9)) == set()


def test_other_addresses_and_connections_that_are_used_go_on():
    first = connections(9, 3) | connections(2, 3, "shop", 100) | connections(1, 3, start=200)
    current = connections(9) | connections(2, 0, "shop", 100) | connections(1, start=200, sent=300, received=800)
    assert chosen([*reads(9, 3), *reads(1, 3, "shop")], first, current) == set(range(9))


def test_a_large_body_that_comes_is_not_cut_off_even_in_a_crowd():
    assert chosen(reads(16, 3), connections(16, 3), connections(16, received=500 + 3 * 64_000)) == set()


def test_a_single_body_that_does_not_come_is_cut_off_in_the_end():
    first = connections(1, BODY_SECONDS - 1)
    trickle = int(500 + (BODY_SECONDS - 1) * (LEAST_BYTES_PER_SECOND - 1))
    assert chosen(reads(1, BODY_SECONDS), first, connections(1, received=trickle)) == {0}
    assert chosen(reads(1, BODY_SECONDS), first, connections(1, received=trickle + 200_000)) == set()
    assert chosen(reads(1, BODY_SECONDS - 0.1), first, connections(1, received=trickle)) == set()


def test_a_connection_that_was_closed_and_opened_again_is_another():
    assert chosen(reads(9, 5), connections(9, 5, "shop"), connections(9)) == set()


@pytest.mark.parametrize("target", ["/api/v1/event", "/admin/login/"], ids=["with a key", "without one"])
def test_as_many_slow_senders_as_there_are_threads_do_not_stop_the_intake(running, target):
    stack = running
    key = stack.create_source("shop")
    head = [f"Authorization: Bearer {key}", "Content-Type: application/json"]
    if target == "/admin/login/":
        head = ["Content-Type: application/x-www-form-urlencoded", "Cookie: csrftoken=" + "a" * 32]
    unfinished = request("POST", target, [*head, "Content-Length: 1000"]) + b"{"
    shop = request(headers=[f"Authorization: Bearer {key}", "Content-Type: application/json"], body=BODY)
    told = stack.output().count("bodies.cut_off")
    with ExitStack() as opened:
        slow = [opened.enter_context(socket.create_connection(("127.0.0.1", stack.port), 20)) for _ in range(THREADS)]
        for each in slow:
            each.sendall(unfinished)
        wait_until(lambda: stack.output().count("bodies.cut_off") > told, what="the slow senders are cut off")
        assert send(stack.port, shop).status == 200
        for each in slow:
            each.settimeout(20)
            assert b" 200 " not in each.recv(100)  # the end of the connection, or a refusal
    assert send(stack.port, shop).status == 200
