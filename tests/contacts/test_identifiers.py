"""When two identifiers are the same: docs/rules.md, section 2."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contacts import identifiers
from contacts.identifiers import is_contact_id, normalize
from contacts.models import NormalForm

UA = "UA"


def phone(value: str, region: str = UA) -> str:
    return normalize("phone", NormalForm.PHONE, value, region)


def email(value: str) -> str:
    return normalize("email", NormalForm.EMAIL, value, UA)


def exact(value: str, kind: str = "externalCustomerId") -> str:
    return normalize(kind, NormalForm.EXACT, value, UA)


@pytest.mark.parametrize(
    "written",
    ["380501234567", "+380 50 123 45 67", "0501234567", "(050) 123-45-67", "00380501234567", "tel:+380501234567"],
)
def test_one_phone_is_the_same_however_it_is_written(written):
    assert phone(written) == "+380501234567"


def test_a_phone_without_a_country_code_is_a_number_of_the_accounts_region():
    assert phone("020 7946 0958", "GB") == "+442079460958"
    assert phone("020 7946 0958", "UA") != "+442079460958"


@pytest.mark.parametrize(
    ("value", "digits"), [("A-1", "1"), ("1 2", "12"), ("9" * 300, "9" * 300), ("x", ""), ("", "")]
)
def test_a_phone_that_does_not_parse_compares_as_its_digits(value, digits):
    assert phone(value) == digits


def test_emails_compare_without_regard_to_case_in_any_script():
    assert email("Anna@Example.COM") == email("anna@example.com") == "anna@example.com"
    assert email("ОЛЕНА@пошта.укр") == email("олена@пошта.укр")
    assert email("STRASSE@example.com") == email("straße@example.com")


def test_nothing_is_trimmed_off_an_email():
    assert email(" anna@example.com") != email("anna@example.com")


def test_every_other_value_compares_exactly():
    assert exact("AV13760") == "AV13760"
    assert exact("av13760") != exact("AV13760")
    assert exact(" AV13760") != exact("AV13760")


@pytest.mark.parametrize("value", ["1", "42", str(2**63 - 1)])
def test_a_contact_id_is_a_positive_integer_as_we_write_it(value):
    assert is_contact_id(value)
    assert exact(value, "contactId") == value


@pytest.mark.parametrize(
    "value", ["", "0", "-1", "+1", "042", "4.0", "4e0", " 42", "42\n", "٤٢", "４２", "²", str(2**63), "9" * 4000, "abc"]
)
def test_what_is_no_contact_id_names_nobody(value):
    assert not is_contact_id(value)
    assert exact(value, "contactId") == ""


@pytest.mark.parametrize("value", ["x" * 1_601, "é" * 801, "ﬃ" * 400])
def test_a_value_too_long_to_be_kept_names_nobody(value):
    assert exact("x" * 1_600) == "x" * 1_600
    assert exact(value + value) == ""
    assert email(value + value) == ""


def test_the_normal_forms_are_those_of_the_models():
    assert {identifiers.EMAIL_FORM, identifiers.PHONE_FORM, "exact"} == set(NormalForm.values)


@given(st.text(), st.sampled_from(NormalForm.values), st.sampled_from(["UA", "US", "IT", "ZZ", ""]))
def test_no_text_makes_the_normal_form_raise(value, form, region):
    normalize("kind", form, value, region)


phone_like = st.text(alphabet="0123456789+-() ;=:٠٥²ext.,/#*～＋abc", max_size=40)


@given(phone_like)
def test_a_normalized_phone_is_ascii_digits_after_an_optional_plus(value):
    normalized = phone(value)
    assert normalized == "" or (normalized.isascii() and normalized.removeprefix("+").isdigit())


@given(phone_like | st.text())
def test_a_normalized_value_is_its_own_normal_form(value):
    assert email(email(value)) == email(value)
    assert exact(exact(value)) == exact(value)


def test_parsed_phones_are_kept_in_a_cache_that_is_bounded():
    assert identifiers._normalize_phone.cache_info().maxsize == 16_384
    phone("0501112233")
    before = identifiers._normalize_phone.cache_info()
    phone("0501112233")
    assert identifiers._normalize_phone.cache_info().hits == before.hits + 1
