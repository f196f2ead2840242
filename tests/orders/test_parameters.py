"""Texts, dates, money and currencies are read exactly, or refused with what is expected: docs/rules.md, section 3."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from contract.currencies import CURRENCIES
from tests.orders.building import ABSENT, KYIV, create, found_problems, json, make_order

POINTERS = {"externalOrderId": 0, "externalCustomerId": 1, "totalCost": 2, "status": 3, "date": 4, "currency": 5}


def assert_invalid(name, value):
    pointer = f"/params/{POINTERS.get(name, 6)}/value"
    assert found_problems(create(**{name: value})) == [(pointer, "invalid_parameter")]


# Money


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ('"258.0"', "258.0"),
        ('"0"', "0"),
        ('"0.0000"', "0.0000"),
        ('"007.50"', "7.50"),
        ('"99999999999999.9999"', "99999999999999.9999"),
        ('"999999999999999999"', "999999999999999999"),
        ('"' + "0" * 500 + '1.5"', "1.5"),
        ("990", "990"),
        ("258.00", "258.00"),
        ("0.1", "0.1"),
        ("-0", "0"),
        ("-0.0", "0.0"),
        ("1e2", "100"),
        ("1.5E+3", "1500"),
        ("2580e-1", "258.0"),
        ("1e17", "100000000000000000"),
        ("1e-4", "0.0001"),
        ("0e400", "0"),
        ("-0E1", "0"),
        ("999999999999999999", "999999999999999999"),
    ],
)
def test_money_keeps_the_value_and_the_digits_it_was_sent_with(sent, kept):
    assert str(make_order(totalCost=json(sent)).total_cost) == kept


@pytest.mark.parametrize(
    "sent",
    [
        '""', '" "', '"x"', '"12,50"', '"1 000"', '" 1"', '"1\\n"', '"+1"', '"-1"', '"-0"', '"1e2"', '".5"', '"5."',
        '"١٢"', '"１２"', '"NaN"', '"Infinity"', '"0x10"', '"1_000"', '"1.00000"', '"9999999999999999999"',
        '"999999999999999.9999"', "-1", "-0.01", "1.00000", "1e-5", "1e18", "1e400", "-1e400", "1e-400", "0e-400",
        "1e99999999999999999999", "1e-99999999999999999999", "1000000000000000000", "1" + "0" * 4_000, "true", "false",
        "[]", "[1]", "{}",
    ],
)  # fmt: skip
def test_what_is_no_number_or_negative_or_has_too_many_digits_is_invalid(sent):
    assert_invalid("totalCost", json(sent))


@pytest.mark.parametrize("name", ["shipping", "discount", "taxes"])
def test_every_amount_of_an_order_is_read_as_money(name):
    assert str(getattr(make_order(**{name: "1.50"}), name)) == "1.50"
    assert getattr(make_order(), name) is None
    assert_invalid(name, "-1")


# Dates


@pytest.mark.parametrize(
    ("sent", "utc"),
    [
        ("2020-05-14T10:11:00", datetime(2020, 5, 14, 7, 11, tzinfo=UTC)),
        ("2020-01-14T10:11", datetime(2020, 1, 14, 8, 11, tzinfo=UTC)),
        ("2020-05-14T10:11:00.1234567", datetime(2020, 5, 14, 7, 11, 0, 123456, tzinfo=UTC)),
        ("2020-05-14T10:11:00Z", datetime(2020, 5, 14, 10, 11, tzinfo=UTC)),
        ("2020-05-14T10:11:00+05:30", datetime(2020, 5, 14, 4, 41, tzinfo=UTC)),
        ("2020-05-14T10:11-0300", datetime(2020, 5, 14, 13, 11, tzinfo=UTC)),
        ("2020-10-25T03:30:00", datetime(2020, 10, 25, 0, 30, tzinfo=UTC)),
        ("2020-03-29T03:30:00", datetime(2020, 3, 29, 1, 30, tzinfo=UTC)),
    ],
)
def test_a_date_without_an_offset_is_in_the_accounts_time_zone(sent, utc):
    assert make_order(date=sent).date == utc
    assert make_order(date=sent).date.tzinfo is UTC


@pytest.mark.parametrize(
    "sent",
    ["2020-05-14", "", "x", "2020-05-14 10:11:00", "14.05.2020T10:11", "2020-02-30T10:11:00", "2020-05-14T25:00:00",
     "2020-05-14T10:11:00+25:00", "1899-12-31T23:59:59", "9999-01-01T00:00:00", "2020-05-14T10:11:00\n",
     "٢٠٢٠-٠٥-١٤T١٠:١١:٠٠", 1589440260, 1589440260000, True, [], {}],
)  # fmt: skip
def test_a_date_alone_and_what_is_no_date_and_time_is_invalid(sent):
    assert_invalid("date", sent)


# Texts


@pytest.mark.parametrize(
    ("sent", "text"), [("42", "42"), ("4.20", "4.20"), ("1e2", "1e2"), ("true", "true"), ("-7", "-7"), ('"Ї "', "Ї ")]
)
def test_text_sent_as_a_number_or_boolean_is_its_json_text(sent, text):
    order = make_order(externalOrderId=json(sent), phone=json(sent), storeId=json(sent))
    assert (order.external_order_id, order.phone, order.store_id) == (text, text, text)


@pytest.mark.parametrize("name", ["externalOrderId", "externalCustomerId", "email", "storeId", "restoreUrl"])
@pytest.mark.parametrize("wrong", [[], {}, ["x"], {"a": "b"}])
def test_an_array_or_object_is_no_text(name, wrong):
    assert_invalid(name, wrong)


@pytest.mark.parametrize(
    ("name", "most"),
    [
        ("externalOrderId", 255),
        ("externalCustomerId", 255),
        ("email", 2_000),
        ("phone", 2_000),
        ("firstName", 2_000),
        ("lastName", 2_000),
        ("statusDescription", 2_000),
        ("storeId", 2_000),
        ("source", 2_000),
        ("deliveryMethod", 2_000),
        ("deliveryAddress", 2_000),
        ("paymentMethod", 2_000),
        ("additionalInfo", 2_000),
        ("restoreUrl", 2_048),
    ],
)
def test_texts_have_their_longest_length_in_characters(name, most):
    assert create(**{name: "Ї" * most}).problems == ()
    assert_invalid(name, "Ї" * (most + 1))


@pytest.mark.parametrize(
    ("name", "most"), [("externalItemId", 255), ("name", 2_000), ("url", 2_048), ("imageUrl", 2_048)]
)
def test_texts_of_items_have_their_longest_length_in_characters(name, most):
    item = {"externalItemId": 1, "name": "x", "quantity": 1, "cost": 1, "url": "x", "imageUrl": "x"}
    assert create(items=[{**item, name: "x" * most}]).problems == ()
    decision = create(items=[{**item, name: "x" * (most + 1)}])
    assert found_problems(decision) == [(f"/params/6/value/0/{name}", "invalid_parameter")]


def test_an_order_id_may_not_be_empty():
    assert_invalid("externalOrderId", "")


@pytest.mark.parametrize("name", ["externalCustomerId", "email", "source", "restoreUrl"])
def test_an_optional_text_may_be_empty(name):
    assert create(**{name: ""}).problems == ()


# Words


@pytest.mark.parametrize("sent", ["delivered", "DELIVERED ", "", "NEW", 1, True, [], {}])
def test_a_status_is_one_of_five_exactly(sent):
    assert_invalid("status", sent)


@pytest.mark.parametrize("sent", ["uah", "UA", "UAHH", "ZZZ", "", "₴", 980, True, [], {}])
def test_a_currency_is_three_capital_letters_of_iso_4217(sent):
    assert_invalid("currency", sent)


@pytest.mark.parametrize("code", sorted(CURRENCIES))
def test_every_currency_of_iso_4217_is_taken(code):
    assert make_order(currency=code).currency == code


def test_the_messages_quote_only_the_beginning_of_a_long_value():
    [problem] = create(totalCost="x" * 10_000).problems
    assert (len(problem.found), problem.found[-1]) == (80, "…")


def test_moments_before_the_zones_had_whole_hours_are_read_too():
    assert make_order(date="1900-01-01T00:00:00").date < datetime(1900, 1, 1, tzinfo=UTC)
    assert KYIV.utcoffset(datetime(2020, 5, 14)).total_seconds() == 3 * 3600  # noqa: DTZ001 - a local time
    assert create(currency=ABSENT).order.total_cost == Decimal("19.90")
