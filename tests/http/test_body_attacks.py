"""Bodies made to hurt: what they cost is counted in bytes and calls, and each gets its answer."""

import gzip
import json
import tracemalloc
import zlib

import pytest
from django.test import RequestFactory

from contract import http
from contract.http import MAX_GZIP_MEMBERS, read_body
from contract.problems import ApiError
from events.bulk import MAX_BULK_BYTES
from events.envelope import MAX_EVENT_BYTES
from tests.events.building import ITEM, order_params
from tests.factories import make_contact

MEGABYTE = 1_048_576
EMPTY_MEMBER = gzip.compress(b"")


def gzipped(body: bytes):
    return RequestFactory().generic("POST", "/", body, "application/json", HTTP_CONTENT_ENCODING="gzip")


def refusal_of(body: bytes, limit: int) -> tuple[int, str]:
    with pytest.raises(ApiError) as refusal:
        read_body(gzipped(body), limit)
    return refusal.value.status, refusal.value.detail


make_member = zlib.decompressobj


class Pieces:
    """Counts the bytes that zlib is given, which is what it may copy."""

    def __init__(self):
        self.given = self.members = 0

    def decompressobj(self, *arguments):
        inner, outer = make_member(*arguments), self
        outer.members += 1

        class Member:
            eof = property(lambda _: inner.eof)
            unused_data = property(lambda _: inner.unused_data)

            def decompress(self, data, limit):
                outer.given += len(data)
                return inner.decompress(data, limit)

        return Member()


@pytest.fixture
def pieces(monkeypatch):
    counted = Pieces()
    monkeypatch.setattr(http.zlib, "decompressobj", counted.decompressobj)
    return counted


def peak_of(action) -> int:
    tracemalloc.start()
    action()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak


def test_a_bomb_of_200_megabytes_is_stopped_at_the_limit():
    block = zlib.compressobj(wbits=31)
    bomb = b"".join(block.compress(bytes(MEGABYTE)) for _ in range(200)) + block.flush()
    assert len(bomb) < MEGABYTE // 4
    assert refusal_of(bomb, 8 * MEGABYTE)[0] == 413
    assert peak_of(lambda: refusal_of(bomb, 8 * MEGABYTE)) < 20 * MEGABYTE


def test_a_bomb_in_a_bomb_is_unpacked_once(client):
    inner = gzip.compress(bytes(50 * MEGABYTE))
    assert read_body(gzipped(gzip.compress(inner)), MEGABYTE) == inner
    assert peak_of(lambda: read_body(gzipped(gzip.compress(inner)), MEGABYTE)) < 2 * MEGABYTE
    answer = client.generic(
        "POST", "/api/v1/event", gzip.compress(inner), "application/json", headers={"Content-Encoding": "gzip"}
    )
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "not_utf8")


def test_half_a_million_empty_members_are_refused_after_a_thousand(pieces):
    """Each member would have copied all that follow it: 1.6 terabytes for 8 MB."""
    body = EMPTY_MEMBER * (8 * MEGABYTE // len(EMPTY_MEMBER))
    status, detail = refusal_of(body, 8 * MEGABYTE)
    assert (status, detail) == (400, "The gzip body has more than 1,000 members; send it as one.")
    assert pieces.members == MAX_GZIP_MEMBERS
    assert pieces.given <= MAX_GZIP_MEMBERS * http.GZIP_PIECE


def test_a_thousand_members_are_taken(pieces):
    body = b"".join(gzip.compress(b"%d" % (number % 10)) for number in range(MAX_GZIP_MEMBERS))
    assert read_body(gzipped(body), MEGABYTE) == b"0123456789" * 100


def test_what_cannot_be_compressed_is_read_once(pieces):
    noise = b"".join(zlib.crc32(b"%d" % number).to_bytes(4, "big") for number in range(200_000))
    body = gzip.compress(noise)
    assert read_body(gzipped(body), MEGABYTE) == noise
    assert pieces.given <= len(body) + http.GZIP_PIECE


# --- JSON: the whole application answers, and what it holds meanwhile is bounded --------------------------------------

MILLION = 1_000_000
NAMES = b'{"events":[{"eventTypeKey":"seen","keyValue":"k","params":{' + b",".join([b'"":1'] * MILLION) + b"}}]}"
BESIDE = b'{"events":[],' + b",".join([b'"a":1'] * MILLION) + b"}"
EVENTS = b'{"events":[' + b",".join([b"{}"] * MILLION) + b"]}"
ZEROS = b'{"events":[' + b",".join([b"0"] * (4 * MILLION)) + b"]}"


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        (NAMES, "/events/0", "too_large"),
        (BESIDE, "/events", "empty"),
        (EVENTS, "/events", "too_many"),
        (ZEROS, "/events", "too_many"),
        (b'{"events":[' + b"[" * MILLION, "", "too_deep"),
        (b'{"events":["\\ud800",' + b",".join([b"[]"] * 2_000_000) + b"]}", "", "not_json"),
        (b'{"events":[' + b",".join([b"[]"] * 2_000_000), "", "not_json"),
        (b'{"events":["' + b"\\u0041" * MILLION + b'"]}', "/events/0", "too_large"),
    ],
    ids=[
        "a million names",
        "a million members beside",
        "a million events",
        "numbers",
        "brackets",
        "lists and a surrogate",
        "lists without an end",
        "escapes",
    ],
)
def test_a_bulk_of_a_million_things_is_refused_within_a_bounded_memory(client, body, pointer, code):
    assert len(body) < MAX_BULK_BYTES
    answers = []
    peak = peak_of(lambda: answers.append(client.generic("POST", "/api/v1/events", body, "application/json")))
    [answer] = answers
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, pointer)
    assert answer.json()["errors"][0]["code"] == code
    assert len(answer.content) < 2_000
    assert peak < 60 * MEGABYTE  # each thing held as an object of its own would be 60 to 450 MB


@pytest.mark.parametrize("address", ["/api/v1/event", "/api/v1/events/validate", "/api/v1/contact", "/api/v1/orders"])
@pytest.mark.parametrize("member", [b'"a":1', b'"\\u0000":1', b'"":{}'], ids=["names", "NUL", "objects"])
def test_a_body_of_as_many_members_as_fit_is_answered_with_few_words(client, address, member):
    body = b"{" + b",".join([member] * ((MAX_EVENT_BYTES - 2) // (len(member) + 1))) + b"}"
    answer = client.generic("POST", address, body, "application/json")
    assert answer.status_code == 400
    assert len(answer.content) < 100_000
    assert len(answer.json()["errors"]) <= 500


HUGE = [
    "1e999999999", "-1e999999999", "1E-999999999", "0e999999999", "9" * 4300, "-" + "9" * 4299,
    "0." + "0" * 100_000 + "1", "1" + "0" * 4000 + ".5", "1.0e+0000000000000000000000000000000000000001",
]  # fmt: skip


@pytest.mark.parametrize("number", HUGE, ids=lambda text: f"{text[:16]} ({len(text)})")
def test_a_huge_number_is_judged_by_its_digits_and_never_written_out(client, number):
    """1e999999999 written out would take a gigabyte; the answer repeats no more than a few characters of it."""
    params = json.dumps(order_params(items=[ITEM | {"cost": "@"}], totalCost="@", shipping="@", custom="@"))
    body = '{"eventTypeKey":"orderCreated","params":' + params.replace('"@"', number) + "}"
    answers = []
    peak = peak_of(
        lambda: answers.append(client.post("/api/v1/events/validate", body, content_type="application/json"))
    )
    [answer] = answers
    assert answer.status_code == 200
    # Sent four times: once each in the order and its changes, and again among the variables, where items stand twice.
    assert len(answer.content) < 10_000 + 10 * len(number)
    assert peak < 10 * MEGABYTE


@pytest.mark.parametrize("text", ["9" * 100_000, "1e999999999", "١٢٣", "0x10", "1_000", "Infinity", "nan", " 1", "+1"])
def test_a_text_that_is_no_number_of_ours_is_a_problem_and_nothing_more(client, text):
    make_contact(external_customer_id="C1")
    body = {"eventTypeKey": "orderCreated", "params": order_params(totalCost=text)}
    answer = client.post("/api/v1/events/validate", body, content_type="application/json")
    assert answer.status_code == 200
    assert [(each["pointer"], each["code"]) for each in answer.json()["problems"]] == [
        ("/params/totalCost", "invalid_parameter")
    ]
    assert len(answer.json()["problems"][0]["found"]) <= 90
