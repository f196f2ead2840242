"""The shapes of the contact endpoints for the OpenAPI document: what contacts/payload.py takes, with its limits."""

from typing import Annotated, Any, Literal, NotRequired, TypedDict

import msgspec

from contacts.field_types import MAX_TEXT
from contacts.import_options import MAX_NAMES
from contacts.payload import MAX_CHANNELS, MAX_FIELDS, MAX_GROUPS, MAX_ID
from contract.openapi import Moment, ProblemShape

ChannelType = Literal["email", "sms", "mobilepush", "webpush"]
Id = Annotated[int, msgspec.Meta(ge=1, le=2**63 - 1)]
# A number or boolean is taken as its JSON text.
Scalar = str | int | float | bool | None
Text = Annotated[str, msgspec.Meta(max_length=MAX_TEXT)] | int | float | bool | None
ShortText = Annotated[str, msgspec.Meta(max_length=MAX_ID)] | int | float | bool | None
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_ID)]
FieldValue = Annotated[
    Any, msgspec.Meta(description=f"By the type of a declared field; else any JSON of at most {MAX_TEXT:,} characters.")
]


class SentChannelShape(TypedDict):
    type: ChannelType
    value: NotRequired[Text]


class SentFieldShape(TypedDict):
    """A contact field, by its name or its id."""

    id: NotRequired[int | str | None]
    name: NotRequired[Name | None]
    value: NotRequired[FieldValue]


class SentGroupShape(TypedDict):
    """A group by its name, which is made if there is none; by its id where there is no name."""

    id: NotRequired[int | str | None]
    name: NotRequired[Name | None]


class GroupShape(TypedDict):
    id: Id
    name: Name
    type: Literal["Static"]


class SentContactShape(TypedDict):
    """What is absent or null stays as it is. Members that are not named here are passed over."""

    id: NotRequired[Id | str | None]
    firstName: NotRequired[Text]
    lastName: NotRequired[Text]
    channels: NotRequired[Annotated[list[SentChannelShape], msgspec.Meta(max_length=MAX_CHANNELS)] | None]
    externalCustomerId: NotRequired[ShortText]
    contactKey: NotRequired[ShortText]
    address: NotRequired[dict[str, Scalar] | None]
    fields: NotRequired[Annotated[list[SentFieldShape], msgspec.Meta(max_length=MAX_FIELDS)] | None]
    groups: NotRequired[Annotated[list[Name | SentGroupShape], msgspec.Meta(max_length=MAX_GROUPS)] | None]


class ChannelShape(TypedDict):
    type: ChannelType
    value: str


class FieldShape(TypedDict):
    """A contact field: a declared one by its id and its name, any other by the one that it was sent with."""

    id: NotRequired[int]
    name: NotRequired[str]
    value: Any


class ContactShape(TypedDict):
    """As it is posted, with its id; moments are in the account's time zone."""

    id: Id
    firstName: str
    lastName: str
    channels: list[ChannelShape]
    externalCustomerId: str | None
    contactKey: str | None
    address: dict[str, Any]
    fields: list[FieldShape]
    groups: list[GroupShape]
    createdAt: Moment
    updatedAt: Moment


class ContactIdShape(TypedDict):
    id: Id


class SubscriptionShape(TypedDict):
    contact: SentContactShape
    groups: NotRequired[Annotated[list[Name | SentGroupShape], msgspec.Meta(max_length=MAX_GROUPS)] | None]
    formType: NotRequired[Annotated[str, msgspec.Meta(max_length=MAX_ID)] | None]


class FieldDescriptionShape(TypedDict):
    type: Literal["text", "integer", "decimal", "boolean", "date", "datetime"]
    required: bool
    readonly: bool


class FieldDefinitionShape(TypedDict):
    id: Id
    name: str
    fieldKey: str
    description: FieldDescriptionShape


class FieldGroupShape(TypedDict):
    name: str
    fields: list[FieldDefinitionShape]


class AddressBookShape(TypedDict):
    addressBookId: int
    name: str
    fieldGroups: list[FieldGroupShape]


class AddressBooksShape(TypedDict):
    addressBook: AddressBookShape


Names = Annotated[list[Annotated[str, msgspec.Meta(max_length=MAX_ID)]], msgspec.Meta(max_length=MAX_NAMES)]


class SentImportShape(TypedDict):
    """Members that are not named here are passed over."""

    contacts: Annotated[list[SentContactShape], msgspec.Meta(min_length=1, max_length=3_000)]
    dedupeOn: NotRequired[Literal["email", "sms", "email_or_sms", "externalCustomerId", "fieldId", "id"] | None]
    fieldId: NotRequired[int | str | None]
    contactFields: NotRequired[Names | None]
    customFieldsIDs: NotRequired[Annotated[list[int | str], msgspec.Meta(max_length=MAX_FIELDS)] | None]
    groupNames: NotRequired[Names | None]
    groupNamesExclude: NotRequired[Names | None]
    restoreDeleted: NotRequired[bool | None]
    eventKeyForNewContacts: NotRequired[Annotated[str, msgspec.Meta(max_length=MAX_ID)] | None]


class TakenImportShape(TypedDict):
    asyncSessionId: str
    status: Literal["STARTED"]
    total: int


class MappedShape(TypedDict):
    """The place of a contact in the import, and the contact that it came to."""

    index: int
    contactId: Id


class RefusedContactShape(TypedDict):
    """The place of a contact that was not taken, why, and the contacts that are in its way."""

    index: int
    errors: list[ProblemShape]
    contactIds: NotRequired[list[Id]]


class ImportStatusShape(TypedDict):
    asyncSessionId: str
    status: Literal["STARTED", "IMPORTING", "FINISHED", "ERROR"]
    description: NotRequired[str]
    total: int
    done: int
    created: int
    updated: int
    mapping: list[MappedShape]
    refused: list[RefusedContactShape]
