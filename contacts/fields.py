"""The contact fields of the account: reads them, and declares new ones."""

from django.db import connection, transaction
from django.db.models import Max

from account.current import current_account
from contacts.address_book import AddressBook, Field
from contacts.models import ContactField, IdentifierKind


def load_declared_kinds() -> dict[str, str]:
    """The identifier kinds that staff declared, with their normal forms: one query."""
    return dict(IdentifierKind.objects.filter(is_builtin=False).values_list("key", "normal_form"))


def load_fields() -> dict[str, Field]:
    """The declared contact fields by their keys, in the order of their ids: one query."""
    rows = ContactField.objects.order_by("id")
    return {row.key: Field(id=row.pk, key=row.key, name=row.name, type=row.type) for row in rows}


def load_address_book() -> AddressBook:
    """The contact fields as they stand now: two queries."""
    account = current_account()
    return AddressBook(
        region=account.phone_region,
        time_zone=account.time_zone,
        declared=load_declared_kinds(),
        fields=load_fields(),
    )


# Values that were sent by id before the field was declared; those of contacts that have one by key already stay apart.
MOVE_VALUES = """
    UPDATE contacts_contact
       SET fields = (fields - %(id)s) || jsonb_build_object(%(key)s::text, fields -> %(id)s)
     WHERE fields ? %(id)s AND NOT fields ? %(key)s
"""


SENT_IDS = """
    SELECT DISTINCT key
      FROM contacts_contact, jsonb_object_keys(fields) AS key
     WHERE key ~ '^[1-9][0-9]{0,17}$'
"""


@transaction.atomic
def declare_field(key: str, name: str, field_type: str, field_id: int | None = None) -> ContactField:
    """Stores a new field, and moves what was sent by its id to its key.

    Without an id it gets the next one by which nothing was ever sent: what shops send by ids of their own stays where
    it is. Values that stand in contacts already keep their form, whatever the type; it holds for what is written from
    now on. Reads every contact once. Raises IntegrityError for an id or key that there is already.
    """
    with connection.cursor() as cursor:
        cursor.execute("LOCK TABLE contacts_contactfield IN SHARE ROW EXCLUSIVE MODE")  # ids are given out one by one
        number = field_id or _next_id()
        declared = ContactField.objects.create(id=number, key=key, name=name, type=field_type)
        cursor.execute(MOVE_VALUES, {"id": str(number), "key": key})
    return declared


def _next_id() -> int:
    with connection.cursor() as cursor:
        cursor.execute(SENT_IDS)
        sent = {int(key) for (key,) in cursor.fetchall()}
    number = (ContactField.objects.aggregate(last=Max("id"))["last"] or 0) + 1
    while number in sent:
        number += 1
    return number
