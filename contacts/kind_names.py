"""What kinds of identifiers are called: ours in the reader's language, those of staff as staff wrote them."""

from collections.abc import Iterable
from typing import Protocol

from django.utils.translation import pgettext_lazy

# By key; the words in which the migration that made the kinds stored them, and in which the API tells them.
OWN = {
    "contactId": pgettext_lazy("kind of identifier", "contact id"),
    "externalCustomerId": pgettext_lazy("kind of identifier", "external customer id"),
    "email": pgettext_lazy("kind of identifier", "email"),
    "phone": pgettext_lazy("kind of identifier", "phone"),
    "pushToken": pgettext_lazy("kind of identifier", "push token"),
    "contactKey": pgettext_lazy("kind of identifier", "contact key"),
}


class Kind(Protocol):
    key: str
    name: str


def kind_name(key: str, name: str) -> str:
    """The name to show for the kind of this key, whose stored name is `name`."""
    return str(OWN[key]) if key in OWN else name


def kind_names(kinds: Iterable[Kind]) -> dict[str, str]:
    """The key of each kind → its name to show, in the order of the kinds."""
    return {kind.key: kind_name(kind.key, kind.name) for kind in kinds}
