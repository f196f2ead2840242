"""Money is shown with the decimals that were sent, at least the currency's own."""

from decimal import Decimal

import pytest

from contract.currencies import CURRENCIES, format_money, minor_units


@pytest.mark.parametrize(("code", "decimals"), [("UAH", 2), ("EUR", 2), ("JPY", 0), ("KWD", 3), ("CLF", 4), ("ISK", 0)])
def test_each_currency_has_its_own_decimals(code, decimals):
    assert minor_units(code) == decimals


def test_codes_are_three_capital_letters_and_stand_in_the_list_once():
    assert all(len(code) == 3 and code.isascii() and code.isupper() for code in CURRENCIES)
    assert len(CURRENCIES) == 190


@pytest.mark.parametrize(
    ("amount", "code", "shown"),
    [
        ("258", "UAH", "258.00"),
        ("258.0", "UAH", "258.00"),
        ("258.125", "UAH", "258.125"),
        ("258.1000", "UAH", "258.1000"),
        ("258", "JPY", "258"),
        ("258.5", "JPY", "258.5"),
        ("1.5", "KWD", "1.500"),
        ("0", "EUR", "0.00"),
        ("1E+3", "EUR", "1000.00"),
        ("1E-4", "EUR", "0.0001"),
        ("-0.5", "EUR", "-0.50"),
        ("99999999999999.9999", "EUR", "99999999999999.9999"),
    ],
)
def test_money_has_at_least_the_decimals_of_its_currency_and_never_an_exponent(amount, code, shown):
    assert format_money(Decimal(amount), code) == shown
