"""Decides when two identifiers of one kind are the same: docs/rules.md, section 2.

A value is compared by its normal form. "" is the normal form of what can name nobody: an empty text, an e-mail or
phone with nothing in it, a contact id that is no id, a text too long to be kept.
Pure: no Django, no I/O. Never raises for bad input.
"""

import re
from functools import lru_cache

import phonenumbers

CONTACT_ID = "contactId"
EXTERNAL_CUSTOMER_ID = "externalCustomerId"
EMAIL = "email"
PHONE = "phone"
PUSH_TOKEN = "pushToken"  # noqa: S105
CONTACT_KEY = "contactKey"

EMAIL_FORM = "email"  # the values of contacts.models.NormalForm; "exact" is every other
PHONE_FORM = "phone"

MAX_VALUE_LENGTH = 2_000  # characters: the column's
# An index row of PostgreSQL holds 2,704 bytes, and the key of a kind may take 1,020 of them.
MAX_NORMALIZED_BYTES = 1_600
MAX_CONTACT_ID = 2**63 - 1
MAX_PHONE_LENGTH = 250  # phonenumbers parses nothing longer

_contact_id = re.compile(r"[1-9][0-9]{0,18}", re.ASCII)
_field_id = re.compile(r"[1-9][0-9]{0,17}", re.ASCII)
_not_ascii_digits = re.compile(r"[^0-9]+")


def normalize(kind: str, normal_form: str, value: str, region: str) -> str:
    """The text by which a value of a kind is compared; "" when it can name nobody.

    E-mail addresses compare by Unicode case folding, nothing is trimmed; phones compare in E.164, read as numbers of
    `region` (two letters) unless they carry a country code; everything else compares exactly.
    """
    if kind == CONTACT_ID:
        return value if is_contact_id(value) else ""
    if len(value) > MAX_VALUE_LENGTH:
        return ""
    if normal_form == EMAIL_FORM:
        value = value.casefold()
    elif normal_form == PHONE_FORM:
        value = _normalize_phone(value, region) if len(value) <= MAX_PHONE_LENGTH else _digits(value)
    return value if _fits(value) else ""


def is_contact_id(value: str) -> bool:
    """Whether the text is the id of a contact as we write it: ASCII digits, no sign, no leading zero, a bigint."""
    return _contact_id.fullmatch(value) is not None and int(value) <= MAX_CONTACT_ID


def is_field_id(value: str) -> bool:
    """Whether the text is the id of a contact field, or of a group: ASCII digits, at most 18, no leading zero."""
    return _field_id.fullmatch(value) is not None


# Parsing takes 10 to 30 µs, an event is matched in a few; 16,384 entries are some 5 MB.
@lru_cache(maxsize=16_384)
def _normalize_phone(value: str, region: str) -> str:
    try:
        number = phonenumbers.parse(value, region)
    except phonenumbers.NumberParseException:
        return _digits(value)
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _digits(value: str) -> str:
    return _not_ascii_digits.sub("", value)


def _fits(value: str) -> bool:
    # A character takes at most 4 bytes, so most values are known to fit without being encoded.
    return len(value) * 4 <= MAX_NORMALIZED_BYTES or len(value.encode()) <= MAX_NORMALIZED_BYTES
