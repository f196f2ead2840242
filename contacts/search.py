"""Finds people by what is typed into a search box: any identifier, in any spelling that matching would accept."""

from django.db.models import QuerySet, Value
from django.db.models.functions import Left, Lower
from django.db.models.lookups import Exact, StartsWith

from account.current import current_account
from contacts.identifiers import normalize
from contacts.matching import find_holders
from contacts.models import INDEXED_NAME_LENGTH, Contact, IdentifierKind


def find_contact_ids(text: str) -> list[int]:
    """The contacts that a text names by any kind of identifier, deleted ones included: two queries, by index."""
    text, region = text.strip(), current_account().phone_region
    kinds = IdentifierKind.objects.values_list("key", "normal_form")
    keys = [(key, normalize(key, normal_form, text, region)) for key, normal_form in kinds]
    return sorted({holder.contact_id for holder in find_holders(keys).values()})


MOST_WORDS = 5


def find_ids_named(text: str, most: int) -> list[int]:
    """The contacts called so, deleted ones left out, at most so many: “Koval”, “Olha”, “Olha Koval”, “Koval Olha”.

    Names as a whole, case ignored, and in any spacing; one query, each way of reading the text by an index of names.
    """
    words = text.split()
    if not words or len(words) > MOST_WORDS:
        return []
    whole = " ".join(words)
    kept = Contact.objects.filter(deleted_at=None)
    ways = [of_name(kept, "first_name", whole), of_name(kept, "last_name", whole)]
    for place in range(1, len(words)):
        one, other = " ".join(words[:place]), " ".join(words[place:])
        ways += [of_name(of_name(kept, "first_name", a), "last_name", b) for a, b in ((one, other), (other, one))]
    return _ids_of(ways, most)


LEAST_BEGINNING = 3  # characters: fewer begin the names of too many


def find_ids_called(text: str, most: int) -> list[int]:
    """The same, where the last word that is typed may be the beginning of one: “Kov”, “Olha Kov”, “Koval Ol”.

    Fewer than LEAST_BEGINNING characters are taken for a whole name.
    """
    words = text.split()
    if not words or len(words) > MOST_WORDS or len(words[-1]) < LEAST_BEGINNING:
        return find_ids_named(text, most)
    kept = Contact.objects.filter(deleted_at=None)
    ways = [_begins(kept, column, " ".join(words)) for column in ("first_name", "last_name")]
    for place in range(1, len(words)):
        one, other = " ".join(words[:place]), " ".join(words[place:])
        ways += [
            _begins(of_name(kept, "first_name", one), "last_name", other),
            _begins(of_name(kept, "last_name", one), "first_name", other),
        ]
    return _ids_of(ways, most)


def _ids_of(ways: list[QuerySet[Contact]], most: int) -> list[int]:
    """What any of these finds. Each is cut, so that no beginning that very many have is sorted."""
    ids = [way.order_by().values("pk")[:most] for way in ways]
    return list(ids[0].union(*ids[1:]).values_list("pk", flat=True)[:most])


def _begins(rows: QuerySet[Contact], column: str, beginning: str) -> QuerySet[Contact]:
    """Indexes: contact_by_first_name_begin, contact_by_last_name_begin."""
    begun = Left(Lower(column), INDEXED_NAME_LENGTH)
    return rows.filter(StartsWith(begun, beginning.lower()[:INDEXED_NAME_LENGTH]))


def of_name(rows: QuerySet[Contact], column: str, name: str) -> QuerySet[Contact]:
    """Those of kept contacts with this first or last name, case ignored.

    Indexes contact_by_first_name and contact_by_last_name hold the beginning of a name.
    """
    whole, given = Lower(column), Lower(Value(name))
    return rows.filter(
        Exact(Left(whole, INDEXED_NAME_LENGTH), Left(given, INDEXED_NAME_LENGTH)), Exact(whole, given)
    )  # fmt: skip
