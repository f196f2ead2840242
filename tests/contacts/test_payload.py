"""What a contact that was sent says, and everything that can be wrong with it at once. No database."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contacts.address_book import AddressBook
from contacts.change import ContactChange, GivenGroup, GivenIdentifier
from contacts.payload import ContactError, read_contact
from contract.json_values import Number

BOOK = AddressBook(region="UA", declared={"loyaltyCard": "exact", "workEmail": "email"})
ANNA = {"externalCustomerId": "AV13760"}


def posted(**members):
    return read_contact({**ANNA, **members}, BOOK)


def put(**members):
    return read_contact(members, BOOK, contact_id=7)


def problems(payload, **options):
    with pytest.raises(ContactError) as refusal:
        read_contact(payload, BOOK, **options)
    return [(problem.pointer, problem.code) for problem in refusal.value.problems]


def test_the_members_of_a_contact_are_read():
    assert read_contact(
        {
            "firstName": "Anna",
            "lastName": "Koval",
            "channels": [
                {"type": "email", "value": "Anna@Example.com"},
                {"type": "sms", "value": "380501234567"},
                {"type": "mobilepush", "value": "T1", "device": "phone"},
                {"type": "webpush", "value": "T2"},
            ],
            "externalCustomerId": "AV13760",
            "contactKey": "K1",
            "address": {"town": "Kyiv", "postcode": 1001, "region": None},
            "fields": [{"id": 30, "value": "x"}, {"name": "size", "value": Number("1.50")}],
            "groups": ["VIP", {"name": "Buyers", "id": 4, "other": 1}],
            "somethingElse": [1],
        },
        BOOK,
    ) == ContactChange(
        first_name="Anna",
        last_name="Koval",
        address={"town": "Kyiv", "postcode": 1001},
        groups=(GivenGroup(name="VIP", pointer="/groups/0"), GivenGroup(name="Buyers", pointer="/groups/1")),
        fields={"30": "x", "size": Decimal("1.50")},
        identifiers=(
            GivenIdentifier(
                kind="externalCustomerId", value="AV13760", normalized="AV13760", pointer="/externalCustomerId"
            ),
            GivenIdentifier(kind="contactKey", value="K1", normalized="K1", pointer="/contactKey"),
            GivenIdentifier(
                kind="email", value="Anna@Example.com", normalized="anna@example.com", pointer="/channels/0/value"
            ),
            GivenIdentifier(
                kind="phone", value="380501234567", normalized="+380501234567", pointer="/channels/1/value"
            ),
            GivenIdentifier(
                kind="pushToken", value="T1", normalized="T1", push_channel="mobilepush", pointer="/channels/2/value"
            ),
            GivenIdentifier(
                kind="pushToken", value="T2", normalized="T2", push_channel="webpush", pointer="/channels/3/value"
            ),
        ),
    )


def test_what_is_absent_or_null_says_nothing():
    nothing = read_contact(ANNA, BOOK)
    assert nothing == posted(
        firstName=None, lastName=None, channels=None, contactKey=None, address=None, fields=None, groups=None, id=None
    )
    assert (nothing.first_name, nothing.address, nothing.groups, nothing.fields) == (None, None, None, {})
    assert (nothing.emptied, [given.kind for given in nothing.identifiers]) == (frozenset(), ["externalCustomerId"])


def test_an_empty_text_that_is_posted_says_nothing():
    assert posted(
        firstName="", contactKey="", channels=[{"type": "sms", "value": ""}], fields=[{"name": "a", "value": ""}]
    ) == posted()  # fmt: skip


def test_an_empty_text_that_is_put_empties_what_it_names():
    change = put(
        firstName="",
        externalCustomerId="",
        channels=[{"type": "sms", "value": ""}, {"type": "webpush", "value": ""}],
        fields=[{"name": "size", "value": ""}, {"name": "loyaltyCard", "value": ""}],
    )
    assert change.first_name == ""
    assert change.fields == {"size": None, "loyaltyCard": None}
    assert change.emptied == {
        ("externalCustomerId", ""),
        ("phone", ""),
        ("pushToken", "webpush"),
        ("loyaltyCard", ""),
    }


def test_texts_sent_as_numbers_or_booleans_are_taken_as_their_json_text():
    change = posted(
        firstName=42, lastName=True, externalCustomerId=7, channels=[{"type": "sms", "value": 380501234567}]
    )
    assert (change.first_name, change.last_name) == ("42", "true")
    assert [(given.value, given.normalized) for given in change.identifiers] == [
        ("7", "7"),
        ("380501234567", "+380501234567"),
    ]


def test_a_field_of_a_declared_kind_is_an_identifier_too():
    change = read_contact(
        {"fields": [{"name": "loyaltyCard", "value": 77}, {"name": "workEmail", "value": "A@b.c"}]}, BOOK
    )
    assert change.fields == {"loyaltyCard": 77, "workEmail": "A@b.c"}
    assert [given.key for given in change.identifiers] == [("loyaltyCard", "77"), ("workEmail", "a@b.c")]


def test_a_field_named_like_a_kind_of_the_product_is_only_a_field():
    assert [given.kind for given in posted(fields=[{"name": "email", "value": "a@b.c"}]).identifiers] == [
        "externalCustomerId"
    ]


def test_an_identifier_given_twice_is_one():
    change = posted(channels=[{"type": "sms", "value": "0501234567"}, {"type": "sms", "value": "+380501234567"}])
    assert [given.value for given in change.identifiers if given.kind == "phone"] == ["+380501234567"]


def test_a_contact_that_nothing_could_find_is_refused_when_it_is_posted():
    assert problems({"firstName": "Anna"}) == [("", "missing_parameter")]
    assert problems({"firstName": "Anna", "channels": [{"type": "sms", "value": ""}]}) == [("", "missing_parameter")]
    assert put(firstName="Anna").identifiers == ()


def test_a_posted_contact_may_be_named_by_its_id_alone():
    assert read_contact({"id": 7, "firstName": "Anna"}, BOOK).contact_id == 7
    assert read_contact({"id": "7"}, BOOK).contact_id == 7


def test_a_put_contact_may_only_repeat_the_id_of_its_address():
    assert put(id=7).contact_id == 7
    assert problems({"id": 8}, contact_id=7) == [("/id", "invalid_parameter")]


def test_every_problem_is_listed_with_its_pointer():
    assert problems(
        {
            "firstName": ["Anna"],
            "lastName": "x" * 2_001,
            "externalCustomerId": "x" * 256,
            "contactKey": {"a": 1},
            "channels": [
                {"type": "email", "value": "no at sign"},
                {"type": "sms", "value": "none"},
                {"type": "pigeon", "value": "x"},
                "a@b.c",
                {"type": ["sms"], "value": "1"},
                {"type": "webpush", "value": "x" * 1_601},
            ],
            "address": {"town": ["Kyiv"], "": "x", "a/b": "x" * 2_001},
            "fields": [{"value": 1}, {"name": "a", "value": "x" * 2_001}, 5, {"name": "loyaltyCard", "value": [1]}],
            "groups": [5, {}, {"id": "x"}, "", {"name": 5, "id": 4}],
            "id": "x",
        }
    ) == [
        (pointer, "invalid_parameter")
        for pointer in [
            "/id",
            "/fields/0",
            "/fields/1/value",
            "/fields/2",
            "/fields/3/value",
            "/externalCustomerId",
            "/contactKey",
            "/channels/0/value",
            "/channels/1/value",
            "/channels/2",
            "/channels/3",
            "/channels/4",
            "/channels/5/value",
            "/firstName",
            "/lastName",
            "/address/town",
            "/address/",
            "/address/a~1b",
            "/groups/0",
            "/groups/1",
            "/groups/2",
            "/groups/3",
            "/groups/4",
        ]
    ]


@pytest.mark.parametrize("member", ["channels", "fields", "groups", "address"])
@pytest.mark.parametrize("value", ["text", 5, True])
def test_a_list_or_object_must_be_one(member, value):
    assert problems({**ANNA, member: value}) == [(f"/{member}", "invalid_parameter")]


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("channels", [{"type": "sms", "value": "1"}] * 101),
        ("fields", [{"name": "a", "value": 1}] * 1_001),
        ("groups", ["a"] * 1_001),
        ("address", {str(n): "x" for n in range(101)}),
    ],
)
def test_lists_have_a_length_that_is_taken(member, value):
    assert problems({**ANNA, member: value}) == [(f"/{member}", "invalid_parameter")]


@pytest.mark.parametrize("text", ["1e400", "1e999999999", "1e9999999999999999999999", "-1E-200", "1." + "0" * 100])
def test_a_number_that_no_column_could_hold_is_refused(text):
    for value in (Number(text), [Number(text)], {"a": Number(text)}):
        assert problems({**ANNA, "fields": [{"name": "a", "value": value}]}) == [
            ("/fields/0/value", "invalid_parameter")
        ]
    assert problems({**ANNA, "address": {"a": Number(text)}}) == [("/address/a", "invalid_parameter")]


def test_an_integer_of_a_hundred_digits_is_the_longest():
    assert posted(fields=[{"name": "a", "value": 10**99}]).fields == {"a": 10**99}
    assert problems({**ANNA, "fields": [{"name": "a", "value": 10**100}]}) == [("/fields/0/value", "invalid_parameter")]


def test_at_most_a_hundred_problems_are_listed():
    assert len(problems({**ANNA, "fields": [5] * 1_000})) == 100


@pytest.mark.parametrize("payload", [None, 5, "x", [ANNA]])
def test_what_is_no_object_is_no_contact(payload):
    assert problems(payload, pointer="/contact") == [("/contact", "invalid_parameter")]


def test_pointers_begin_where_the_contact_stands_in_the_message():
    assert problems({"firstName": []}, pointer="/contacts/3") == [
        ("/contacts/3/firstName", "invalid_parameter"),
        ("/contacts/3", "missing_parameter"),
    ]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.sampled_from([Number("1.5"), Number("1e999")]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
entries = st.fixed_dictionaries(
    {}, optional={"type": st.sampled_from(["email", "sms", "webpush"]) | json_values, "value": json_values,
                  "name": json_values, "id": json_values}
)  # fmt: skip
payloads = st.fixed_dictionaries(
    {},
    optional={
        "id": json_values,
        "firstName": json_values,
        "externalCustomerId": json_values,
        "address": json_values,
        "groups": json_values | st.lists(entries, max_size=3),
        "channels": json_values | st.lists(entries, max_size=3),
        "fields": json_values | st.lists(entries, max_size=3),
    },
)


@given(payloads, st.none() | st.just(7))
def test_any_payload_is_read_or_refused_with_problems(payload, contact_id):
    try:
        change = read_contact(payload, BOOK, contact_id=contact_id)
    except ContactError as refusal:
        found = refusal.problems
    else:
        found = ()
        assert all(given.normalized for given in change.identifiers)
        assert contact_id in (None, change.contact_id)
    assert all(problem.pointer == "" or problem.pointer[0] == "/" for problem in found)
