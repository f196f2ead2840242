"""What is wrong with a segment is told at its place, all of it at once, whatever was sent."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.json_values import decode_leniently
from insights.segments.conditions import MAX_CONDITIONS, MAX_DEPTH
from insights.segments.reading import read_segment
from insights.segments.vocabulary import Vocabulary

VOCABULARY = Vocabulary(
    fields={"city": "text", "age": "integer", "birthday": "date", "vip": "boolean"},
    groups={"VIP": 1},
    event_types={"viewed": 7},
    kinds=("email", "phone"),
)


def problems_of(value) -> list[tuple[str, str]]:
    found = read_segment(value, VOCABULARY)
    assert isinstance(found, list), found
    return [(problem.pointer, problem.code) for problem in found]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ([], [("", "wrong_type")]),
        ({}, [("", "wrong_type")]),
        ({"all": []}, [("/all", "empty")]),
        ({"any": {}}, [("/any", "wrong_type")]),
        ({"buyers": {}}, [("/buyers", "unknown_member")]),
        ({"all": [{"orders": {}}, {"rfm": {"currency": "XYZ"}}]}, [("/all/1/rfm/currency", "invalid")]),
        ({"orders": []}, [("/orders", "wrong_type")]),
        ({"orders": {"itemId": "1"}}, [("/orders/itemId", "unknown_member")]),
        ({"orders": {"item": ["1", 2]}}, [("/orders/item/1", "invalid")]),
        ({"orders": {"item": "a\0"}}, [("/orders/item", "invalid")]),
        ({"orders": {"item": "x" * 256}}, [("/orders/item", "invalid")]),
        ({"orders": {"status": "delivered"}}, [("/orders/status", "invalid")]),
        ({"orders": {"currency": "UAX"}}, [("/orders/currency", "unknown_currency")]),
        ({"orders": {"sum": {"atLeast": 5}}}, [("/orders/currency", "missing")]),
        ({"orders": {"currency": "UAH", "sum": {"atLeast": "many"}}}, [("/orders/sum/atLeast", "wrong_type")]),
        ({"orders": {"count": {}}}, [("/orders/count", "missing")]),
        ({"orders": {"count": {"atLeast": 3, "atMost": 2}}}, [("/orders/count/atMost", "impossible_range")]),
        ({"orders": {"count": {"atLeast": 10**40}}}, [("/orders/count/atLeast", "wrong_type")]),
        ({"orders": {"lastDays": -1}}, [("/orders/lastDays", "invalid")]),
        ({"orders": {"lastDays": True}}, [("/orders/lastDays", "invalid")]),
        ({"orders": {"lastDays": 7, "from": "2026-05-01"}}, [("/orders/lastDays", "contradiction")]),
        ({"orders": {"from": "2026-05-02", "to": "2026-05-01"}}, [("/orders/to", "impossible_range")]),
        ({"orders": {"from": "2026-02-30"}}, [("/orders/from", "invalid")]),
        ({"events": {"type": "viewed"}}, [("/events", "missing")]),
        ({"events": {"type": "bought", "lastDays": 7}}, [("/events/type", "unknown_type")]),
        ({"events": {"type": "viewed", "lastDays": 94}}, [("/events/lastDays", "invalid")]),
        ({"events": {"type": "viewed", "from": "2026-01-01"}}, [("/events/to", "missing")]),
        ({"events": {"type": "viewed", "from": "2026-01-01", "to": "2026-05-01"}}, [("/events/to", "too_long")]),
        (
            {"events": {"type": "viewed", "lastDays": 7, "where": [{"parameter": "price", "greater": "ten"}]}},
            [("/events/where/0/greater", "wrong_type")],
        ),
        (
            {"events": {"type": "viewed", "lastDays": 7, "where": [{"parameter": "price", "contains": 5}]}},
            [("/events/where/0/contains", "wrong_type")],
        ),
        (
            {"events": {"type": "viewed", "lastDays": 7, "where": [{"equals": 1}, {"parameter": "a"}]}},
            [("/events/where/0/parameter", "missing"), ("/events/where/1", "missing")],
        ),
        ({"contact": {"field": "town", "equals": "Kyiv"}}, [("/contact/field", "unknown_field")]),
        ({"contact": {"field": "city", "greater": 5}}, [("/contact/greater", "wrong_type")]),
        ({"contact": {"field": "age", "equals": "old"}}, [("/contact/equals", "wrong_type")]),
        ({"contact": {"field": "age", "greater": "5"}}, [("/contact/greater", "wrong_type")]),
        ({"contact": {"field": "age", "contains": "5"}}, [("/contact/contains", "wrong_type")]),
        ({"contact": {"field": "vip", "equals": ["yes"]}}, [("/contact/equals/0", "wrong_type")]),
        ({"contact": {"field": "birthday", "less": "tomorrow"}}, [("/contact/less", "invalid")]),
        ({"contact": {"field": "city", "exists": True, "equals": "Kyiv"}}, [("/contact/exists", "contradiction")]),
        ({"contact": {"group": "vip"}}, [("/contact/group", "unknown_group")]),
        ({"contact": {"has": "fax"}}, [("/contact/has", "invalid")]),
        ({"contact": {"has": "email", "group": "VIP"}}, [("/contact", "contradiction")]),
    ],
)
def test_what_is_wrong_is_told_at_its_place(value, expected):
    assert problems_of(value) == expected


def test_all_that_is_wrong_is_told_at_once():
    value = {"all": [{"orders": {"lastDays": 1.5, "status": "x"}}, {"not": {"contact": {"group": "none"}}}]}
    assert problems_of(value) == [
        ("/all/0/orders/status", "invalid"),
        ("/all/0/orders/lastDays", "invalid"),
        ("/all/1/not/contact/group", "unknown_group"),
    ]


@pytest.mark.parametrize(("opening", "closing"), [('{"all": [', "]}"), ('{"not": ', "}"), ('{"any": [', "]}")])
def test_a_segment_nested_fifty_deep_is_refused_where_it_is_too_deep(opening, closing):
    value = decode_leniently((opening * 50 + '{"orders": {}}' + closing * 50).encode())
    step = opening.split('"')[1]
    within = f"/{step}/0" if "[" in opening else f"/{step}"
    assert problems_of(value) == [(within * MAX_DEPTH + f"/{step}", "too_deep")]


def test_groups_are_taken_as_deep_as_is_said_and_conditions_as_many():
    node = {"any": [{"orders": {}}] * MAX_CONDITIONS}
    for _ in range(MAX_DEPTH - 1):
        node = {"not": node}
    assert not isinstance(read_segment(node, VOCABULARY), list)
    assert problems_of({"any": [{"orders": {}}] * 1000}) == [(f"/any/{MAX_CONDITIONS}/orders", "too_many")]


NAMES = (
    *("all", "any", "not", "orders", "events", "contact", "rfm", "item", "status", "lastDays", "from", "to", "count"),
    *("sum", "currency", "type", "where", "parameter", "equals", "greater", "field", "group", "x"),
)
json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=5), st.sampled_from(["viewed", "VIP", "city"])),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(NAMES),
            inner,
            max_size=3,
        ),
    ),
    max_leaves=12,
)


@given(json_values)
def test_no_json_makes_the_reader_fail(value):
    found = read_segment(value, VOCABULARY)
    assert not isinstance(found, list) or (found and all(problem.detail for problem in found))
