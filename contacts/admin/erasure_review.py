"""The page that shows what an erasure takes and what it leaves, before it is asked for.

Other rooms add what they hold of a person with add_review(), so that this one need not know them.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from console import display
from contacts.groups import load_groups_of
from contacts.models import Contact

SHOWN_IDENTIFIERS = 100
SHOWN_TEXT = 200  # characters of a value


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """Something of a person that goes, or that stays. `link`: words and an address; `money`: amount and currency."""

    goes: bool
    title: str
    words: str = ""
    link: tuple[str, str] | None = None
    money: tuple[Decimal, str] | None = None


type Review = Callable[[Contact], Iterable[Line]]
_reviews: list[Review] = []


def add_review(review: Review) -> None:
    """Lets the page tell what else is held of a person. Called when an admin module is imported, once."""
    _reviews.append(review)


def load_review(contact: Contact) -> Mapping[str, Any]:
    """The lines of the page: what goes, and what stays."""
    lines = [*_own_lines(contact), *(line for review in _reviews for line in review(contact))]
    return {"going": [line for line in lines if line.goes], "staying": [line for line in lines if not line.goes]}


def _own_lines(contact: Contact) -> Iterator[Line]:
    """What the contact itself holds: two queries."""
    name = " ".join(filter(None, (contact.first_name, contact.last_name)))
    if name:
        yield Line(goes=True, title=_("Name"), words=_short(name))
    identifiers = contact.identifiers.select_related("kind").order_by("kind_id", "id")
    for identifier in identifiers[:SHOWN_IDENTIFIERS]:
        yield Line(goes=True, title=str(identifier.kind), words=_short(identifier.value))
    yield Line(goes=True, title=_("Identifiers"), words=_("all of them, also those that are not shown here"))
    for title, value in (*contact.address.items(), *contact.fields.items()):
        yield Line(goes=True, title=_short(title), words=_short(display.json_text(value)))
    groups = load_groups_of([contact.pk]).get(contact.pk, [])
    if groups:
        yield Line(goes=True, title=_("Groups"), words=_short(", ".join(group for _id, group in groups)))
    yield Line(goes=False, title=_("Contact id"), words=_("%(id)s, of nobody any more") % {"id": contact.pk})
    yield Line(goes=False, title=_("Audit log"), words=_("that the contact was erased, when and by whom"))


def _short(text: str) -> str:
    return text if len(text) <= SHOWN_TEXT else f"{text[: SHOWN_TEXT - 1]}…"
