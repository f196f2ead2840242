"""What a value of a contact field may be, and in which form it is kept. No database."""

from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contacts.address_book import AddressBook, Field
from contacts.field_types import ANY, EXPECTED, read_field_value
from contacts.models import FieldType
from contacts.payload import ContactError, read_contact
from contract.json_values import Number
from tests.contacts.test_payload import json_values

KYIV = ZoneInfo("Europe/Kyiv")


def book(field_type, key="size", number=30):
    field = Field(id=number, key=key, name="Size", type=field_type)
    return AddressBook(region="UA", time_zone=KYIV, fields={key: field})


def posted(field_type, value, **named):
    payload = {"contactKey": "K1", "fields": [{**(named or {"id": 30}), "value": value}]}
    return read_contact(payload, book(field_type)).fields


@pytest.mark.parametrize(
    ("field_type", "value", "kept"),
    [
        ("text", "x", "x"),
        ("text", 42, "42"),
        ("text", Number("1.50"), "1.50"),
        ("text", True, "true"),
        ("integer", 42, 42),
        ("integer", "-42", -42),
        ("integer", "007", 7),
        ("decimal", Number("1.50"), Decimal("1.50")),
        ("decimal", "1.50", Decimal("1.50")),
        ("decimal", 2, Decimal(2)),
        ("boolean", True, True),
        ("boolean", False, False),
        ("boolean", "TRUE", True),
        ("date", "2026-02-28", "2026-02-28"),
        ("datetime", "2026-05-14T10:11:00+02:00", "2026-05-14T11:11:00+03:00"),
        ("datetime", "2026-05-14T10:11", "2026-05-14T10:11:00+03:00"),
        ("datetime", "2026-01-14T10:11:00Z", "2026-01-14T12:11:00+02:00"),
    ],
)
def test_a_value_is_kept_in_the_form_of_its_fields_type(field_type, value, kept):
    assert posted(field_type, value) == {"size": kept}
    assert type(posted(field_type, value)["size"]) is type(kept)


@pytest.mark.parametrize(
    ("field_type", "value"),
    [
        ("text", "x" * 2_001),
        ("text", ["x"]),
        ("integer", "x"),
        ("integer", Number("1.5")),
        ("integer", Number("1e3")),
        ("integer", 10**18),
        ("integer", True),
        ("integer", "٤٢"),
        ("decimal", "1,50"),
        ("decimal", Number("1e5")),
        ("decimal", "NaN"),
        ("decimal", "1." + "0" * 10),
        ("boolean", 1),
        ("boolean", "yes"),
        ("date", "2026-02-29"),
        ("date", "14.05.2026"),
        ("date", "2026-05-14T10:11:00"),
        ("datetime", "2026-05-14"),
        ("datetime", "soon"),
        ("date", {"day": 1}),
    ],
)
def test_a_value_of_another_type_is_refused_naming_the_field_and_the_fix(field_type, value):
    with pytest.raises(ContactError) as refusal:
        posted(field_type, value)
    [problem] = refusal.value.problems
    assert (problem.pointer, problem.code) == ("/fields/0/value", "invalid_parameter")
    assert "the field size" in problem.detail.lower()
    assert problem.expected == EXPECTED[field_type]


def test_a_field_is_the_same_by_its_id_and_by_its_key():
    for named in ({"id": 30}, {"id": "30"}, {"name": "size"}, {"name": "size", "id": 7}):
        assert posted("integer", "42", **named) == {"size": 42}
    assert posted("integer", "42", id=31) == {"31": "42"}
    assert posted("integer", "42", name="Size") == {"Size": "42"}


def test_every_type_has_its_reader_and_its_words():
    assert set(EXPECTED) == {ANY, *FieldType.values}


@given(st.sampled_from(sorted(EXPECTED)), json_values.filter(lambda value: value is not None))
def test_any_value_is_kept_or_refused(field_type, value):
    kept = read_field_value(field_type, value, KYIV)
    if kept is not None and field_type != ANY:
        assert read_field_value(field_type, Number(str(kept)) if isinstance(kept, Decimal) else kept, KYIV) == kept
