"""Takes values out of JSON: out of its texts, the names of its members, its numbers, and the JSON inside of its texts.

Pure: no Django, no I/O.
"""

from collections.abc import Mapping
from typing import Any

from contacts.erasure_values import Finder
from contract.json_values import JsonValue, NotJsonError, decode, encode, text_of


def erase_in(value: Any, finder: Finder) -> Any:
    """The JSON value without what the finder finds. A number that is a value becomes a text; what holds none stays."""
    if isinstance(value, str):
        return erase_text(value, finder)
    if isinstance(value, list):
        return [erase_in(member, finder) for member in value]
    if isinstance(value, Mapping):
        return {finder.erase(name): erase_in(member, finder) for name, member in value.items()}
    if value is None or isinstance(value, bool):
        return value
    text = text_of(value)
    erased = finder.erase(text)
    return value if erased == text else erased


def erase_text(text: str, finder: Finder) -> str:
    """The same for a text, which may be the JSON of an array or an object."""
    inner = json_in(text)
    if inner is None:
        return finder.erase(text)
    erased = erase_in(inner, finder)
    return text if erased == inner and not is_hidden_in(text, inner, finder) else encode(erased)


def json_in(text: str) -> JsonValue:
    """The array or object that a text is the JSON of, else None."""
    if not text.lstrip().startswith(("[", "{")):
        return None
    try:
        value = decode(text)
    except NotJsonError:
        return None
    return value if isinstance(value, list | dict) else None


def is_hidden_in(text: str, value: Any, finder: Finder) -> bool:
    """Whether a JSON text holds what its decoded value does not: in a member that is given twice."""
    return finder.may_be_in(text) and not finder.may_be_in(encode(value))
