"""What is found of a person in texts, in any spelling, and what is left alone because it is somebody else's."""

import json
from urllib.parse import quote

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contacts.erasure_json import erase_in
from contacts.erasure_values import MARK, ErasedIdentifier, ErasedPerson, Seen, texts_in, unescape


def person(*identifiers: tuple[str, str, str, str], first: str = "", last: str = "", lines: tuple[str, ...] = ()):
    return ErasedPerson(7, first, last, lines, tuple(ErasedIdentifier(*one) for one in identifiers))


ANNA = person(
    ("email", "email", "Anna.Koval@Example.com", "anna.koval@example.com"),
    ("phone", "phone", "050 123 45 67", "+380501234567"),
    ("externalCustomerId", "exact", "AV13760", "AV13760"),
    ("contactKey", "exact", "42", "42"),
    first="Zo\u00eb",
    last="Ковальчук",
    lines=("вул. Хрещатик 22", "Kyiv", "MT-123456"),
)


@pytest.mark.parametrize(
    "text",
    [
        "Anna.Koval@Example.com",
        "ANNA.KOVAL@EXAMPLE.COM",
        "\uff41nna.koval@example.com",  # a letter of full width
        "anna.koval%40example.com",
        "Anna%2EKoval%40Example%2Ecom",
        "+380501234567",
        "380501234567",
        "0501234567",
        "501234567",
        "+38 (050) 123-45-67",
        "00380 50 123 45 67",
        "+38\u00a0050\u2011123\u201145\u201167",
        "٠٥٠١٢٣٤٥٦٧",
        "%2B380501234567",
        "AV13760",
        "av13760",
    ],
)
def test_whatever_names_the_person_is_found_in_every_spelling(text):
    assert ANNA.identifying.erase(text).lstrip("+") == MARK
    assert ANNA.identifying.erase(f"see <{text}>, please").replace("+", "") == f"see <{MARK}>, please"
    assert ANNA.identifying.may_be_in(json.dumps({"a": json.dumps([text])}))


@pytest.mark.parametrize(
    "text",
    [
        "joanna.koval@example.com",
        "x.anna.koval@example.com",
        "anna.koval@example.com.ua",
        "anna.koval@example.community",
        "1501234567",
        "5012345678",
        "+48501234567",
        "AV137601",
        "XAV13760",
        "42",
        "Zo\u00eb Ковальчук",
        "",
        "%",
        "100%",
        "%zz",
    ],
)
def test_what_only_looks_alike_is_left_as_it_is(text):
    assert ANNA.identifying.erase(text) is text


@pytest.mark.parametrize(
    ("text", "erased"),
    [
        ("ZO\u00cb", MARK),
        ("Zoe\u0308 Ковальчук", MARK),
        ("Zoey", "Zoey"),
        ("для Zo\u00eb, КОВАЛЬЧУК", f"для {MARK}, {MARK}"),
        ("Ковальчука", "Ковальчука"),
        ("у вул. Хрещатик 22.", f"у {MARK}."),
        ("Kyiv", "Kyiv"),  # a line that many have
        ("mt-123456", MARK),
    ],
)
def test_in_what_is_the_persons_own_names_and_lines_are_found_too(text, erased):
    assert ANNA.own.erase(text) == erased


def test_a_full_name_is_found_in_either_order_and_a_single_name_is_not():
    finder = ANNA.identifying_or_full_name
    assert finder.erase("Mug for Ковальчук Zo\u00eb") == f"Mug for {MARK}"
    assert finder.erase("Mug of Zo\u00eb") == "Mug of Zo\u00eb"


@pytest.mark.parametrize(
    ("value", "erased"),
    [
        (380501234567, MARK),
        (42, 42),
        (True, True),
        (None, None),
        ({"AV13760": ["0501234567", 1]}, {MARK: [MARK, 1]}),
        ('{"to": "\\u0041nna.koval@example.com", "n": 1.50}', '{"to":"█","n":1.50}'),
        ('[{"a": 1}]', '[{"a": 1}]'),
        ("{not json: anna.koval@example.com", "{not json: █"),
        ('{"a": "anna.koval@example.com", "a": "x"}', '{"a":"x"}'),  # the first of two is hidden by the second
    ],
)
def test_values_are_found_wherever_json_holds_them(value, erased):
    assert erase_in(value, ANNA.identifying) == erased


def test_an_identifier_that_any_text_may_hold_is_looked_for_as_a_whole_value_only():
    assert ANNA.may_be_named_in(Seen('{"contactKey": "42"}'))
    assert ANNA.may_be_named_in(Seen('{"contactKey": 42}'))
    assert not ANNA.may_be_named_in(Seen('{"contactKey": 420, "n": "142", "m": 42.5}'))


@pytest.mark.parametrize("number", ["+390612345678", "+79161234567", "+12025550123", "+8613800138000", "+3725123456"])
def test_phones_of_other_countries_are_found_as_they_are_written_there(number):
    parsed = phonenumbers.parse(number)
    somebody = person(("phone", "phone", number, number))
    for form in (phonenumbers.PhoneNumberFormat.NATIONAL, phonenumbers.PhoneNumberFormat.INTERNATIONAL):
        written = phonenumbers.format_number(parsed, form)
        assert somebody.identifying.erase(f"tel {written}").replace("(", "") == f"tel {MARK}", written


def test_texts_are_gathered_from_anywhere_in_a_value():
    assert texts_in({"a": ["x", {"b": 7}], "c": None, "d": True}) == ["x", "7"]


TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))


@given(TEXT, TEXT)
def test_no_text_keeps_an_email_in_any_case_or_escape(before, after):
    text = f"{before} ANNA.koval@example.com {after}"
    for spelled in (text, json.dumps(text), json.dumps(json.dumps(text)), quote(text)):
        assert ANNA.identifying.may_be_in(spelled)
    assert "anna.koval@example.com" not in ANNA.own.erase(text).casefold()
    assert "anna.koval@example.com" not in ANNA.own.erase(quote(text)).casefold()


@given(TEXT)
def test_erasing_twice_is_erasing_once_and_any_text_can_be_looked_at(text):
    once = ANNA.own.erase(text)
    assert ANNA.own.erase(once) == once
    assert len(once) <= len(text)
    unescape(text)


@given(st.lists(st.sampled_from(["", " ", "-", ".", "(", ")", "\u00a0", "  "]), min_size=9, max_size=9))
def test_no_separators_hide_a_phone(separators):
    spelled = "".join(digit + separator for digit, separator in zip("050123456", separators, strict=True)) + "7"
    assert ANNA.identifying.may_be_in(spelled)
    assert ANNA.identifying.erase(spelled) == MARK
