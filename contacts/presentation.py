"""Decides how contacts are shown by the API: as they are posted, with their ids."""

from collections.abc import Iterable, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from account.current import current_account
from contacts.address_book import Field
from contacts.api_shapes import (
    AddressBooksShape,
    ChannelShape,
    ContactShape,
    FieldDefinitionShape,
    FieldGroupShape,
    FieldShape,
    GroupShape,
)
from contacts.fields import load_fields
from contacts.groups import load_groups_of
from contacts.identifiers import CONTACT_KEY, EMAIL, EXTERNAL_CUSTOMER_ID, PHONE, PUSH_TOKEN, is_field_id
from contacts.models import Contact, Identifier

CHANNEL_TYPES = {EMAIL: "email", PHONE: "sms", PUSH_TOKEN: "mobilepush"}


def load_contact(contact_id: int) -> ContactShape | None:
    """The contact in the shape of the API, or None when there is none or it is deleted: four queries."""
    return next(iter(load_contacts([contact_id])), None)


def load_contacts(contact_ids: Sequence[int]) -> list[ContactShape]:
    """The contacts in the shape of the API by their ids, deleted and unknown ones left out: four queries."""
    contacts = Contact.objects.filter(pk__in=contact_ids, deleted_at=None).order_by("pk")
    rows = list(contacts)
    if not rows:
        return []
    identifiers: dict[int, list[Identifier]] = {contact.pk: [] for contact in rows}
    for identifier in Identifier.objects.filter(contact__in=rows).order_by("id"):
        identifiers[identifier.contact_id].append(identifier)
    groups, fields, zone = load_groups_of(identifiers), load_fields(), current_account().time_zone
    return [
        present_contact(contact, identifiers[contact.pk], groups.get(contact.pk, []), fields, zone) for contact in rows
    ]


def present_contact(
    contact: Contact,
    identifiers: Iterable[Identifier],
    groups: Iterable[tuple[int, str]],
    fields: dict[str, Field],
    time_zone: ZoneInfo,
) -> ContactShape:
    """The contact in the shape of the API; its identifiers come in the order in which they were stored.

    Moments are in `time_zone`. Of an identifier that the shape has one place for, the first is shown.
    """
    held = list(identifiers)
    return {
        "id": contact.pk,
        "firstName": contact.first_name,
        "lastName": contact.last_name,
        "channels": [_present_channel(identifier) for identifier in held if identifier.kind_id in CHANNEL_TYPES],
        "externalCustomerId": _first(held, EXTERNAL_CUSTOMER_ID),
        "contactKey": _first(held, CONTACT_KEY),
        "address": contact.address,
        "fields": [_present_field(key, value, fields) for key, value in contact.fields.items()],
        "groups": [present_group(group_id, name) for group_id, name in groups],
        "createdAt": contact.created_at.astimezone(time_zone).isoformat(),
        "updatedAt": contact.updated_at.astimezone(time_zone).isoformat(),
    }


def present_group(group_id: int, name: str) -> GroupShape:
    """“Static” is the original's word for a group whose members are named one by one."""
    return {"id": group_id, "name": name, "type": "Static"}


def present_address_book(fields: dict[str, Field], name: str) -> AddressBooksShape:
    """The account's one address book, in the original's shape: one group of fields, none of them required."""
    shown = [
        FieldDefinitionShape(
            id=field.id,
            name=field.name,
            fieldKey=field.key,
            description={"type": field.type, "required": False, "readonly": False},  # type: ignore[typeddict-item]
        )
        for field in fields.values()
    ]
    groups: list[FieldGroupShape] = [{"name": "Contact fields", "fields": shown}]
    return {"addressBook": {"addressBookId": 1, "name": name, "fieldGroups": groups}}


def _present_channel(identifier: Identifier) -> ChannelShape:
    channel = identifier.push_channel or CHANNEL_TYPES[identifier.kind_id]
    return {"type": channel, "value": identifier.value}  # type: ignore[typeddict-item]  # the column's check holds it


def _first(identifiers: list[Identifier], kind: str) -> str | None:
    return next((identifier.value for identifier in identifiers if identifier.kind_id == kind), None)


def _present_field(key: str, value: Any, fields: dict[str, Field]) -> FieldShape:
    """A declared field has both its id and its name; any other the one that it was sent with."""
    if key in fields:
        return {"id": fields[key].id, "name": key, "value": value}
    return {"id": int(key), "value": value} if is_field_id(key) else {"name": key, "value": value}
