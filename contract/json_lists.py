"""Decides how a body that holds a list is taken apart: each element byte for byte as it was sent, to be judged alone.

A malformed element holds back none of the others. Only a body that is no such list is refused as a whole.
"""

import json
from collections.abc import Iterable
from functools import cache
from itertools import islice
from typing import Any

import msgspec

from contract import json_values
from contract.json_values import JsonValue, NotJsonError, excerpt
from contract.reasons import Problem


class ListError(ValueError):
    """The body holds no list that can be taken: `problems` says why."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__(problems[0].detail)
        self.problems = problems


def read_list(raw: bytes, member: str, most: int, *, may_be_empty: bool = False) -> list[bytes]:
    """The JSON text of each element of this member of the body, at most `most` of them. Raises ListError.

    Of a longer list only one element more than that is ever held: 8 MB may list four million.
    """
    elements = [bytes(element) for element in _split(raw, member, most + 1)]
    pointer = f"/{member}"
    if not elements and not may_be_empty:
        detail = f"The list of {member} is empty; at least one is expected."
        raise ListError(
            Problem(pointer=pointer, code="empty", detail=detail, found="[]", expected=f"1 to {most:,} {member}")
        )
    if len(elements) > most:
        detail = f"There are more than {most:,} {member}; at most {most:,} are taken at once."
        raise ListError(
            Problem(
                pointer=pointer,
                code="too_many",
                detail=detail,
                found=f"more than {most:,}",
                expected=f"up to {most:,} {member}",
            )
        )
    return elements


@cache
def _decoder_of(member: str, most: int) -> msgspec.json.Decoder[Any]:
    """Reads an array into a struct of so many fields: what the array holds beyond them is passed over, not held."""
    fields = [(f"element_{index}", msgspec.Raw, msgspec.UNSET) for index in range(most)]
    elements = msgspec.defstruct("Elements", fields, array_like=True)
    return msgspec.json.Decoder(msgspec.defstruct("Body", [("elements", elements)], rename={"elements": member}))


def _split(raw: bytes, member: str, most: int) -> Iterable[bytes | msgspec.Raw]:
    """The JSON text of each element, of the first `most` of them. Raises ListError."""
    document = raw.removeprefix(json_values.BOM)
    try:
        document.decode()  # skipped texts are not looked into, and these bytes may be nobody's element
        elements = msgspec.structs.astuple(_decoder_of(member, most).decode(document).elements)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        if document.count(b",") > MOST_VALUES_EXACTLY:
            detail = f"This is not JSON that can be taken: {error}."
            raise ListError(Problem(pointer="", code="not_json", detail=detail)) from error
        return islice(_split_exactly(document, member), most)
    return (element for element in elements if element is not msgspec.UNSET)


# Values of one body that are all held at once, to find which of them msgspec did not take: some 64 bytes for each.
MOST_VALUES_EXACTLY = 300_000


def _split_exactly(raw: bytes, member: str) -> list[bytes]:
    """The same where one element or another holds a lone surrogate, which ends msgspec's reading of the whole body."""
    try:
        document = json_values.decode_leniently(raw)
    except NotJsonError as error:
        raise ListError(
            *(Problem(pointer=at.pointer, code=at.code, detail=at.detail) for at in error.refusals)
        ) from error
    _check_shape(document, member)
    return [text.encode() for text in _elements_as_sent(raw.decode(), member)]


def _check_shape(document: JsonValue, member: str) -> None:
    expected = f'an object such as {{"{member}": […]}}'
    if not isinstance(document, dict):
        detail = f"The body is not an object; it must be {expected}."
        raise ListError(
            Problem(pointer="", code="not_an_object", detail=detail, found=excerpt(document), expected=expected)
        )
    elements, pointer, expected = document.get(member), f"/{member}", f"a list of {member}"
    if elements is None:
        detail = f"The list of {member} is missing."
        raise ListError(Problem(pointer=pointer, code="missing", detail=detail, expected=expected))
    if not isinstance(elements, list):
        detail = f"{member} is not a list; it must be {expected}."
        raise ListError(
            Problem(pointer=pointer, code="wrong_type", detail=detail, found=excerpt(elements), expected=expected)
        )


_scanner = json.JSONDecoder(parse_int=str, parse_float=str)


def _elements_as_sent(text: str, member: str) -> list[str]:
    """The texts of the elements of the last member of this name of an object. The text is known to be sound JSON."""
    elements: list[str] = []
    at = _skip(text, 0, " \t\r\n{")
    while text[at] != "}":
        name, at = _scanner.raw_decode(text, at)
        at = _skip(text, at, " \t\r\n:")
        if name == member and text[at] == "[":
            elements, at = _elements_of_list(text, at)
        else:
            _, at = _scanner.raw_decode(text, at)
        at = _skip(text, at, " \t\r\n,")
    return elements


def _elements_of_list(text: str, start: int) -> tuple[list[str], int]:
    elements = []
    at = _skip(text, start + 1, " \t\r\n")
    while text[at] != "]":
        _, end = _scanner.raw_decode(text, at)
        elements.append(text[at:end])
        at = _skip(text, end, " \t\r\n,")
    return elements, at + 1


def _skip(text: str, at: int, characters: str) -> int:
    while text[at] in characters:
        at += 1
    return at
