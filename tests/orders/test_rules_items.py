"""Items and custom fields, and how deep they are kept: docs/rules.md, section 3."""

from decimal import Decimal

import pytest

from contract.json_values import encode
from contract.reasons import Reason, Status
from orders.state import ItemState
from tests.orders.building import ABSENT, ITEM, create, found_problems, json, make_order, update

ITEM_NAMES = ["externalItemId", "name", "quantity", "cost", "url", "imageUrl"]


def without(name: str) -> dict:
    return {key: value for key, value in ITEM.items() if key != name}


def test_items_are_kept_in_their_order_with_their_custom_fields():
    order = make_order(items=[{**ITEM, "category": "devices", "inStock": True}, {**ITEM, "externalItemId": 7}])
    assert order.items == (
        ItemState(
            external_item_id="200600",
            name="Super Device",
            quantity=Decimal(2),
            cost=Decimal("9.95"),
            url="https://shop.example/item/200600",
            image_url="https://shop.example/item/200600.png",
            custom_fields={"category": "devices", "inStock": True},
        ),
        ItemState(
            external_item_id="7",
            name="Super Device",
            quantity=Decimal(2),
            cost=Decimal("9.95"),
            url="https://shop.example/item/200600",
            image_url="https://shop.example/item/200600.png",
        ),
    )


@pytest.mark.parametrize("name", ITEM_NAMES)
@pytest.mark.parametrize("is_new", [True, False])
def test_each_required_field_that_an_item_lacks_is_told_with_the_items_pointer(name, is_new):
    items = [ITEM, without(name)]
    decision = create(items=items) if is_new else update(make_order(), items=items)
    pointer = "/params/6/value/1" if is_new else "/params/1/value/1"
    assert (decision.status, decision.reason) == (Status.IGNORED, Reason.MISSING_PARAMETER)
    assert found_problems(decision) == [(pointer, "missing_parameter")]
    assert decision.problems[0].detail == f"Each item needs {name}, and this one has none."


@pytest.mark.parametrize("name", ITEM_NAMES)
def test_null_in_an_item_counts_as_absent(name):
    assert create(items=[{**ITEM, name: None}]).problems == create(items=[without(name)]).problems
    assert make_order(items=[{**ITEM, "category": None}]).items[0].custom_fields == {}


@pytest.mark.parametrize("name", ["externalItemId", "name", "url", "imageUrl"])
@pytest.mark.parametrize("wrong", ["", [], {}])
def test_the_texts_of_an_item_may_not_be_empty(name, wrong):
    decision = create(items=[{**ITEM, name: wrong}])
    assert found_problems(decision) == [(f"/params/6/value/0/{name}", "invalid_parameter")]


@pytest.mark.parametrize("link", ["ftp://x", "javascript:alert(1)", "/item/1", "no link at all"])
def test_links_are_any_text_that_is_not_empty(link):
    item = make_order(items=[{**ITEM, "url": link, "imageUrl": link}]).items[0]
    assert (item.url, item.image_url) == (link, link)


@pytest.mark.parametrize("quantity", [0, "0", "0.000", -1, "-1", "1.0001", "x", "", True, [], {}])
def test_a_quantity_is_a_number_above_zero_with_up_to_three_decimals(quantity):
    decision = create(items=[{**ITEM, "quantity": quantity}])
    assert found_problems(decision) == [("/params/6/value/0/quantity", "invalid_parameter")]


@pytest.mark.parametrize(("quantity", "kept"), [("0.001", "0.001"), ("1.500", "1.500"), (3, "3"), ("010", "10")])
def test_a_quantity_keeps_its_digits(quantity, kept):
    assert str(make_order(items=[{**ITEM, "quantity": quantity}]).items[0].quantity) == kept


def test_items_may_be_a_json_string_of_an_array():
    sent = [{**ITEM, "cost": json("9.950"), "tags": ["a", {"b": 1}]}]
    assert create(items=encode(sent)) == create(items=sent)
    assert str(make_order(items=encode(sent)).items[0].cost) == "9.950"


def test_problems_in_a_json_string_of_items_have_pointers_into_its_content():
    decision = create(items=encode([ITEM, {**ITEM, "url": "", "cost": "x"}, without("name")]))
    assert sorted(found_problems(decision)) == [
        ("/params/6/value/1/cost", "invalid_parameter"),
        ("/params/6/value/1/url", "invalid_parameter"),
        ("/params/6/value/2", "missing_parameter"),
    ]


@pytest.mark.parametrize(
    "items",
    ["", "x", "[", "null", "{}", "5", '"[]"', "[1]x", {}, {"0": ITEM}, 5, True, json("1.5"), "[" * 65 + "]" * 65],
)
def test_items_that_are_no_array_and_no_json_string_of_one_are_invalid(items):
    decision = create(items=items)
    assert (decision.status, decision.reason) == (Status.IGNORED, Reason.INVALID_PARAMETER)
    [problem] = decision.problems
    assert problem.pointer.startswith("/params/6/value")
    assert problem.expected == "an array of items, or a JSON string of one"


def test_text_that_cannot_be_stored_in_a_json_string_of_items_is_pointed_at():
    decision = create(items='[{"name": "a\\u0000"}, {"name": "\\ud800"}]')
    assert found_problems(decision) == [
        ("/params/6/value/0/name", "invalid_parameter"),
        ("/params/6/value/1/name", "invalid_parameter"),
    ]


@pytest.mark.parametrize("member", [None, 1, "x", [], True, json("1.5")])
def test_a_member_of_items_that_is_no_object_is_invalid(member):
    assert found_problems(create(items=[ITEM, member])) == [("/params/6/value/1", "invalid_parameter")]


def test_an_order_has_at_most_a_thousand_items():
    assert len(make_order(items=[ITEM] * 1_000).items) == 1_000
    decision = create(items=[{}] * 1_001)
    [problem] = decision.problems
    assert (problem.pointer, problem.code) == ("/params/6/value", "invalid_parameter")
    assert (problem.found, problem.expected) == ("1,001 items", "at most 1,000 items")


def test_names_of_item_fields_are_escaped_in_pointers():
    decision = create(items=[{**without("url"), "a/b~c": 1}])
    assert found_problems(decision) == [("/params/6/value/0", "missing_parameter")]


def test_of_very_many_problems_the_first_five_hundred_are_listed_and_the_rest_is_counted():
    decision = create(make_order(), items=[{**ITEM, "url": ""}] * 500 + [{}])
    assert decision.reason is Reason.MISSING_PARAMETER
    assert [code for _, code in found_problems(decision)] == ["invalid_parameter"] * 500 + ["order_exists"]
    assert decision.problems[499].detail.endswith("6 more problems are not listed.")


# Custom fields


def test_what_is_no_field_of_ours_is_kept_as_a_custom_field():
    order = make_order(contactId="7", Email="a@b.example", giftWrap=False, note="x", points=12, orderId=3)
    assert order.custom_fields == {
        "contactId": "7",
        "Email": "a@b.example",
        "giftWrap": False,
        "note": "x",
        "points": 12,
        "orderId": 3,
    }


def test_an_array_or_object_inside_an_item_is_kept_as_its_json_text():
    item = {**ITEM, "sizes": [1, json("2.50")], "maker": {"name": "Ö", "address": {"city": None}}}
    assert make_order(items=[item]).items[0].custom_fields == {
        "sizes": "[1,2.50]",
        "maker": '{"name":"Ö","address":{"city":null}}',
    }


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ('{"a": 1, "b": null, "c": "x"}', {"a": 1, "b": None, "c": "x"}),
        ('{"a": [1, 2.0], "b": {"c": 1}}', {"a": "[1,2.0]", "b": '{"c":1}'}),
        ('[1, "x", null, true]', [1, "x", None, True]),
        ('[[1, [2]], {"a": 1, "b": [3]}]', ["[1,[2]]", {"a": 1, "b": "[3]"}]),
        ("[]", []),
        ("{}", {}),
    ],
)
def test_nesting_of_custom_fields_is_kept_to_the_second_level(sent, kept):
    assert make_order(extra=json(sent)).custom_fields == {"extra": kept}


def test_custom_fields_of_an_update_are_merged_by_name():
    before = make_order(a=1, b=[1, 2], c={"x": 1, "y": 2})
    assert update(before, b=[3], d="new").order.custom_fields == {"a": 1, "b": [3], "c": {"x": 1, "y": 2}, "d": "new"}


def test_a_custom_field_is_replaced_whole():
    assert update(make_order(c={"x": 1, "y": 2}), c={"x": 3}).order.custom_fields == {"c": {"x": 3}}


def test_an_empty_text_in_a_custom_field_is_a_value():
    assert update(make_order(note="x"), note="").order.custom_fields == {"note": ""}


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("12", 12),
        ("-12", -12),
        ("1.50", Decimal("1.50")),
        ("-0.0", Decimal("0.0")),
        ("1e3", 1000),
        ("1.5E1", 15),
        ("1.50e1", Decimal("15.0")),
        ("15e-1", Decimal("1.5")),
        ("0e9", 0),
        ("1e99", 10**99),
        ("9" * 100, int("9" * 100)),
        ("-" + "9" * 100, -int("9" * 100)),
    ],
)
def test_numbers_of_custom_fields_are_exact_with_the_exponent_expanded(sent, kept):
    value = make_order(extra=json(sent)).custom_fields["extra"]
    assert (repr(value), type(value)) == (repr(kept), type(kept))


@pytest.mark.parametrize(
    "sent",
    ["1" + "0" * 100, "-1" + "0" * 100, "1e100", "1e-100", "1.5e400", "1e99999999999999999999", "0e-400", "9" * 4_300],
)
def test_a_number_of_more_than_a_hundred_digits_is_kept_as_its_text(sent):
    assert make_order(extra=json(sent)).custom_fields == {"extra": sent}


def test_a_custom_field_may_have_any_name_and_any_length():
    long = "x" * 50_000
    assert make_order(**{"": long, "a.b/c": "Ї"}, externalCustomerId=ABSENT).custom_fields == {"": long, "a.b/c": "Ї"}
