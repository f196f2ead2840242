"""What a value would be without what people and programs put around it: docs/rules.md, section 2.

Matching never cleans: a value that needs it names nobody, and the console says what to mend where it is sent from.
Pure: no Django, no I/O.
"""

import re
import unicodedata

from contacts.identifiers import EMAIL_FORM, PHONE_FORM

_schemes = re.compile(r"^(mailto|tel|sms|callto):", re.IGNORECASE)
_named_address = re.compile(r"^[^<>]*<([^<>]+)>$")  # Anna <anna@example.com>
_no_digits = re.compile(r"[^0-9]+")
_around = " \t\r\n\"'`<>()[],;«»“”„"
_extension = re.compile(r"\s*(ext|доб|x|#)\.?\s*\d+$", re.IGNORECASE)


def clean(value: str, normal_form: str) -> str:
    """The value without invisible characters, `mailto:` and its like, quotes, brackets and spaces around it.

    An e-mail address also loses a name before it and all spaces, a phone what is no digit and no leading plus.
    The same value where there is nothing to clean.
    """
    text = value.strip()
    if not (text.isascii() and text.isprintable()):  # nearly every value is, and has no mark that could be invisible
        text = "".join(character for character in value if unicodedata.category(character) not in ("Cf", "Cc"))
        text = unicodedata.normalize("NFKC", text).strip()
    if normal_form == EMAIL_FORM and (named := _named_address.match(text)):
        text = named[1]
    if scheme := _schemes.match(text.strip(_around)):
        text = text.strip(_around)[scheme.end() :].partition("?")[0]
    if normal_form == PHONE_FORM:
        return _phone(text)
    text = text.strip(_around)
    # Once more: marks that stood apart from their letter may stand beside it now.
    return unicodedata.normalize("NFKC", "".join(text.split())) if normal_form == EMAIL_FORM else text


def _phone(text: str) -> str:
    text = _extension.sub("", text.strip())
    if text.isascii():
        digits = _no_digits.sub("", text)
    else:
        digits = "".join(str(unicodedata.digit(character)) for character in text if character.isdigit())
    return f"+{digits}" if text.lstrip(_around).startswith("+") else digits
