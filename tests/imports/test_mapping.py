"""Which column means what, and how its cells are written."""

import pytest

from events.order_files.mapping import Wishes, load_wishes, read_pairs, settle
from events.order_files.names import guess
from events.order_files.trouble import OrderFileError

SHOP = ("Order number", "Order date", "Total", "Gift wrap")


def test_names_that_exports_use_are_known():
    assert guess(
        [
            "Order Number",
            "order_date",
            "Status",
            "Grand Total",
            "E-mail",
            "SKU",
            "Item name",
            "Qty",
            "Item price",
            "Name",
        ]
    ) == {
        "Order Number": "externalOrderId",
        "order_date": "date",
        "Status": "status",
        "Grand Total": "totalCost",
        "E-mail": "email",
        "SKU": "items.externalItemId",
        "Item name": "items.name",
        "Qty": "items.quantity",
        "Item price": "items.cost",
    }


def test_of_two_columns_for_one_field_the_nearer_name_has_it():
    assert guess(["Customer email", "email", "Order total", "Total"]) == {"email": "email", "Total": "totalCost"}


def test_wishes_beat_names_and_what_is_left_out_is_told():
    mapping = settle(SHOP, Wishes(columns={"Gift wrap": "giftWrap", "Total": ""}), is_json=False)
    assert mapping.targets == {"Order number": "externalOrderId", "Order date": "date", "Gift wrap": "giftWrap"}
    assert mapping.left_out == ("Total",)
    assert settle(SHOP, Wishes(), is_json=False).left_out == ("Gift wrap",)


def test_lines_in_the_words_of_the_api_are_taken_as_they_are():
    mapping = settle(("externalOrderId", "note", "items"), Wishes(), is_json=True)
    assert mapping.targets == {"externalOrderId": "externalOrderId", "items": "items"}
    assert mapping.keeps_others


@pytest.mark.parametrize(
    "wishes, message",
    [
        ({"columns": {"Order nunber": "externalOrderId"}}, "no column “Order nunber”; there are: “Order number”"),
        ({"columns": {"Total": "externalorderid"}}, "“externalorderid” is written “externalOrderId”"),
        ({"columns": {"Order number": ""}}, "No column is known to hold the order's id"),
        ({"columns": {"Gift wrap": "totalCost", "Total": "totalCost"}}, "cannot both be totalCost"),
        ({"columns": {"Total": "items", "Gift wrap": "items.name"}}, "not both"),
        ({"statuses": {"Done": "DONE"}}, "a status is one of INITIALIZED"),
        ({"constants": {"items.name": "x"}}, "A constant is of the order"),
        ({"date_format": "%Q"}, "no date format"),
        ({"date_format": "dd.mm.yyyy"}, "looks like %d.%m.%Y"),
        ({"decimal": "dot"}, "not “dot”"),
    ],
)
def test_wishes_that_cannot_be_met_are_refused_before_anything_is_sent(wishes, message):
    with pytest.raises(OrderFileError, match=message):
        settle(SHOP, Wishes(**wishes), is_json=False)


@pytest.mark.parametrize(
    "target, cell, value",
    [
        ("totalCost", "1 234,50", "1234.50"),
        ("totalCost", "1.234.567,5", "1234567.5"),
        ("totalCost", "1\u00a0234", "1234"),
        ("items.quantity", "0,5", "0.5"),
        ("totalCost", "1,234.50", "1,234.50"),  # not written with a decimal comma: refused later, not guessed
        ("storeId", "1,5", "1,5"),
        ("status", "Completed", "DELIVERED"),
        ("status", "completed", "DELIVERED"),
        ("status", "in_progress", "IN_PROGRESS"),
        ("status", "On hold", "On hold"),
        ("date", "14.05.2026 10:11", "2026-05-14T10:11:00"),
        ("date", "2026-05-14 10:11:12+03:00", "2026-05-14T10:11:12+03:00"),
        ("date", "2026-05-14T10:11:12Z", "2026-05-14T10:11:12Z"),
        ("date", "yesterday", "yesterday"),
    ],
)
def test_cells_are_read_as_was_said(target, cell, value):
    wishes = Wishes(statuses={"Completed": "DELIVERED"}, date_format="%d.%m.%Y %H:%M", decimal="comma")
    assert settle(SHOP, wishes, is_json=False).read(target, cell) == value


def test_a_mapping_file_is_read_and_options_beat_it(tmp_path):
    path = tmp_path / "shop.toml"
    path.write_text(
        '[columns]\n"Order number" = "externalOrderId"\n"Total" = "totalCost"\n'
        '[statuses]\n"Done" = "DELIVERED"\n[constants]\ncurrency = "UAH"\n'
        '[format]\ndate = "%d.%m.%Y"\ndecimal = "comma"\ndelimiter = ";"\nencoding = "cp1251"\nsheet = "Orders"\n'
    )
    options = Wishes(columns=read_pairs(["Total=", "a=b=discount"], "--map"), decimal="point")
    assert options.over(load_wishes(path)) == Wishes(
        columns={"Order number": "externalOrderId", "Total": "", "a=b": "discount"},
        statuses={"Done": "DELIVERED"},
        constants={"currency": "UAH"},
        date_format="%d.%m.%Y",
        decimal="point",
        encoding="cp1251",
        delimiter=";",
        sheet="Orders",
    )


@pytest.mark.parametrize(
    "text, message",
    [
        ("[columns", "is no TOML"),
        ("[colums]\n", "has “colums”; the tables are"),
        ("[format]\ndates = 'x'\n", "has “dates”"),
        ("[columns]\nTotal = 1\n", "must be a table of texts"),
    ],
)
def test_a_mapping_file_that_cannot_be_read_is_told(tmp_path, text, message):
    path = tmp_path / "shop.toml"
    path.write_text(text)
    with pytest.raises(OrderFileError, match=message):
        load_wishes(path)


def test_a_pair_without_its_sign_is_told():
    with pytest.raises(OrderFileError, match="--map takes two texts with “=” between them, not “Total”"):
        read_pairs(["Total"], "--map")
