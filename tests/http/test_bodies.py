"""What is taken as a body: JSON in UTF-8, plain or gzip, up to a limit; anything else is told what is wrong with it."""

import gzip
import io
import json
import tracemalloc
import zlib

import pytest
from django.test import RequestFactory

from contract.http import read_body
from contract.problems import ApiError
from tests.http.urls import LIMIT

ECHO = "/api/test/echo"


def post(client, body: bytes, content_type: str = "application/json", **headers: str):
    return client.generic("POST", ECHO, body, content_type, headers=headers)


def error_of(answer) -> tuple[int, str, str]:
    """The status, and pointer and code of the only problem."""
    assert answer.headers["Content-Type"] == "application/problem+json"
    (problem,) = answer.json()["errors"]
    return answer.status_code, problem["pointer"], problem["code"]


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json",
        "application/json; charset=utf-8",
        'APPLICATION/JSON;charset="UTF-8"',
        "application/json; charset=iso-8859-1",  # a parameter means nothing to JSON
        "application/vnd.shop+json",
        "",
    ],
)
def test_json_is_taken_whatever_the_parameters_of_its_content_type(client, content_type):
    answer = post(client, '{"é": 1.50}'.encode(), content_type)
    assert (answer.status_code, answer.content) == (200, '{"é":1.50}'.encode())
    assert answer.headers["Content-Type"] == "application/json"


def test_an_answer_tells_its_length_though_no_middleware_does(client):
    """Without it a server would send the few bytes in chunks."""
    for answer in (post(client, b'{"a":"\xc3\xa9"}'), post(client, b"{")):
        assert answer.headers["Content-Length"] == str(len(answer.content))


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "json", ";"]
)
def test_another_content_type_is_told_to_send_json(client, content_type):
    answer = post(client, b"{}", content_type)
    if content_type == ";":  # nothing is named, as if there were none
        assert answer.status_code == 200
        return
    assert error_of(answer) == (415, "", "unsupported_media_type")
    assert answer.json()["detail"].endswith("send application/json.")


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        (b"", "", "not_json"),
        (b"{", "", "not_json"),
        (b'{"a": NaN}', "", "not_json"),
        (b'{"a": "\xff"}', "", "not_utf8"),
        ('{"a": "é"}'.encode("utf-16"), "", "not_utf8"),
        (b'{"a": {"b~/": ["x", "\\u0000"]}}', "/a/b~0~1/1", "invalid_text"),
        (b'{"a": "\\ud800"}', "/a", "invalid_text"),
        (b'{"a": ' + b"[" * 64 + b"]" * 64 + b"}", "/a" + "/0" * 63, "too_deep"),
        (b"[1]", "", "not_an_object"),
        (b'"text"', "", "not_an_object"),
        (b"null", "", "not_an_object"),
    ],
)
def test_what_is_not_a_json_object_is_refused_with_a_pointer(client, body, pointer, code):
    assert error_of(post(client, body)) == (400, pointer, code)


def test_a_body_of_exactly_the_limit_is_taken_and_one_byte_more_is_not(client):
    frame = len(json.dumps({"a": ""}))
    fits = json.dumps({"a": "x" * (LIMIT - frame)}).encode()
    assert len(fits) == LIMIT
    assert post(client, fits).status_code == 200
    assert error_of(post(client, fits + b" ")) == (413, "", "body_too_large")


def test_a_body_over_the_limit_is_refused_by_its_length_without_being_read():
    request = RequestFactory().generic("POST", ECHO, b"{}", "application/json")
    request.META["CONTENT_LENGTH"] = str(LIMIT + 1)
    with pytest.raises(ApiError) as refusal:
        read_body(request, LIMIT)
    assert refusal.value.status == 413
    assert request.read() == b"{}"


def test_a_streamed_body_is_read_up_to_the_limit():
    def streamed(body: bytes):
        request = RequestFactory().generic("POST", ECHO, b"", "application/json")
        request.META |= {"CONTENT_LENGTH": "", "HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input": io.BytesIO(body)}
        return request

    assert read_body(streamed(b"x" * LIMIT), LIMIT) == b"x" * LIMIT
    with pytest.raises(ApiError) as refusal:
        read_body(streamed(b"x" * (LIMIT + 1)), LIMIT)
    assert refusal.value.status == 413


def test_a_body_that_ends_early_is_refused(client):
    answer = client.generic("POST", ECHO, b'{"a":1}', "application/json", CONTENT_LENGTH="6")
    assert answer.status_code == 400
    request = RequestFactory().generic("POST", ECHO, b"", "application/json")
    request.META["CONTENT_LENGTH"] = "2"
    request._stream = io.BytesIO(b"{")
    with pytest.raises(OSError, match="shorter than its Content-Length"):
        read_body(request, LIMIT)


def gzipped(client, body: bytes, encoding: str = "gzip"):
    return post(client, body, **{"Content-Encoding": encoding})


def test_gzip_is_taken_in_one_member_or_several(client):
    assert gzipped(client, gzip.compress(b'{"a":1}')).content == b'{"a":1}'
    assert gzipped(client, gzip.compress(b'{"a"') + gzip.compress(b":1}"), "x-gzip").content == b'{"a":1}'
    assert gzipped(client, b'{"a":1}', "identity").content == b'{"a":1}'


def test_a_small_body_that_unpacks_beyond_the_limit_is_refused(client):
    bomb = gzip.compress(b" " * (LIMIT * 100))
    assert len(bomb) < LIMIT
    assert error_of(gzipped(client, bomb)) == (413, "", "body_too_large")
    halves = gzip.compress(b" " * (LIMIT // 2)) + gzip.compress(b" " * (LIMIT // 2 + 1))
    assert error_of(gzipped(client, halves)) == (413, "", "body_too_large")


def test_a_bomb_never_takes_more_memory_than_the_limit():
    limit = 1_000_000
    body = gzip.compress(b" " * (100 * limit))
    request = RequestFactory().generic("POST", ECHO, body, "application/json", HTTP_CONTENT_ENCODING="gzip")
    tracemalloc.start()
    with pytest.raises(ApiError):
        read_body(request, limit)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4 * limit


@pytest.mark.parametrize(
    "body",
    [gzip.compress(b"{}")[:-1], b"{}", gzip.compress(b"{}") + b"x", zlib.compress(b"{}")],
    ids=["cut off", "plain", "with a tail", "deflate"],
)
def test_broken_gzip_is_refused(client, body):
    assert error_of(gzipped(client, body)) == (400, "", "invalid_request")


def test_an_empty_gzip_body_is_not_json(client):
    assert error_of(gzipped(client, b"")) == (400, "", "not_json")


@pytest.mark.parametrize("encoding", ["br", "deflate", "gzip, gzip", "x" * 300])
def test_another_encoding_is_told_to_send_gzip(client, encoding):
    answer = gzipped(client, b"{}", encoding)
    assert error_of(answer) == (415, "", "unsupported_media_type")
    assert answer.headers["Accept-Encoding"] == "gzip"
