"""Makes a contact field an identifier kind: docs/rules.md, section 2. What contacts hold names them from then on.

A field whose values name two contacts is no identifier: nothing is declared, and the values are told.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import batched, islice

from django.db import transaction

from account.current import current_account
from contacts.fields import declare_field
from contacts.identifiers import normalize
from contacts.models import Contact, ContactField, FieldType, IdentifierKind
from contacts.uniqueness import NewIdentifier, store_identifiers
from contract.json_values import text_of

BATCH = 10_000  # identifiers in a statement: some 2 MB of arrays
MAX_CLASHES = 20  # told of one field


@dataclass(frozen=True, slots=True)
class Clash:
    """A value that more than one contact has, deleted ones included."""

    value: str
    contact_ids: tuple[int, ...]


class FieldNotUniqueError(Exception):
    def __init__(self, clashes: list[Clash]) -> None:
        super().__init__(f"{len(clashes)} values name more than one contact")
        self.clashes = clashes


def find_clashes(key: str, normal_form: str) -> list[Clash]:
    """Why a field cannot be an identifier kind, at most MAX_CLASHES values; [] when it can. Reads every contact."""
    holders: dict[str, list[NewIdentifier]] = defaultdict(list)
    for identifier in _identifiers_in(key, normal_form):
        holders[identifier.normalized].append(identifier)
    clashes = (
        Clash(held[0].value, tuple(one.contact_id for one in held)) for held in holders.values() if len(held) > 1
    )
    return list(islice(clashes, MAX_CLASHES))


@transaction.atomic
def declare_kind(kind: IdentifierKind) -> int:
    """Stores a new kind, and the identifiers that its field holds already; how many. Raises FieldNotUniqueError.

    The field is a contact field from then on, unless it was declared before.
    """
    if clashes := find_clashes(kind.key, kind.normal_form):
        raise FieldNotUniqueError(clashes)
    kind.save(force_insert=True)
    if not ContactField.objects.filter(key=kind.key).exists():
        declare_field(kind.key, kind.name, FieldType.TEXT)
    count = 0
    for identifiers in batched(_identifiers_in(kind.key, kind.normal_form), BATCH, strict=False):
        store_identifiers(identifiers)
        count += len(identifiers)
    return count


def _identifiers_in(key: str, normal_form: str) -> Iterator[NewIdentifier]:
    """What the field would identify contacts by; lists, objects and values that can name nobody are passed over."""
    region = current_account().phone_region
    contacts = Contact.objects.filter(fields__has_key=key).order_by("pk").values_list("pk", "fields")
    for contact_id, fields in contacts.iterator():
        value = fields[key]
        if value is None or isinstance(value, list | dict):
            continue
        text = text_of(value)
        if normalized := normalize(key, normal_form, text, region):
            yield NewIdentifier(contact_id, key, text, normalized, "")
