"""What the console takes off a value to see whether it would name somebody."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from contacts.cleaning import clean


@pytest.mark.parametrize(
    "value",
    [
        " anna@example.com",
        "anna@example.com\u200b",
        "mailto:anna@example.com",
        "MAILTO:anna@example.com?subject=hello",
        "<anna@example.com>",
        '"anna@example.com"',
        "Anna Koval <anna@example.com>",
        "anna @ example.com",
        "anna@example.com;",
        "anna@example.com\u00a0\r\n",
        "ａnna@example.com",
    ],
)
def test_an_address_is_found_in_what_is_around_it(value):
    assert clean(value, "email") == "anna@example.com"


@pytest.mark.parametrize(
    ("value", "phone"),
    [
        ("tel:+380501234567", "+380501234567"),
        ("+38 (050) 123-45-67", "+380501234567"),
        ("050.123.45.67 ext. 12", "0501234567"),
        ("\u202a+380501234567\u202c", "+380501234567"),
        ("٠٥٠١٢٣٤٥٦٧", "0501234567"),
        ("'0501234567", "0501234567"),
    ],
)
def test_a_phone_is_found_in_what_is_around_it(value, phone):
    assert clean(value, "phone") == phone


@pytest.mark.parametrize(("value", "text"), [(" C-17 ", "C-17"), ('"C 17"', "C 17"), ("C-17", "C-17")])
def test_any_other_value_keeps_all_but_its_surroundings(value, text):
    assert clean(value, "exact") == text


@example("R¸", "email")  # its compatible form is a space with a mark
@given(st.text(max_size=60), st.sampled_from(["email", "phone", "exact"]))
def test_what_is_clean_stays_as_it_is_and_nothing_raises(value, normal_form):
    once = clean(value, normal_form)
    assert clean(once, normal_form) == once
