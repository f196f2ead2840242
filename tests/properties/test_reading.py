"""Whatever is sent is taken exactly or told as a problem: no value in any place makes the rules raise."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from contract.currencies import CURRENCIES, format_money
from contract.json_values import Number, decode, encode, escape_pointer
from contract.reasons import Reason, Status, pick_reason
from orders.rules import DELETION_TYPE, ORDER_EVENT_TYPES, decide
from orders.values import MONEY_DECIMALS, custom_value, read_decimal
from tests.orders.building import FOUND, ITEM, NO_IDENTIFIER, create, make_event, make_order
from tests.strategies import json_values, number_literals, number_of, plain_amounts, wild_values

EXISTING = make_order(items=[ITEM], note="x")


@given(
    event_type=st.sampled_from(sorted(ORDER_EVENT_TYPES)),
    values=wild_values(),
    match=st.sampled_from([FOUND, NO_IDENTIFIER]),
    order=st.sampled_from([None, EXISTING]),
)
def test_no_json_value_in_any_place_makes_the_rules_raise(event_type, values, match, order):
    decision = decide(make_event(event_type, values, match=match), order)
    assert decision.status is (Status.IGNORED if decision.problems else Status.APPLIED)
    assert decision.reason is pick_reason({Reason(problem.code) for problem in decision.problems})
    assert (decision.order is None) == (bool(decision.problems) or event_type == DELETION_TYPE)
    assert decode(encode(decision.changes)) is not None
    for problem in decision.problems:
        assert problem.detail


def resolve(pointer: str, document):
    """What a JSON pointer leads to (RFC 6901)."""
    for token in pointer.split("/")[1:]:
        name = token.replace("~1", "/").replace("~0", "~")
        document = document[int(name)] if isinstance(document, list) else document[name]
    return document


@given(wild_values())
def test_every_pointer_leads_to_what_was_found(values):
    decision = decide(make_event("orderCreated", values), None)
    items = values.get("items")
    if isinstance(items, str):
        try:
            values = {**values, "items": decode(items)}  # pointers go on into the content of the string
        except ValueError:
            return
    message = {"params": [{"name": name, "value": value} for name, value in values.items()]}
    for problem in decision.problems:
        found = resolve(problem.pointer, message)
        if problem.code == Reason.INVALID_PARAMETER and problem.found.endswith("}") and len(problem.found) < 80:
            assert encode(found) == problem.found


@given(plain_amounts())
def test_money_of_any_digits_keeps_its_value_and_its_decimals(text):
    whole, point, decimals = text.partition(".")
    kept = (whole.lstrip("0") or "0") + point + decimals
    assert str(create(totalCost=text).order.total_cost) == kept
    if whole == "0" or not whole.startswith("0"):
        assert str(create(totalCost=number_of(text)).order.total_cost) == kept


@given(number_literals)
def test_a_number_is_read_exactly_or_not_at_all(literal):
    amount = read_decimal(number_of(literal), MONEY_DECIMALS)
    exact = Decimal(literal)
    expanded = format(abs(exact), "f") if not exact or exact.adjusted() < 100 else "9" * 100
    digits = expanded.replace(".", "")
    decimals = len(expanded.partition(".")[2])
    fits = len(digits if decimals == 0 else digits.lstrip("0").rjust(decimals, "0")) <= 18 and decimals <= 4
    if fits and exact >= 0:
        assert str(amount) == expanded
    else:
        assert amount is None


@given(plain_amounts(), st.sampled_from(sorted(CURRENCIES)))
def test_money_is_shown_with_its_value_and_never_with_fewer_decimals(text, currency):
    shown = format_money(Decimal(text), currency)
    assert Decimal(shown) == Decimal(text)
    assert len(shown.partition(".")[2]) >= len(text.partition(".")[2])
    assert "E" not in shown


def depth(value) -> int:
    if isinstance(value, dict):
        return 1 + max(map(depth, value.values()), default=0)
    if isinstance(value, list):
        return 1 + max(map(depth, value), default=0)
    return 0


@given(json_values)
def test_no_custom_field_is_deeper_than_the_second_level(value):
    kept = custom_value(value)
    objects = [member for member in kept if isinstance(member, dict)] if isinstance(kept, list) else [kept]
    assert all(depth(one) <= 1 for one in objects)
    assert depth(kept) <= 2


@given(json_values)
def test_what_is_nested_deeper_is_kept_as_json_text_of_the_same_value(value):
    kept = custom_value({"inner": value})["inner"]
    if isinstance(value, list | dict):
        assert decode(kept) == value
    elif isinstance(value, Number):
        assert Decimal(str(kept)) == Decimal(value.text)
    elif not isinstance(value, int) or isinstance(value, bool):
        assert kept == value


@given(st.dictionaries(st.text("ab~/", min_size=1), json_values, max_size=3))
def test_names_in_pointers_are_escaped(members):
    for name, value in members.items():
        assert resolve(f"/{escape_pointer(name)}", {name: value}) == value
