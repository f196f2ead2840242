"""Variables for messages: what they are called, and what a template becomes (docs/rules.md, section 7)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.json_values import Number, encode
from contract.parameters import Parameter
from events import variables as module
from events.variables import MAX_VARIABLES, Found, Rendered, TextTooLongError, render, variables_of
from tests.strategies import json_values, texts

ITEMS = [{"name": "Super Device", "cost": Number("19.90"), "sizes": [1, Number("1e2")]}, {"name": None, "quantity": 2}]


def named(found=None, **parameters):
    """The variables of an event 7 with the key “k”."""
    sent = {name: Parameter(f"/params/{name}", value) for name, value in parameters.items()}
    return variables_of("k", "7", sent, found or Found())


def test_order_id_is_the_events_own_and_the_orders_stands_beside_it():
    found = named(Found(order_id=3, contact_id=5, email="Olha@example.com", phone="050 123"), orderId="x")
    assert found == {
        "eventKey": "k",
        "orderId": "7",
        "order.orderId": "3",
        "contactId": "5",
        "EmailAddress": "Olha@example.com",
        "SMS": "050 123",
    }


def test_what_was_not_found_leaves_its_name_to_the_parameter_that_was_sent():
    assert named(EmailAddress="sent@example.com", SMS="1") == {
        "eventKey": "k",
        "orderId": "7",
        "EmailAddress": "sent@example.com",
        "SMS": "1",
    }


def test_every_parameter_has_its_name_and_what_it_holds_a_path_to_the_second_level():
    found = named(items=ITEMS, address={"city": "Lviv", "lines": ["a", {"b": 1}]}, tags=["x", None, ["y"]])
    assert found["items[0].name"] == "Super Device"
    assert found["items[0].sizes"] == "[1,1e2]"
    assert found["items[1].quantity"] == "2"
    assert found["address.city"] == "Lviv"
    assert found["address.lines"] == '["a",{"b":1}]'
    assert (found["tags[0]"], found["tags[2]"]) == ("x", '["y"]')
    assert found["tags"] == '["x",null,["y"]]'
    assert {"items[1].name", "tags[1]", "items[0]"} & found.keys() == set()


def test_items_sent_as_a_json_text_have_the_same_paths():
    found = named(items=f" {encode(ITEMS)}")
    assert found["items[0].cost"] == "19.90"
    assert found["items"] == f" {encode(ITEMS)}"


@pytest.mark.parametrize("items", ["[", "[1", "x", "", "[" * 300])
def test_items_that_are_no_array_are_a_text_like_any_other(items):
    assert {name for name in named(items=items) if name.startswith("items")} == {"items"}


def test_another_parameter_that_looks_like_json_is_a_text():
    assert named(note='[{"name": 1}]').keys() == {"eventKey", "orderId", "note"}


def test_values_are_text_with_the_digits_as_they_were_sent():
    found = named(a=Number("258.00"), b=Number("1E+2"), c=10**30, d=True, e="", f=None, g=Number("-0.0"))
    assert [found[name] for name in "abcdeg"] == ["258.00", "1E+2", "1" + "0" * 30, "true", "", "-0.0"]
    assert "f" not in found


def test_an_array_of_very_many_values_gives_so_many_variables_and_no_more():
    found = named(x=[1] * (MAX_VARIABLES + 5), later="here")
    assert len(found) == MAX_VARIABLES + 2
    assert f"x[{MAX_VARIABLES - 2}]" in found
    assert "later" not in found
    assert found["orderId"] == "7"


# Templates.


def test_the_articles_order_reads_as_a_sentence():
    found = named(externalOrderId="12345679", items=ITEMS)
    assert render("Order ${externalOrderId}: ${items[0].name}", found) == Rendered("Order 12345679: Super Device", ())


def test_a_name_that_is_not_there_stays_visible_and_is_told_once():
    assert render("${b} ${a} ${b} ${A}", {"a": "x"}) == Rendered("${b} x ${b} ${A}", ("b", "A"))


def test_an_empty_value_is_a_value():
    assert render("[${a}]", {"a": ""}) == Rendered("[]", ())


@pytest.mark.parametrize(
    ("template", "text", "missing"),
    [
        ("costs $5, ${", "costs $5, ${", ()),
        ("$${a}", "$x", ()),
        ("$$ {a} $a {a}", "$$ {a} $a {a}", ()),
        ("${a", "${a", ()),
        ("${}", "${}", ("",)),
        ("${ a }", "${ a }", (" a ",)),
        ("${a}}", "x}", ()),
        ("${a${a}}", "${ax}", ()),
        ("${b${b}}", "${b${b}}", ("b",)),
        ("${{a}}", "${{a}}", ("{a",)),
        ("${b{}", "brace", ()),
        ("\\${a}\\1", "\\x\\1", ()),
        ("${a\nb}", "${a\nb}", ("a\nb",)),
        ("{{ a }}{% a %}%(a)s%s{0}", "{{ a }}{% a %}%(a)s%s{0}", ()),
    ],
)
def test_what_is_a_placeholder_and_what_is_text(template, text, missing):
    assert render(template, {"a": "x", "b{": "brace"}) == Rendered(text, missing)


def test_what_a_value_holds_is_never_a_placeholder():
    assert render("${a}${b}", {"a": "${b} \\1 \\g<0> $", "b": "{x}"}) == Rendered("${b} \\1 \\g<0> ${x}", ())


def test_two_values_that_look_like_one_placeholder_together_are_none():
    assert render("${a}${b}", {"a": "$", "b": "{a}"}).text == "${a}"


def test_a_text_that_values_make_too_long_is_refused_before_it_is_made(monkeypatch):
    monkeypatch.setattr(module, "MAX_TEXT_LENGTH", 10)
    assert render("${a}${a}", {"a": "12345"}).text == "1234512345"
    assert render("1234567890", {}).text == "1234567890"
    for template in ("${a}${a}${a}", "${a}${a}.", "12345678901", "${a}123456${a}"):
        with pytest.raises(TextTooLongError):
            render(template, {"a": "12345"})


def test_a_very_long_template_of_open_braces_is_read_once():
    template = "${" * 100_000
    assert render(template, {"": "x"}) == Rendered(template, ())


names = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="}"), max_size=8).filter(
    lambda name: "${" not in name
)


@given(st.dictionaries(names, texts), st.lists(st.tuples(texts, names), max_size=6))
def test_every_name_is_replaced_once_or_told_and_the_rest_of_the_text_stays(values, parts):
    parts = [(before.replace("$", ""), name) for before, name in parts]
    template = "".join(f"{before}${{{name}}}" for before, name in parts)
    expected = "".join(before + values.get(name, f"${{{name}}}") for before, name in parts)
    missing = tuple(dict.fromkeys(name for _, name in parts if name not in values))
    assert render(template, values) == Rendered(expected, missing)


@given(st.text("${}ab", max_size=40), st.dictionaries(st.text("${}ab", max_size=3), st.text("${}ab", max_size=5)))
def test_any_mixture_of_dollars_and_braces_is_rendered_and_names_nothing_twice(template, values):
    rendered = render(template, values)
    assert len(set(rendered.missing)) == len(rendered.missing)
    assert not set(rendered.missing) & values.keys()
    assert all(f"${{{name}}}" in rendered.text for name in rendered.missing)
    assert rendered.text == template or not rendered.missing or values
    assert render(template, {}).text == template


@given(st.dictionaries(texts, json_values))
def test_whatever_was_sent_has_variables_that_can_be_rendered(values):
    sent = {name: Parameter("", value) for name, value in values.items()}
    found = variables_of("k", "7", sent, Found())
    assert all(isinstance(text, str) for text in found.values())
    assert {name for name, value in values.items() if value is not None} <= found.keys()
    for name in values:
        if values[name] is not None and "}" not in name and "${" not in name:
            assert render(f"<${{{name}}}>", found) == Rendered(f"<{found[name]}>", ())
