"""The JSON of an event, set for reading, with the places of its problems marked."""

import json
import time

import pytest

from events.marked_json import MOST_OF_A_TEXT, mark_problems, with_escapes

BODY = '{"eventTypeKey":"orderCreated","params":[{"name":"totalCost","value":1.50},{"name":"a","value":{"b/c":[]}}]}'


def marked(body: str, *pointers: str) -> dict[int, str]:
    """The text that is marked with each problem's number."""
    return {number: piece.text for piece in mark_problems(body, pointers).pieces for number in piece.problems}


def text_of(body: str, *pointers: str) -> str:
    return "".join(piece.text for piece in mark_problems(body, pointers).pieces)


def test_a_problem_is_marked_where_its_pointer_leads():
    pointers = ("/params/0/value", "/params/1/value/b~1c", "/eventTypeKey", "/params", "")
    assert marked(BODY, *pointers) == {
        1: '"value": 1.50',
        2: '"b/c": [',
        3: '"eventTypeKey": "orderCreated"',
        4: '"params": [',
        5: "{",
    }


def test_what_is_not_there_is_marked_at_the_nearest_place_above_it():
    body = '{"params":[{"name":"items","value":"[{}]"}]}'
    assert marked(body, "/params/0/value/0/url", "/params/7/value", "/occurred") == {
        1: '"value": "[{}]"',
        2: '"params": [',
        3: "{",
    }


def test_two_problems_of_one_place_stand_at_it_together():
    [piece] = [piece for piece in mark_problems('{"a":1}', ["/a", "/a"]).pieces if piece.problems]
    assert (piece.text, piece.problems) == ('"a": 1', [1, 2])


def test_of_a_repeated_name_the_last_is_marked_as_it_is_the_one_that_counts():
    assert marked('{"a":1,"a":2}', "/a") == {1: '"a": 2'}


@pytest.mark.parametrize("pointers", [(), ("/params/0/value", "/params/1")])
@pytest.mark.parametrize(
    "body",
    [BODY, "{}", "[]", '{"a":[],"b":{}}', ' {"a" : [1 , 2.50e3,true,null ,"x\\"[{,:"]} ', '"text"', '{"é":"ї\\u0000"}'],
)
def test_the_text_is_the_document_with_its_digits(body, pointers):
    whole = mark_problems(body, pointers)
    shown = "".join(piece.text for piece in whole.pieces)
    assert whole.is_whole
    assert json.loads(shown, parse_float=str) == json.loads(body, parse_float=str)
    assert shown == shown.strip()


def test_what_turns_the_direction_of_writing_is_shown_as_its_escape():
    body = json.dumps({"a": "\u202egnp.exe\u2066\u200b\ufeff\x9b\U000e0041 👨‍👩‍👧"}, ensure_ascii=False)
    shown = text_of(body)
    assert "\\u202egnp.exe\\u2066\\u200b\\ufeff\\u009b\\udb40\\udc41" in shown
    assert "👨‍👩‍👧" in shown
    assert json.loads(shown) == json.loads(body) == json.loads(with_escapes(body))


def test_a_long_text_is_cut_and_says_by_how_much():
    shown = mark_problems(json.dumps({"a": "x" * 100_000}), ["/a"])
    [piece] = [piece for piece in shown.pieces if piece.problems]
    assert not shown.is_whole
    assert piece.text.endswith(f"… {100_002 - MOST_OF_A_TEXT:,} more characters")
    assert len(piece.text) < MOST_OF_A_TEXT + 50


def test_a_cut_never_splits_an_escape():
    for before in range(8):
        text = "x" * (MOST_OF_A_TEXT - 9 + before) + "\\u202e" + "y" * 500
        shown = text_of(f'["{text}"]').partition("…")[0]
        assert json.loads(shown[2:].strip() + '"').strip("x") in ("", "\u202e", "\u202ey", "\u202eyy")


def test_a_long_document_is_cut_but_never_where_a_problem_points():
    body = json.dumps({"params": [{"name": f"p{number}", "value": number} for number in range(1_000)]})
    shown = mark_problems(body, ["/params/990/value"], most=2_000)
    text = "".join(piece.text for piece in shown.pieces)
    assert not shown.is_whole
    assert len(text) < 3_000
    assert [piece.text for piece in shown.pieces if piece.problems] == ['"value": 990']
    assert any(piece.is_cut and "more" in piece.text for piece in shown.pieces)


def test_a_megabyte_is_set_in_time():
    body = json.dumps({"params": [{"name": "a", "value": ["x"] * 200_000}]})
    started = time.perf_counter()
    mark_problems(body, ["/params/0/value/199999"])
    assert time.perf_counter() - started < 3  # some 0.2 s; what goes back over it for each token takes minutes
