"""Who may be the same person as a contact: whose identifiers are written in a place of this contact that names nobody.

An identifier names one contact, so two contacts never share one. But a shop that sends an e-mail as the customer id of
one contact and as the e-mail of another, or keeps the phone of another contact in a field, may mean one person.
docs/rules.md, section 2. Found by the index of identifiers, never by going through contacts.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from account.current import current_account
from contacts.cleaning import clean
from contacts.erasure_values import texts_in
from contacts.identifiers import CONTACT_ID, EMAIL, EMAIL_FORM, PHONE, PHONE_FORM, normalize
from contacts.matching import find_contacts
from contacts.models import Contact, IdentifierKind

MOST_TEXTS = 200  # of one contact that are looked up
MOST_TYPED = 255  # characters of a text that may be an e-mail address or a phone
_email = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+")
_phone = re.compile(r"\+?[0-9(][0-9() .\-/]{5,}[0-9]")


@dataclass(frozen=True, slots=True)
class Sign:
    """One reason to look: `place` is where this contact has the text, `kind` names the other one by it."""

    place: str
    text: str
    kind: str


@dataclass(frozen=True, slots=True)
class Text:
    """A text of this contact that may name another one. `own_kind`: of the identifier that it is, if it is one."""

    place: str
    text: str
    own_kind: str = ""


def texts_of(contact: Contact) -> list[Text]:
    """The contact's identifiers, and the texts of its fields and address: one query."""
    identifiers = contact.identifiers.select_related("kind").order_by("id")[:MOST_TEXTS]
    texts = [Text(str(identifier.kind), identifier.value, identifier.kind_id) for identifier in identifiers]
    for place, value in (*contact.fields.items(), *contact.address.items()):
        texts += [Text(place, text) for text in texts_in(value) if len(text) <= MOST_TYPED]
    return texts[:MOST_TEXTS]


def find_signs(contact_id: int, texts: Iterable[Text]) -> dict[int, list[Sign]]:
    """The other contacts, deleted ones left out, that these texts name, with every reason: two queries."""
    region = current_account().phone_region
    kinds = list(IdentifierKind.objects.exclude(key=CONTACT_ID).values_list("key", "normal_form"))
    wanted: dict[tuple[str, str], Text] = {}
    for text in texts:
        for kind, normal_form in _kinds_for(text, kinds):
            for spelling in dict.fromkeys((text.text, clean(text.text, normal_form))):
                wanted.setdefault((kind, normalize(kind, normal_form, spelling, region)), text)
    signs: dict[int, list[Sign]] = defaultdict(list)
    for (kind, normalized), other_id in find_contacts(wanted).items():
        text = wanted[kind, normalized]
        if other_id != contact_id:
            signs[other_id].append(Sign(text.place, text.text, kind))
    return dict(signs)


def _kinds_for(text: Text, kinds: Sequence[tuple[str, str]]) -> Sequence[tuple[str, str]]:
    """An identifier may be one of any kind; another text only what it looks like: an e-mail address or a phone."""
    if text.own_kind:
        return kinds
    if _email.fullmatch(text.text.strip()):
        return [(EMAIL, EMAIL_FORM)]
    return [(PHONE, PHONE_FORM)] if _phone.fullmatch(text.text.strip()) else []
