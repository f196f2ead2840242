"""However often the demo is interrupted, every message is posted once and in its place."""

import json

import pytest

from demo.memory import Memory
from demo.posting import CHUNK_SIZE, Poster, steps_of
from demo.record import Act, Channel
from demo.shop import Message, Shop
from demo.trouble import DemoError
from tests.demo.fake_api import SOURCES, FakeApi

ARCHIVED, BULK, SINGLE = 2 * CHUNK_SIZE + 3, CHUNK_SIZE + 1, 4


def message(number: int, channel: Channel, api_version: int = 0) -> Message:
    body = json.dumps({"eventTypeKey": "noted", "keyValue": str(number), "params": []}).encode()
    return Message(act=Act(channel=channel, event="noted"), body=body, api_version=api_version)


@pytest.fixture
def shop() -> Shop:
    channels = [Channel.ARCHIVE] * ARCHIVED + [Channel.WEBSITE] * (BULK + SINGLE)
    versions = [0] * (ARCHIVED + BULK) + [1, 2, 3, 1]
    messages = [
        message(n, channel, version) for n, (channel, version) in enumerate(zip(channels, versions, strict=True))
    ]
    return Shop(contacts=({"firstName": "Олена"},), messages=tuple(messages), first_day=None, last_day=None)


@pytest.fixture
def memory() -> Memory:
    return Memory(anchor="2026-01-01", time_zone="Europe/Kyiv")


@pytest.fixture
def api() -> FakeApi:
    return FakeApi()


def poster(api: FakeApi, memory: Memory, noted: list | None = None) -> Poster:
    remember = (lambda: None) if noted is None else (lambda: noted.append(len(memory.event_ids)))
    return Poster(client=api.client(), sources=SOURCES, memory=memory, remember=remember)


def posted_numbers(api: FakeApi) -> list[int]:
    return [int(envelope["keyValue"]) for _, envelope in api.events]


def test_everything_is_posted_in_its_order_in_chunks_and_then_singly(shop, memory, api):
    noted = []
    counts = list(poster(api, memory, noted).post_events(steps_of(shop)))
    assert counts == [CHUNK_SIZE, CHUNK_SIZE, 3, CHUNK_SIZE, 1, 1, 1, 1, 1]
    assert posted_numbers(api) == list(range(len(shop.messages)))
    assert noted[-1] == len(shop.messages) == len(memory.event_ids)
    assert [request for request in api.requests if request.startswith("POST")][-4:] == [
        "POST /api/v1/event",
        "POST /api/v2/event",
        "POST /api/v3/event",
        "POST /api/v1/event",
    ]


def test_a_second_run_posts_nothing(shop, memory, api):
    first, again = poster(api, memory), poster(api, memory)
    list(first.post_contacts(shop))
    list(first.post_events(steps_of(shop)))
    api.requests.clear()
    assert list(again.post_contacts(shop)) == []
    assert list(again.post_events(steps_of(shop))) == []
    assert api.requests == []


@pytest.mark.parametrize("done", range(9))
def test_an_interrupted_run_goes_on_where_it_was(shop, memory, api, done):
    running = poster(api, memory).post_events(steps_of(shop))
    for _ in range(done):
        next(running)
    running.close()
    list(poster(api, memory).post_events(steps_of(shop)))
    assert posted_numbers(api) == list(range(len(shop.messages)))


@pytest.mark.parametrize("done", range(9))
def test_a_step_whose_answer_was_not_noted_is_not_posted_again(shop, memory, api, done):
    running = poster(api, memory).post_events(steps_of(shop))
    for _ in range(done + 1):
        next(running)
    running.close()
    forgotten = memory.accepted.pop()
    list(poster(api, memory).post_events(steps_of(shop)))
    assert posted_numbers(api) == list(range(len(shop.messages)))
    assert memory.accepted[done] == forgotten


def test_a_lost_answer_is_asked_for_and_a_refused_connection_is_tried_again(shop, memory, api):
    api.answers_to_lose, api.posts_to_refuse = 1, 2
    list(poster(api, memory).post_events(steps_of(shop)))
    assert posted_numbers(api) == list(range(len(shop.messages)))
    assert memory.event_ids == list(range(1, len(shop.messages) + 1))


def test_a_connection_that_stays_broken_ends_in_a_sentence(shop, memory, api):
    api.posts_to_refuse = 1_000
    with pytest.raises(DemoError, match=r"broke.*5 times"):
        list(poster(api, memory).post_events(steps_of(shop)))
    assert (api.events, memory.accepted) == ([], [])


def test_a_source_that_something_else_posted_to_is_not_posted_to(shop, memory, api):
    api.events.append((SOURCES[Channel.ARCHIVE], {"keyValue": "0"}))
    with pytest.raises(DemoError, match="1 events that the demo does not remember"):
        list(poster(api, memory).post_events(steps_of(shop)))
    assert len(api.events) == 1


def test_contacts_are_imported_once(shop, memory, api):
    assert list(poster(api, memory).post_contacts(shop)) == [1]
    assert api.contacts == [{"firstName": "Олена"}]
    assert memory.contacts_posted
