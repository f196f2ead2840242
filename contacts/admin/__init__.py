"""The console's pages about who a person is, and by what rules an event finds one."""

from contacts.admin import palette
from contacts.admin.contact import ContactAdmin
from contacts.admin.contact_field import ContactFieldAdmin
from contacts.admin.group import GroupAdmin
from contacts.admin.identifier_kind import IdentifierKindAdmin

__all__ = ["ContactAdmin", "ContactFieldAdmin", "GroupAdmin", "IdentifierKindAdmin", "palette"]
