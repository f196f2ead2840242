"""Whatever an event holds and wherever the person stands in it: erased, it reads, names nobody, and folds as before."""

from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from contacts.erasure_values import ErasedIdentifier, ErasedPerson, unescape
from contract.json_values import JsonValue, encode
from contract.parameters import Parameter
from events.envelope import parse_envelope
from events.erasure_body import StoredText, erase_mentions, erase_own
from events.erasure_events import ALWAYS_NAMING
from orders.erasure import erase_own_parameter, has_same_figures
from orders.rules import ORDER_EVENT_TYPES, OrderEvent, decide
from orders.state import OrderState
from tests.orders.building import CONTACT
from tests.strategies import json_values, order_events, texts, wild_values

EMAIL, PHONE, NAME = "Anna.Koval@example.com", "050 123-45-67", "Ковальчук"
PERSON = ErasedPerson(
    CONTACT,
    "Ганна",
    NAME,
    (),
    (
        ErasedIdentifier("email", "email", EMAIL, "anna.koval@example.com"),
        ErasedIdentifier("phone", "phone", PHONE, "+380501234567"),
        ErasedIdentifier("externalCustomerId", "exact", "7", "7"),
    ),
)


class Zone:
    time_zone = ZoneInfo("Europe/Kyiv")


PLACES = ["email", "phone", "note", "items", "storeId", "totalCost", "externalOrderId", EMAIL]
named = st.sampled_from([EMAIL.upper(), EMAIL, f"<{EMAIL}>", PHONE, "+380501234567", f'{{"to": ["{EMAIL}"]}}'])
types = st.sampled_from([*sorted(ORDER_EVENT_TYPES), "seen"])


@st.composite
def events_that_name(draw: st.DrawFn) -> StoredText:
    """An event of either form with the person in some of its values, names and members."""
    values: dict[str, JsonValue] = draw(wild_values() | st.dictionaries(texts, json_values, max_size=4))
    values = {name: value for name, value in values.items() if 0 < len(name) <= 255}
    for name in draw(st.lists(st.sampled_from(PLACES), max_size=4)):
        value = draw(named)
        values[name] = draw(st.sampled_from([value, [value], {value: value}, [{"name": value, "quantity": 1}]]))
    params: Any = values
    if draw(st.booleans()):
        params = [{"name": name, "value": value} for name, value in values.items()]
    key = draw(st.sampled_from(["1001", EMAIL]))
    unknown = {EMAIL: PHONE} if draw(st.booleans()) else {}
    body = encode({"eventTypeKey": draw(types), "keyValue": key, "params": params, **unknown})
    envelope = parse_envelope(body, Zone())
    return StoredText(envelope.event_type_key, envelope.key_value, envelope.order_key, body)


def names_nobody(text: str) -> bool:
    plain = unescape(text).casefold()
    return EMAIL.casefold() not in plain and PHONE not in plain and "0501234567" not in plain


@given(events_that_name())
def test_an_own_event_reads_afterwards_and_names_nobody(stored: StoredText):
    erased = erase_own(stored, PERSON, keeps_order_key=False).text
    envelope = parse_envelope(erased.body, Zone())
    assert (envelope.key_value, envelope.order_key) == (erased.key_value, erased.order_key)
    assert names_nobody(erased.body)
    assert names_nobody(erased.key_value + erased.order_key)
    assert erase_own(erased, PERSON, keeps_order_key=False).text == erased


@given(events_that_name())
def test_an_event_of_somebody_else_reads_afterwards_and_does_not_name_the_person(stored: StoredText):
    erased = erase_mentions(stored, PERSON, ALWAYS_NAMING, "UA", keeps_order_key=False).text
    envelope = parse_envelope(erased.body, Zone())
    assert (envelope.key_value, envelope.order_key) == (erased.key_value, erased.order_key)
    assert names_nobody(erased.body)
    again = erase_mentions(erased, PERSON, ALWAYS_NAMING, "UA", keeps_order_key=False)
    assert (again.text, not again.places) == (erased, True)


@given(types, st.dictionaries(texts.filter(bool), json_values, max_size=5))
def test_an_event_that_does_not_name_the_person_stays_byte_for_byte(event_type, params):
    params = {f"x{name}": value for name, value in params.items()}
    body = encode({"params": params, "eventTypeKey": event_type, "keyValue": "k"})
    body = body.replace(":", " : ", 1)  # not as we would write it
    stored = StoredText(event_type, "k", "", body)
    assert erase_mentions(stored, PERSON, ALWAYS_NAMING, "UA", keeps_order_key=True).text == stored


def erased_event(event: OrderEvent) -> OrderEvent:
    parameters = {
        name: Parameter(sent.pointer, erase_own_parameter(name, sent.value, PERSON))
        for name, sent in event.parameters.items()
    }
    return replace(event, parameters=parameters)


@given(st.lists(order_events(), max_size=10))
def test_erased_events_give_orders_with_the_same_money_dates_and_items(events):
    before: dict[str, OrderState] = {}
    after: dict[str, OrderState] = {}
    for order_id, event in events:
        decided = decide(event, before.get(order_id))
        if decided.status != "applied":
            continue
        again = decide(erased_event(event), after.get(order_id))
        assert again.status == "applied", again.problems
        for orders, decision in ((before, decided), (after, again)):
            if decision.order is not None:
                orders[order_id] = decision.order
            elif decision.deletes_order:
                del orders[order_id]
    assert before.keys() == after.keys()
    for order_id, order in before.items():
        assert has_same_figures(order, after[order_id])
        assert (after[order_id].email, after[order_id].custom_fields) == ("", {})
