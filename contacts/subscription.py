"""Decides what a form says of the person who filled it in: docs/rules.md, section 6. Pure: no Django, no I/O."""

from collections.abc import Mapping
from dataclasses import replace

from contacts.address_book import AddressBook
from contacts.change import ContactChange
from contacts.payload import MAX_ID, ContactError, read_contact, read_groups
from contract.json_values import JsonValue, excerpt
from contract.reasons import Problem, Reason


def read_subscription(message: Mapping[str, JsonValue], book: AddressBook) -> ContactChange:
    """What becomes of the contact of a form: it joins groups and leaves none, and comes back if it was deleted.

    Its `id` is not looked at: forms know of none, and shops put numbers of their own there. Raises ContactError with
    every problem.
    """
    sent = message.get("contact")
    contact = {name: value for name, value in sent.items() if name != "id"} if isinstance(sent, dict) else sent
    problems: list[Problem] = [*_form_type_problems(message.get("formType"))]
    change = ContactChange()
    try:
        change = read_contact(contact, book, pointer="/contact")
    except ContactError as error:
        problems += error.problems
    groups, of_groups = read_groups(message.get("groups"), book, "/groups")
    problems += of_groups
    if problems:
        raise ContactError(problems)
    return replace(change, groups=None, joins=(*(change.groups or ()), *groups), restores=True)


def _form_type_problems(value: JsonValue) -> list[Problem]:
    if value is None or (isinstance(value, str) and len(value) <= MAX_ID):
        return []
    expected = f"a text of at most {MAX_ID} characters"
    detail = f"formType cannot be taken; expected {expected}."
    return [
        Problem(
            pointer="/formType",
            code=Reason.INVALID_PARAMETER,
            detail=detail,
            found=excerpt(value),
            expected=expected,
        )
    ]
