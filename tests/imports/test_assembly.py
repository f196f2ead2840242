"""Rows become orders: a row each, or rows that follow one another with an item each."""

from collections.abc import Iterable

import pytest

from events.order_files import survey as survey_module
from events.order_files.assembly import Draft, drafts, place_of
from events.order_files.mapping import Wishes, settle
from events.order_files.survey import hash_of, survey
from events.order_files.tables import Row
from events.order_files.trouble import OrderFileError

WITH_ITEMS = settle(("Order", "Total", "SKU", "Item name", "Qty", "Item price"), Wishes(), is_json=False)
PLAIN = settle(("Order", "Total"), Wishes(constants={"currency": "UAH"}), is_json=False)


def rows(*cells: dict[str, str]) -> list[Row]:
    return [Row(number, one) for number, one in enumerate(cells, start=2)]


def assemble(given: Iterable[Row], mapping=WITH_ITEMS) -> list[Draft]:
    given = list(given)
    return list(drafts(given, mapping, survey(lambda: given, mapping).scattered))


def test_rows_of_one_order_are_one_order_with_an_item_each():
    [first, second] = assemble(
        rows(
            {"Order": "1", "Total": "30", "SKU": "a", "Qty": "1"},
            {"Order": "1", "SKU": "b", "Qty": "2", "Item price": "10"},
            {"Order": "2", "Total": "5"},
        )
    )
    assert first == Draft(
        order={
            "externalOrderId": "1",
            "totalCost": "30",
            "items": [{"externalItemId": "a", "quantity": "1"}, {"externalItemId": "b", "quantity": "2", "cost": "10"}],
        },
        first_row=2,
        last_row=3,
        item_rows=(2, 3),
    )
    assert second == Draft(order={"externalOrderId": "2", "totalCost": "5"}, first_row=4, last_row=4)


def test_rows_that_contradict_one_another_are_refused_with_both_rows():
    [draft] = assemble(rows({"Order": "1", "Total": "30"}, {"Order": "1", "Total": "31"}))
    [problem] = draft.problems
    assert (problem.pointer, problem.code) == ("/totalCost", "rows_contradict")
    assert problem.detail == "Row 2 says 30 and row 3 says 31 of the same order."


def test_an_order_whose_rows_stand_apart_is_refused_and_others_are_not():
    found = assemble(rows({"Order": "1", "SKU": "a"}, {"Order": "2", "SKU": "b"}, {"Order": "1", "SKU": "c"}))
    assert [(draft.order_id, [problem.code for problem in draft.problems]) for draft in found] == [
        ("1", ["rows_apart"]),
        ("2", []),
        ("1", ["rows_apart"]),
    ]
    assert "(they begin at 2, 4)" in found[0].problems[0].detail


def test_a_file_that_is_not_sorted_at_all_is_refused_as_a_whole(monkeypatch):
    monkeypatch.setattr(survey_module, "MOST_APART", 1)
    with pytest.raises(OrderFileError, match="sort the file by order"):
        assemble(rows(*({"Order": order, "SKU": "a"} for order in "121212")))


def test_without_columns_of_items_the_same_order_again_is_an_update_of_it():
    given = rows({"Order": "1", "Total": "1"}, {"Order": "2", "Total": "2"}, {"Order": "1", "Total": "3"})
    assert [draft.order for draft in assemble(given, PLAIN)] == [
        {"currency": "UAH", "externalOrderId": "1", "totalCost": "1"},
        {"currency": "UAH", "externalOrderId": "2", "totalCost": "2"},
        {"currency": "UAH", "externalOrderId": "1", "totalCost": "3"},
    ]
    seen = survey(lambda: given, PLAIN)
    assert (seen.rows, seen.orders, seen.repeated) == (3, 3, {hash_of("1")})


@pytest.mark.parametrize("mapping", [PLAIN, WITH_ITEMS])
def test_a_row_without_an_order_and_one_that_cannot_be_read_are_told_each(mapping):
    found = assemble([Row(2, {"Total": "1"}), Row(3, fault="The row has 9 cells."), Row(4, {"Order": "1"})], mapping)
    assert [(draft.first_row, [problem.code for problem in draft.problems]) for draft in found] == [
        (2, ["missing_parameter"]),
        (3, ["unreadable_row"]),
        (4, []),
    ]
    assert survey(lambda: [Row(2, {}), Row(3, fault="x"), Row(4, {"Order": "1"})], mapping).orders == 3


def test_one_order_of_endless_rows_takes_no_endless_memory():
    [draft] = assemble(rows(*({"Order": "1", "Total": str(number), "SKU": "a"} for number in range(5_000))))
    assert (len(draft.order["items"]), len(draft.problems), draft.last_row) == (1_001, 1_001, 5_001)


def test_a_problem_is_placed_in_the_row_and_column_it_comes_from():
    [draft] = assemble(rows({"Order": "1", "Total": "x", "SKU": "a"}, {"Order": "1", "SKU": "b", "Item price": "y"}))
    assert place_of("/totalCost", draft, WITH_ITEMS) == (2, "Total")
    assert place_of("/items/1/cost", draft, WITH_ITEMS) == (3, "Item price")
    assert place_of("/items/1", draft, WITH_ITEMS) == (3, "")
    assert place_of("/date", draft, WITH_ITEMS) == (2, "")
    assert place_of("", draft, WITH_ITEMS) == (2, "")
