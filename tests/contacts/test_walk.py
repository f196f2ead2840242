"""Which rules look at what, and who decides: docs/rules.md, section 2. No database."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contacts.matching import Candidate, Match, Rule, RuleList, Step, candidates_of, walk
from contract.json_values import Number
from contract.parameters import Parameter

CUSTOMER = Rule("externalCustomerId", "externalCustomerId", "exact")
EMAIL = Rule("Email", "email", "email")
USER_EMAIL = Rule("UserEmail", "email", "email")
PHONE = Rule("Phone", "phone", "phone")
CARD = Rule("card", "loyaltyCard", "exact")
RULES = RuleList((CUSTOMER, EMAIL, USER_EMAIL, PHONE), {"cardSwiped": CARD})


def parameters(**values):
    return {name: Parameter(f"/params/{index}/value", value) for index, (name, value) in enumerate(values.items())}


def looked_at(event_type="orderCreated", rules=RULES, **values):
    """The (parameter, value, normal form) of each candidate, in order."""
    candidates = candidates_of(parameters(**values), event_type, rules, "UA")
    return [(candidate.rule.parameter, candidate.value, candidate.normalized) for candidate in candidates]


def match(found, event_type="orderCreated", **values):
    return walk(candidates_of(parameters(**values), event_type, RULES, "UA"), found)


# --- candidates_of ---------------------------------------------------------------------------------------------------


def test_rules_are_looked_at_in_their_own_order_and_not_in_that_of_the_message():
    assert looked_at(phone="0501234567", email="A@b.c", externalCustomerId="C1", totalCost="1") == [
        ("externalCustomerId", "C1", "C1"),
        ("Email", "A@b.c", "a@b.c"),
        ("Phone", "0501234567", "+380501234567"),
    ]


@pytest.mark.parametrize("name", ["Email", "EMAIL", "email", "eMaIl"])
def test_parameter_names_compare_without_regard_to_case(name):
    assert looked_at(**{name: "a@b.c"}) == [("Email", "a@b.c", "a@b.c")]


def test_of_names_that_differ_only_in_case_the_last_in_the_message_wins():
    assert looked_at(email="first@b.c", EMAIL="last@b.c") == [("Email", "last@b.c", "last@b.c")]


def test_null_is_absent_and_hides_no_other_spelling_of_the_name():
    assert looked_at(email=None) == []
    assert looked_at(email="a@b.c", EMAIL=None) == [("Email", "a@b.c", "a@b.c")]


def test_an_empty_text_is_present_and_finds_nobody():
    assert looked_at(email="") == [("Email", "", "")]
    assert match({("email", ""): 7}, email="") == Match(None, True, (Step("Email", "email", "", None, False),))


def test_numbers_and_booleans_are_looked_up_by_their_json_text():
    assert looked_at(externalCustomerId=42) == [("externalCustomerId", "42", "42")]
    assert looked_at(externalCustomerId=Number("1.50")) == [("externalCustomerId", "1.50", "1.50")]
    assert looked_at(externalCustomerId=True) == [("externalCustomerId", "true", "true")]
    assert looked_at(phone=380501234567) == [("Phone", "380501234567", "+380501234567")]


def test_a_list_or_object_is_shown_as_json_and_finds_nobody():
    assert looked_at(externalCustomerId=["C1"], email={"a": 1}) == [
        ("externalCustomerId", '["C1"]', ""),
        ("Email", '{"a":1}', ""),
    ]


def test_a_parameter_that_two_rules_read_is_looked_at_by_both():
    rules = RuleList((Rule("who", "email", "email"), Rule("WHO", "externalCustomerId", "exact")), {})
    assert looked_at(rules=rules, Who="A") == [("who", "A", "a"), ("WHO", "A", "A")]


def test_an_event_types_own_rule_comes_before_the_list():
    assert looked_at("cardSwiped", externalCustomerId="C1", card="77") == [
        ("card", "77", "77"),
        ("externalCustomerId", "C1", "C1"),
    ]


def test_an_event_types_own_rule_is_no_rule_of_other_event_types():
    assert looked_at("CardSwiped", card="77") == []
    assert looked_at("orderCreated", card="77") == []


# --- walk ------------------------------------------------------------------------------------------------------------


def test_the_first_rule_whose_value_finds_a_contact_decides():
    assert match({("email", "a@b.c"): 7}, externalCustomerId="C1", email="a@b.c") == Match(
        7,
        True,
        (
            Step("externalCustomerId", "externalCustomerId", "C1", None, False),
            Step("Email", "email", "a@b.c", 7, True),
        ),
    )


def test_a_later_identifier_of_another_contact_is_a_conflict_and_changes_nothing():
    found = {("externalCustomerId", "C1"): 3, ("email", "a@b.c"): 7}
    result = match(found, externalCustomerId="C1", email="a@b.c", phone="1")
    assert result.contact_id == 3
    assert result.conflicting == (Step("Email", "email", "a@b.c", 7, False),)
    assert [step.decided for step in result.trace] == [True, False, False]


def test_a_later_identifier_of_the_same_contact_is_no_conflict():
    result = match({("externalCustomerId", "C1"): 3, ("email", "a@b.c"): 3}, externalCustomerId="C1", email="a@b.c")
    assert result.conflicting == ()
    assert [step.decided for step in result.trace] == [True, False]


def test_an_event_types_own_rule_decides_before_the_list_and_else_the_list_follows():
    found = {("externalCustomerId", "C1"): 3, ("loyaltyCard", "77"): 9}
    assert match(found, "cardSwiped", externalCustomerId="C1", card="77").contact_id == 9
    assert match(found, "cardSwiped", externalCustomerId="C1", card="78").contact_id == 3


def test_an_event_without_any_identifier_says_so():
    assert match({("email", "a@b.c"): 7}, totalCost="1") == Match(None, False, ())


def test_identifiers_that_find_nobody_are_traced():
    assert match({}, email="a@b.c") == Match(None, True, (Step("Email", "email", "a@b.c", None, False),))


def test_a_very_long_value_is_cut_in_the_trace():
    [step] = match({}, email="x" * 100_000).trace
    assert step.value == "x" * 1_999 + "…"


rules = st.builds(
    Rule, st.sampled_from("abcde"), st.sampled_from(["email", "phone", "card"]), st.sampled_from(["exact", "email"])
)
candidate_lists = st.lists(
    st.builds(Candidate, rules, st.just("sent"), st.sampled_from(["", "x", "y", "z"])), max_size=8
).map(tuple)
found_maps = st.dictionaries(
    st.tuples(st.sampled_from(["email", "phone", "card"]), st.sampled_from(["x", "y", "z"])), st.integers(1, 3)
)


@given(candidate_lists, found_maps)
def test_the_deciding_step_is_the_first_with_a_contact_and_every_candidate_is_traced(candidates, found):
    result = walk(candidates, found)
    named = [step for step in result.trace if step.contact_id is not None]
    assert len(result.trace) == len(candidates)
    assert [step for step in result.trace if step.decided] == named[:1]
    assert result.contact_id == (named[0].contact_id if named else None)
    assert result.has_identifier == bool(candidates)


@given(candidate_lists, found_maps, st.randoms(use_true_random=False))
def test_the_match_never_depends_on_the_order_of_what_was_found(candidates, found, chance: random.Random):
    shuffled = list(found.items())
    chance.shuffle(shuffled)
    assert walk(candidates, dict(shuffled)) == walk(candidates, found)


@given(candidate_lists, found_maps)
def test_what_no_candidate_asked_for_changes_nothing(candidates, found):
    asked = {key: contact_id for key, contact_id in found.items() if key in {one.key for one in candidates}}
    assert walk(candidates, asked) == walk(candidates, found)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.builds(Number, st.just("1.5e3")),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)
names = st.text(max_size=4) | st.sampled_from(["email", "EMAIL", "phone", "externalCustomerId", "card"])


@given(st.dictionaries(names, json_values, max_size=6), st.sampled_from(["orderCreated", "cardSwiped"]))
def test_no_parameters_make_the_walk_raise(values, event_type):
    present = {name: Parameter("/x", value) for name, value in values.items()}
    candidates = candidates_of(present, event_type, RULES, "UA")
    assert all(isinstance(candidate.value, str) for candidate in candidates)
    walk(candidates, {})
