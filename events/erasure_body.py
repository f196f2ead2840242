"""Takes a person out of the text of an event: docs/rules.md, section 6.

Of an event of the person's own only what has no person in it is kept: of an order event what orders/erasure.py names,
of any other event nothing but its type and its moments. What a shop puts into a parameter of its own nobody can know,
so it goes, whatever it is. In an event of somebody else only the values that name the erased person are taken out, and
ids, money and dates stay as they are.

A value that goes becomes null (in an own event) or an empty text or MARK (in others'), and the parameter's name stays:
so pointers into the event still lead to where they led, and the event reads as before. Pure: no Django, no I/O.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from contacts.erasure_json import erase_in, is_hidden_in
from contacts.erasure_values import MARK, ErasedPerson
from contacts.matching import Rule
from contract.json_values import JsonValue, decode, encode, escape_pointer, text_of
from orders.erasure import erase_mentions_in_parameter, erase_own_parameter
from orders.fields import ORDER_ID
from orders.rules import ORDER_EVENT_TYPES

type Places = frozenset[str]  # the pointers of parameters, “/params/3”


@dataclass(frozen=True, slots=True)
class StoredText:
    """What is stored of an event as text."""

    event_type_key: str
    key_value: str
    order_key: str
    body: str


@dataclass(frozen=True, slots=True)
class Erased:
    """The same after an erasure: the parameters that something was taken from, by pointer and by name."""

    text: StoredText
    places: Places
    names: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Entry:
    """One parameter of a body, of either form."""

    place: str
    name: str
    value: JsonValue


def erase_own(stored: StoredText, person: ErasedPerson, *, keeps_order_key: bool) -> Erased:
    """An event of the person's own. `keeps_order_key`: an order, or what became of one, is known by it."""
    document = _document_of(stored.body)
    is_order_event = stored.event_type_key in ORDER_EVENT_TYPES
    order_key = stored.order_key if keeps_order_key else person.identifying.erase(stored.order_key)
    key_value = order_key if stored.order_key and stored.key_value == stored.order_key else MARK
    entries = [
        _Entry(one.place, person.own.erase(one.name), _own_value(one, person, order_key) if is_order_event else None)
        for one in _entries_of(document.get("params"))
    ]
    kept: dict[str, JsonValue] = {"eventTypeKey": stored.event_type_key, "keyValue": key_value}
    kept["params"] = _params_of(document.get("params"), entries)
    if document.get("occurred") is not None:
        kept["occurred"] = document["occurred"]
    text = StoredText(stored.event_type_key, key_value, order_key, encode(kept))
    return _compare(text, document, entries)


def erase_mentions(
    stored: StoredText, person: ErasedPerson, rules: Sequence[Rule], region: str, *, keeps_order_key: bool
) -> Erased:
    """An event of somebody else, or of nobody, in which the person may be named. `rules` say what names a contact."""
    document = _document_of(stored.body)
    finder = person.identifying
    order_key = stored.order_key if keeps_order_key else finder.erase(stored.order_key)
    is_order_event = stored.event_type_key in ORDER_EVENT_TYPES
    entries = []
    for one in _entries_of(document.get("params")):
        if names_person(one.name, one.value, person, rules, region):
            value: JsonValue = ""
        elif is_order_event:
            value = _value_of_others(one, person, order_key)
        else:
            value = erase_in(one.value, finder)
        entries.append(_Entry(one.place, finder.erase(one.name), value))
    key_value = finder.erase(stored.key_value)
    if stored.key_value == stored.order_key:
        key_value = order_key
    elif _is_key_of(stored, document, person, rules, region):
        key_value = MARK
    erased: dict[str, JsonValue] = {finder.erase(name): erase_in(member, finder) for name, member in document.items()}
    erased |= {"eventTypeKey": stored.event_type_key, "keyValue": key_value}
    if "params" in document:
        erased["params"] = _params_of(document["params"], entries)
    body = encode(erased)
    is_same = erased == {**document, "keyValue": stored.key_value} and order_key == stored.order_key
    if is_same and not is_hidden_in(stored.body, erased, finder):
        return Erased(stored, frozenset(), frozenset())  # byte for byte as it was
    return _compare(StoredText(stored.event_type_key, key_value, order_key, body), document, entries)


def names_person(name: str, value: JsonValue, person: ErasedPerson, rules: Iterable[Rule], region: str) -> bool:
    """Whether a parameter names the person by a matching rule."""
    if value is None or isinstance(value, list | dict):
        return False
    folded = name.casefold()
    return any(
        rule.folded == folded and person.is_named_by(rule.kind, rule.normal_form, text_of(value), region)
        for rule in rules
    )


def is_named_in(body: str, person: ErasedPerson, rules: Iterable[Rule], region: str) -> bool:
    """Whether a matching rule would find the person by some parameter of the event."""
    entries = _entries_of(_document_of(body).get("params"))
    return any(names_person(one.name, one.value, person, rules, region) for one in entries)


def _own_value(entry: _Entry, person: ErasedPerson, order_key: str) -> JsonValue:
    return order_key if _is_other_id(entry, order_key) else erase_own_parameter(entry.name, entry.value, person)


def _value_of_others(entry: _Entry, person: ErasedPerson, order_key: str) -> JsonValue:
    return order_key if _is_other_id(entry, order_key) else erase_mentions_in_parameter(entry.name, entry.value, person)


def _is_other_id(entry: _Entry, order_key: str) -> bool:
    """Whether this is the order's id, and not the one that the order is known by from now on."""
    if entry.name != ORDER_ID.name or not order_key or entry.value is None:
        return False
    return isinstance(entry.value, list | dict) or text_of(entry.value) != order_key


# --- bodies ---


def _document_of(body: str) -> dict[str, JsonValue]:
    document = decode(body)
    assert isinstance(document, dict), "what was accepted is an envelope"
    return document


def _entries_of(params: JsonValue) -> Iterator[_Entry]:
    if isinstance(params, dict):
        for name, value in params.items():
            yield _Entry(f"/params/{escape_pointer(name)}", name, value)
    elif isinstance(params, list):
        for index, entry in enumerate(params):
            if isinstance(entry, dict):
                yield _Entry(f"/params/{index}", str(entry.get("name")), entry.get("value"))


def _params_of(params: JsonValue, entries: Sequence[_Entry]) -> JsonValue:
    """The parameters in the form in which they were sent."""
    if isinstance(params, dict):
        return {entry.name: entry.value for entry in entries}
    return [{"name": entry.name, "value": entry.value} for entry in entries]


def _compare(text: StoredText, document: dict[str, JsonValue], entries: Sequence[_Entry]) -> Erased:
    """What was touched; a parameter that was null before was not."""
    before = list(_entries_of(document.get("params")))
    touched = [old for old, new in zip(before, entries, strict=True) if (old.name, old.value) != (new.name, new.value)]
    return Erased(text, frozenset(one.place for one in touched), frozenset(one.name for one in touched))


def _is_key_of(
    stored: StoredText, document: dict[str, JsonValue], person: ErasedPerson, rules: Sequence[Rule], region: str
) -> bool:
    """Whether the key value is an identifier of the person: it stands for an absent keyValue, or repeats one."""
    return any(
        names_person(one.name, one.value, person, rules, region) and text_of(one.value) == stored.key_value
        for one in _entries_of(document.get("params"))
    )
