"""JSON is read exactly: numbers keep their digits, and what cannot be kept is refused with its place."""

import threading
from contextlib import suppress
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from contract.json_values import (
    MAX_DEPTH,
    MAX_INTEGER_DIGITS,
    NotJsonError,
    Number,
    UnstorableError,
    decode,
    encode,
    excerpt,
    find_too_deep,
    text_of,
)


def refusal(data):
    with pytest.raises(NotJsonError) as caught:
        decode(data)
    return caught.value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1.50", Number("1.50")),
        ("1e400", Number("1e400")),
        ("-0.0", Number("-0.0")),
        ("1E5", Number("1E5")),
        ("9007199254740993", 9007199254740993),
        ("0.1000000000000000055511151231257827", Number("0.1000000000000000055511151231257827")),
        ("18446744073709551616", 2**64),
        ("-9223372036854775809", -(2**63) - 1),
        ("9" * MAX_INTEGER_DIGITS, int("9" * MAX_INTEGER_DIGITS)),
        ('"١٢"', "١٢"),
        (r'"\ud83d\ude00"', "😀"),
        (r'"\\u0000"', r"\u0000"),
        (r'"\\ud800"', r"\ud800"),
        ('{"a":1,"a":2}', {"a": 2}),
        (' [null, true, false, ""]\n', [None, True, False, ""]),
    ],
)
def test_a_value_is_read_as_it_was_written(text, value):
    assert decode(text) == value
    assert decode(text.encode()) == value


def test_a_byte_order_mark_is_passed_over():
    assert decode(b"\xef\xbb\xbf[1]") == decode("\ufeff[1]") == [1]


@pytest.mark.parametrize(
    "data",
    [b"", b" ", b"NaN", b"-Infinity", b"nul", b"01", b"+1", b".5", b"1.", b"-", b"1 2", b"[1]]", b'{"a":1}x', b"[1,]",
     b'{"a":1,}', b"{'a':1}", b"{a:1}", b'"a\x00b"', b'"a\nb"', b'"a', b'"\\x41"', b'"\\u00zz"', b"\x00", b"1\x00",
     "١٢".encode(), b"[1e]", b'{"a"}', b"[NaN]", b"// a\n1", b"[1e999, Infinity]"],
)  # fmt: skip
def test_what_is_not_json_is_refused_and_says_so(data):
    error = refusal(data)
    assert (error.code, error.pointer) == ("not_json", "")
    assert error.detail.startswith("This is not JSON: ")


@pytest.mark.parametrize(
    ("data", "byte"), [(b'"\xff"', 1), (b'"\xed\xa0\x80"', 1), (b'{"\xc0\x80":1}', 2), (b'"a\xf4\x90\x80\x80"', 2)]
)
def test_bytes_that_are_not_utf_8_are_refused_with_their_place(data, byte):
    error = refusal(data)
    assert (error.code, error.pointer, error.detail) == ("not_utf8", "", f"The bytes are not UTF-8 (byte {byte}).")


@pytest.mark.parametrize(
    ("text", "pointers"),
    [
        (r'"\u0000"', [""]),
        (r'"\ud800"', [""]),
        (r'"\udc00"', [""]),
        (r'"\ud800a"', [""]),
        (r'"\ud800\u0041"', [""]),
        (r'"\ud800\ud800"', [""]),
        (r'"\udc00\ud800"', [""]),
        (r'["ok", "a\u0000b"]', ["/1"]),
        (r'{"a/b": {"c~d": ["\uDC00"]}}', ["/a~1b/c~0d/0"]),
        (r'{"ok": {"\u0000": 1}}', ["/ok"]),
        (r'{"\ud800": 1}', [""]),
        (r'{"a": "\u0000", "b": ["\ud800", "fine", "\u0000"], "c": {"\udfff": "\u0000", "d": "\u0000"}}',
         ["/a", "/b/0", "/b/2", "/c", "/c/d"]),
    ],
)  # fmt: skip
def test_every_text_that_cannot_be_stored_is_found_with_its_pointer(text, pointers):
    error = refusal(text)
    assert isinstance(error, UnstorableError)
    assert [(at.pointer, at.code) for at in error.refusals] == [(pointer, "invalid_text") for pointer in pointers]
    assert (error.pointer, error.code) == (pointers[0], "invalid_text")


def test_an_integer_of_five_thousand_digits_is_refused_with_its_pointer():
    error = refusal(f'{{"a": [1, -{"9" * 5000}], "b": "\\ud800"}}')
    assert [(at.pointer, at.code) for at in error.refusals] == [("/a/1", "number_too_long"), ("/b", "invalid_text")]


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")])
def test_sixty_four_levels_are_taken_and_sixty_five_refused_with_the_place(opening, closing):
    def nested(levels):
        return opening * (levels - 1) + ("[]" if opening == "[" else "{}") + closing * (levels - 1)

    decode(nested(MAX_DEPTH))
    error = refusal(nested(MAX_DEPTH + 1))
    assert (error.code, error.pointer) == ("too_deep", ("/0" if opening == "[" else "/a") * MAX_DEPTH)


def test_brackets_inside_of_texts_are_no_levels():
    wide = r'["]]]]", "\"[[[[", "\\", [[["[{\\\"[{"]]]' + ', "[{", {}' * 200 + "]"
    assert len(decode(wide)) == 404


def test_many_shallow_lists_are_taken():
    assert decode("[" + ",".join(["[[]]"] * 1000) + "]") == [[[]]] * 1000


def test_brackets_hidden_behind_texts_are_still_counted():
    hidden = '["]",' * 70 + "1" + "]" * 70
    assert refusal(hidden).code == "too_deep"


@pytest.mark.parametrize("opening", [b"[", b'{"a":', b'["]",', b'{"\\"":', b'[{"a":'])
@pytest.mark.parametrize("levels", [300, 9_000, 200_000])
def test_brackets_without_end_are_refused_on_the_smallest_stack(opening, levels):
    """A C decoder's recursion would overrun the stack of a web server's thread and end the process."""
    errors = []
    size = threading.stack_size(256 * 1024)
    try:
        thread = threading.Thread(target=lambda: errors.append(refusal(opening * levels)))
        thread.start()
    finally:
        threading.stack_size(size)
    thread.join()
    assert [(error.code, error.pointer) for error in errors] == [("too_deep", "")]


def test_too_deep_and_not_json_is_refused_as_either():
    assert refusal("[" * 100).code == "not_json"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"a": Number("1.50"), "b": [Decimal("258.0"), 2**64, -(2**63) - 1, 2**64 - 1]},
         '{"a":1.50,"b":[258.0,18446744073709551616,-9223372036854775809,18446744073709551615]}'),
        ({"a": "18446744073709551616", "b": 2**70}, '{"a":"18446744073709551616","b":1180591620717411303424}'),
        ({"b": ({"c": 10**30},)}, '{"b":[{"c":1000000000000000000000000000000}]}'),
        ("18446744073709551616", '"18446744073709551616"'),
    ],
)  # fmt: skip
def test_numbers_are_written_with_the_digits_they_came_with(value, text):
    assert encode(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [("a", "a"), (42, "42"), (2**80, str(2**80)), (True, "true"), (Number("1.0"), "1.0"), ([1], "[1]"), (None, "null")],
)
def test_a_scalar_is_its_json_text(value, text):
    assert text_of(value) == text


def test_an_excerpt_is_short_and_shows_even_what_cannot_be_stored():
    assert excerpt("a" * 100) == '"' + "a" * 78 + "…"
    assert excerpt({"a": "\ud800", "b": Number("1.5")}) == r'{"a": "\ud800", "b": "1.5"}'


def test_the_place_that_is_too_deep_is_the_first_in_the_document():
    assert find_too_deep([1, {"a/b": [[1]], "c": [[1]]}, [[[1]]]], limit=2) == "/1/a~1b"
    assert find_too_deep([[[1]]], limit=3) is None


storable = st.text(st.characters(codec="utf-8", exclude_characters="\0"))
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | storable,
    lambda children: st.lists(children) | st.dictionaries(storable, children),
    max_leaves=20,
)


@given(json_values)
def test_a_value_that_is_written_reads_the_same(value):
    assert decode(encode(value)) == value


@given(st.binary(max_size=60) | st.text(alphabet='{}[]",:\\u0dDcC8 ain1.eE-+tr\ud800\0', max_size=60))
@example('["\ud800"]')
@example(b'{"a":"\\ud800"')
@example(b'[1e5, "\\udc00", 1.]')
def test_any_bytes_give_a_value_or_say_why_not(data):
    with suppress(NotJsonError):
        decode(data)
