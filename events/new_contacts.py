"""Stores an event for each contact that an import has made: `eventKeyForNewContacts`, docs/rules.md, section 6.

In the transaction that makes the contacts, so there is never the one without the other. The events name their contact
by every identifier that it was sent with, and go the way of all events.
"""

from collections.abc import Sequence

import structlog

from contacts.identifiers import CONTACT_KEY, EMAIL, EXTERNAL_CUSTOMER_ID, PHONE
from contacts.imports import NewContact
from contract.json_values import encode
from events.inbox import NewEvent, StoreUnavailableError, store_many
from events.models import Source

log = structlog.get_logger(__name__)

PARAMETERS = {EXTERNAL_CUSTOMER_ID: "externalCustomerId", EMAIL: "email", PHONE: "phone", CONTACT_KEY: "contactKey"}


def store_new_contact_events(event_key: str, source_id: int, contacts: Sequence[NewContact]) -> None:
    """Six statements for any number of contacts. Raises what the database raises when it is not there.

    A source that was removed since the import was taken has no events any more; its contacts are taken all the same.
    """
    if not Source.objects.filter(pk=source_id).exists():
        log.warning("import.source_is_gone", source_id=source_id, contacts=len(contacts))
        return
    try:
        store_many([_event_of(event_key, source_id, contact) for contact in contacts])
    except StoreUnavailableError as error:
        # The import tells its own errors from the database's by their type.
        raise (error.__cause__ or error) from error


def _event_of(event_key: str, source_id: int, contact: NewContact) -> NewEvent:
    parameters: dict[str, str] = {"contactId": str(contact.contact_id)}
    for given in contact.change.all_identifiers:
        if given.kind in PARAMETERS:
            parameters.setdefault(PARAMETERS[given.kind], given.value)
    key_value = parameters["contactId"]
    body = encode({"eventTypeKey": event_key, "keyValue": key_value, "params": parameters})
    return NewEvent(source_id=source_id, event_type_key=event_key, key_value=key_value, order_key="", body=body)
