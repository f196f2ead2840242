"""Requests made to hurt, against the server as it is shipped: each is answered or cut off, and its cost is counted.

One installation for all; at the end it is asked whether it still works, and how much memory it took.
"""

import base64
import gzip
import json

import psutil
import pytest

from tests.acceptance.stack import Stack
from tests.http.raw import BODY, Answer, request, send

JSON = "Content-Type: application/json"
MEGABYTE = 1_048_576


@pytest.fixture(scope="module")
def stack(tmp_path_factory):
    with Stack(tmp_path_factory.mktemp("attacked"), embedded=True) as running:
        yield running


@pytest.fixture(scope="module", autouse=True)
def first_worker(stack):
    """The process that serves from the beginning; Granian replaces one that has crashed."""
    return worker_of(stack)


@pytest.fixture(scope="module")
def key(stack):
    return stack.create_source("shop")


@pytest.fixture
def shop(stack, key):
    """Sends one request with the key; its arguments are those of request()."""

    def call(*arguments, headers=(), **named) -> Answer:
        return send(stack.port, request(*arguments, headers=[f"Authorization: Bearer {key}", *headers], **named))

    return call


def events_of(stack) -> int:
    ((count,),) = stack.query("SELECT count(*) FROM events_event")
    return count


def worker_of(stack) -> psutil.Process:
    (web,) = stack.parts("web")
    [worker] = web.children()
    return worker


def memory_of_web(stack) -> int:
    """Bytes of the web process and its children."""
    (web,) = stack.parts("web")
    return sum(process.memory_info().rss for process in [web, *web.children(recursive=True)])


def problem(answer: Answer) -> tuple[int, str]:
    """The status, and the code of the only problem in the one form of refusals."""
    assert answer.headers["content-type"] == "application/problem+json"
    [error] = json.loads(answer.body)["errors"]
    return answer.status, error["code"]


# --- Clients of every kind are served ---------------------------------------------------------------------------------


@pytest.mark.parametrize("slash", ["", "/"])
@pytest.mark.parametrize("scheme", ["Basic", "Bearer"])
def test_both_slash_forms_and_both_ways_to_send_a_key_are_taken(stack, key, slash, scheme):
    credentials = base64.b64encode(f"any:{key}".encode()).decode() if scheme == "Basic" else key
    for target in (f"/api/v1/event{slash}", f"/api/v2/event{slash}", f"/api/v3/event{slash}"):
        answer = send(stack.port, request("POST", target, [f"Authorization: {scheme} {credentials}", JSON], BODY))
        assert answer.status == 200
        assert "location" in answer.headers


@pytest.mark.parametrize("headers", [[JSON], [JSON, "Host: shop.example"], [JSON, "Connection: keep-alive"]])
def test_an_old_client_of_http_1_0_is_served_and_answered_in_kind(stack, key, headers):
    head = [f"Authorization: Bearer {key}", *headers]
    if "Connection: keep-alive" in headers:
        head.append("Connection: close")
    answer = send(stack.port, request("POST", "/api/v1/event", head, BODY, version="1.0"))
    assert (answer.status, answer.version) == (200, "HTTP/1.0")
    assert answer.headers["content-length"] == str(len(answer.body))
    assert "transfer-encoding" not in answer.headers


def test_who_expects_100_continue_is_told_to_go_on(shop):
    answer = shop(headers=[JSON, "Expect: 100-continue"], body=BODY)
    assert (answer.interim, answer.status) == ((100,), 200)


def test_who_expects_100_continue_and_would_be_refused_is_not_asked_for_the_body(stack):
    """Two gigabytes that are announced are never sent: the key is judged first."""
    answer = send(stack.port, request(headers=[JSON, "Expect: 100-continue", f"Content-Length: {2**31}"]))
    assert (answer.interim, problem(answer)) == ((), (401, "not_authenticated"))


@pytest.mark.parametrize("pieces", [1, 2, 38])
def test_a_body_in_chunks_is_put_together(shop, stack, pieces):
    size = len(BODY) // pieces
    parts = [BODY[at : at + size] for at in range(0, len(BODY), size)]
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"
    answer = shop(headers=[JSON, "Transfer-Encoding: chunked"], body=chunks, length=False)
    assert answer.status == 200


def test_two_requests_in_one_connection_are_two(stack, key):
    head = [f"Authorization: Bearer {key}", JSON]
    before = events_of(stack)
    first = request(headers=head, body=BODY).replace(b"Connection: close\r\n", b"")
    send(stack.port, first + request(headers=head, body=BODY))
    assert events_of(stack) == before + 2


def test_a_form_sent_by_mistake_is_told_what_to_send(shop, stack):
    before = events_of(stack)
    for content_type in ("application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain"):
        answer = shop(headers=[f"Content-Type: {content_type}"], body=b"eventTypeKey=seen&keyValue=k")
        assert problem(answer) == (415, "unsupported_media_type")
        assert json.loads(answer.body)["detail"].endswith("is not taken; send application/json.")
    assert events_of(stack) == before


# --- Sizes ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "status"),
    [(gzip.compress(bytes(200 * MEGABYTE)), 413), (gzip.compress(gzip.compress(bytes(9 * MEGABYTE))), 400),
     (gzip.compress(b"") * 50_000, 400), (b"\x1f\x8b" + bytes(1000), 400)],
    ids=["a bomb", "a bomb in a bomb", "fifty thousand members", "noise"],
)  # fmt: skip
def test_a_compressed_body_takes_no_memory_that_is_worth_mentioning(shop, stack, body, status):
    shop(headers=[JSON, "Content-Encoding: gzip"], body=body)
    before = memory_of_web(stack)
    for _ in range(3):
        assert shop(headers=[JSON, "Content-Encoding: gzip"], body=body).status == status
    assert memory_of_web(stack) - before < 10 * MEGABYTE


@pytest.mark.parametrize("target", ["/api/v1/event", "/api/v1/events", "/api/v1/orders", "/api/v1/contact"])
def test_a_million_keys_are_refused_by_their_length_without_being_read(shop, stack, target):
    body = b'{"a":1' + b',"key":1' * 1_250_000 + b"}"
    before = memory_of_web(stack)
    assert problem(shop("POST", target, headers=[JSON], body=body)) == (413, "body_too_large")
    assert memory_of_web(stack) - before < 20 * MEGABYTE


def test_a_body_that_announces_five_gigabytes_is_refused_before_a_byte_of_it(shop):
    answer = shop(headers=[JSON, "Content-Length: 5000000000"])
    assert problem(answer) == (413, "body_too_large")


def test_chunks_without_an_end_are_read_up_to_the_limit(stack, key):
    sent = 0

    def parts():
        nonlocal sent
        head = [f"Authorization: Bearer {key}", JSON, "Transfer-Encoding: chunked"]
        yield request(headers=head)
        for _ in range(1000):
            sent += 1
            yield b"10000\r\n" + bytes(65_536) + b"\r\n"

    assert problem(send(stack.port, parts())) == (413, "body_too_large")
    assert sent * 65_536 < 16 * MEGABYTE  # of 64: the rest was never taken off the line


def test_a_header_of_64_kilobytes_is_taken_or_refused_and_a_larger_one_is_refused(shop, stack):
    assert shop(headers=[JSON, "X-Large: " + "a" * 60_000], body=BODY).status == 200
    before = memory_of_web(stack)
    for size in (64 * 1024, 256 * 1024, 2 * MEGABYTE):
        assert shop(headers=[JSON, "X-Large: " + "a" * size], body=BODY).status in (
            (200, 431) if size == 65_536 else (431,)
        )
    assert memory_of_web(stack) - before < 5 * MEGABYTE
    assert shop(headers=[JSON, *(f"X-{number}: a" for number in range(200))], body=BODY).status == 431


def test_a_large_authorization_is_refused_like_any_wrong_key(stack):
    for scheme in ("Basic", "Bearer", "Digest"):
        answer = send(stack.port, request(headers=[f"Authorization: {scheme} {'a' * 60_000}", JSON], body=BODY))
        assert problem(answer) == (401, "not_authenticated")
        assert len(answer.body) < 1_000


def test_a_very_long_address_or_method_is_refused_and_not_repeated(shop):
    assert shop("GET", "/api/v1/" + "a" * 70_000).status == 414
    assert problem(shop("GET", "/api/v1/" + "a" * 50_000)) == (404, "not_found")
    answer = shop("A" * 5_000, "/api/v1/orders")
    assert problem(answer) == (405, "method_not_allowed")
    assert len(answer.body) < 600


# --- Framing ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        (["Content-Length: 38", "Content-Length: 5"], BODY),
        (["Content-Length: -5"], BODY),
        (["Content-Length: +38"], BODY),
        (["Content-Length: 0x26"], BODY),
        (["Content-Length: 38, 38, 5"], BODY),
        (["Content-Length: 99999999999999999999999999"], BODY),
        (["Transfer-Encoding: gzip"], BODY),
        (["Transfer-Encoding: chunked"], b"zz\r\n" + BODY + b"\r\n0\r\n\r\n"),
        (["Transfer-Encoding: chunked"], b"-1\r\n" + BODY + b"\r\n0\r\n\r\n"),
        (["Transfer-Encoding: chunked"], b"ffffffffffffffffff\r\n" + BODY + b"\r\n0\r\n\r\n"),
        (["Content-Length: 5"], BODY),
        ([], b""),
        (["X-Request-ID: a\r\n b"], BODY),
        ([b"X-Request-ID: a\rb"], BODY),
        ([b"X-Request-ID: a\0b"], BODY),
        ([b"X-Request-ID: \x1b[31m"], BODY),
        ([b"X Request: a"], BODY),
        ([": a"], BODY),
    ],
    ids=lambda part: repr(part)[:50],
)
def test_a_request_that_is_framed_wrongly_is_a_400_and_stores_nothing(shop, stack, headers, body):
    before = events_of(stack)
    has_length = any(b"ength" in line or b"ncoding" in line for line in map(as_bytes, headers))
    answer = shop(headers=[JSON, *headers], body=body, length=not has_length)
    assert answer.status == 400
    assert events_of(stack) == before


def as_bytes(line: str | bytes) -> bytes:
    return line if isinstance(line, bytes) else line.encode()


def test_what_is_no_http_at_all_is_cut_off(stack):
    for noise in (b"\x16\x03\x01\x02\x00\x01\x00", b"GET\r\n\r\n", b"GET / HTTP/3.0\r\n\r\n", b"\0" * 1000):
        assert send(stack.port, noise).status in (0, 400)
    assert send(stack.port, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").status in (0, 400)  # HTTP/2 is not spoken


# --- Headers ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override", "_method"])
def test_no_header_makes_another_method_of_the_one_that_was_sent(shop, stack, name):
    before = events_of(stack)
    assert shop("GET", "/api/v1/events", headers=[f"{name}: POST", JSON], body=b'{"events":[]}').status == 200
    assert problem(shop("GET", "/api/v1/event", headers=[f"{name}: POST", JSON], body=BODY)) == (
        405,
        "method_not_allowed",
    )
    assert problem(shop("POST", "/api/v1/orders", headers=[f"{name}: GET", JSON], body=BODY)) == (400, "missing")
    assert events_of(stack) == before


def test_of_two_keys_in_one_request_none_is_taken(stack, key):
    for headers in (
        [f"Authorization: Bearer {key}", "Authorization: Bearer x"],
        ["Authorization: Bearer x", f"Authorization: Bearer {key}"],
        [f"Authorization: Bearer {key}, Bearer {key}"],
    ):
        assert problem(send(stack.port, request(headers=[*headers, JSON], body=BODY))) == (401, "not_authenticated")


def test_two_encodings_are_a_415_and_two_equal_lengths_are_one(shop):
    twice = gzip.compress(gzip.compress(BODY))
    answer = shop(headers=[JSON, "Content-Encoding: gzip", "Content-Encoding: gzip"], body=twice)
    assert problem(answer) == (415, "unsupported_media_type")
    assert shop(headers=[JSON, f"Content-Length: {len(BODY)}"], body=BODY).status == 200


@pytest.mark.parametrize("given", [b"a\xffb", b"a b", b'"a"', b"a" * 129, b"<script>", b"a;b"])
def test_an_id_that_is_not_well_formed_comes_back_as_another(shop, given):
    answer = shop("GET", "/api/v1/orders", headers=[b"X-Request-ID: " + given])
    assert answer.status == 200
    assert len(answer.headers["x-request-id"]) == 16
    assert answer.headers["x-request-id"].isalnum()


def test_bytes_that_are_no_ascii_in_a_header_are_no_500(shop, stack):
    names = ("Authorization", "Content-Type", "Content-Encoding", "Idempotency-Key", "Cookie", "Accept", "User-Agent")
    for name in names:
        answer = send(stack.port, request(headers=[name.encode() + b": \xff\xfe\x80", JSON], body=BODY))
        assert answer.status == 401
        answer = shop(headers=[name.encode() + b": \xff\xfe\x80", JSON], body=BODY)
        assert answer.status in (200, 400, 401, 415), name


# --- Paths ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "target",
    [
        "//api/v1/orders", "/api//v1/orders", "/api/v1//orders", "/api/v1/orders//", "/api/v1/./orders",
        "/api/v1/../v1/orders", "/api/v1/%2e%2e/v1/orders", "/api/v1/%2e/orders", "/api/v1/..%2forders",
        "/api/v1/orders%00", "/api/v1/%00orders", "/api/v1/orders;a=b", "/api/v1/orders%3fx", "/api/v1/%ff",
        "/api/v1/orders/../../../../etc/passwd", "/api/v1/orders/%2e%2e%2f%2e%2e%2fetc/passwd", "/API/v1/orders",
        "/api/v1/orders%0d%0aX: y", "/api/v1/orders/%c0%ae%c0%ae/", "/api/v1/orders/-1", "/api/v1/orders/1e3",
        "/api/v1/orders/" + "9" * 400, "/api/v1/events/" + "9" * 400, "/api/v1/contact/" + "9" * 400,
        "/api/v1/events/%F0%9F%92%A9", "/static/../config/settings.py", "/static/%2e%2e/%2e%2e/etc/passwd",
        "/static/..%2f..%2fmanage.py", "/static//etc/passwd", "/static/%00", "/healthz/../api/v1/orders",
        "/api/v1/orders/%5c..%5c", "*", "/%", "/%zz", "/api/v1/%e2%80%ae",
    ],
)  # fmt: skip
def test_a_trick_with_the_path_leads_nowhere(shop, target):
    answer = shop("GET", target.replace(" ", "%20"))
    assert answer.status in (400, 404)
    assert b"root:" not in answer.body
    assert b"SECRET" not in answer.body
    if answer.status == 404 and target.startswith("/api/"):
        assert answer.headers["content-type"] == "application/problem+json"


def test_an_encoded_path_is_the_path_that_it_encodes_and_needs_a_key_as_that(shop, stack):
    for target in ("/api%2fv1%2forders", "/%61pi/v1/orders", "http://shop.example/api/v1/orders"):
        assert shop("GET", target).status == 200
        assert problem(send(stack.port, request("GET", target))) == (401, "not_authenticated")


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "PATCH", "DEBUG", "PROPFIND"])
def test_an_odd_method_changes_nothing(shop, stack, method):
    before = events_of(stack)
    assert shop(method, "/api/v1/events", headers=[JSON], body=BODY).status in (400, 403, 404, 405)
    assert events_of(stack) == before


# --- After all of it --------------------------------------------------------------------------------------------------


def test_a_flood_of_wrong_keys_leaves_memory_and_service_as_they_were(stack, shop):
    before = memory_of_web(stack)
    for number in range(500):
        wrong = f"Authorization: Bearer olk_{number:012x}_{'x' * 43}"
        assert send(stack.port, request(headers=[wrong, JSON], body=BODY)).status == 401
    assert memory_of_web(stack) - before < 5 * MEGABYTE
    assert shop(headers=[JSON], body=BODY).status == 200


def test_the_server_outlived_everything_without_an_error_of_its_own(stack, shop, first_worker):
    assert shop(headers=[JSON], body=BODY).status == 200
    stack.wait_until_nothing_waits()
    lines = [json.loads(line) for line in stack.output().splitlines() if line.startswith("{")]
    assert [line for line in lines if line.get("level") in ("error", "critical") or line.get("status") == 500] == []
    assert worker_of(stack) == first_worker
    assert memory_of_web(stack) < 400 * MEGABYTE
