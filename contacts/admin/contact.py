"""People in the console: the list, and the page that other rooms add a person's orders and events to."""

from collections.abc import Mapping
from typing import Any

from django.contrib import admin
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.http import urlencode
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_filters import FilterSet

from console import display
from console.filters import PickFilter, SearchFilter, SuggestFilter
from console.lists import Column, ListAdmin, Note
from console.pages import Panel, add_panels
from contacts.admin import removal
from contacts.groups import load_group_names, load_groups_of
from contacts.models import Contact, Identifier
from contacts.search import find_contact_ids, find_ids_called

MOST_NAMESAKES = 1_000  # people of one name that a search shows
SHOWN_IDENTIFIERS = 100
SHOWN_VALUE = 2_000  # characters of a field


STATES = [("deleted", gettext_lazy("deleted")), ("kept", gettext_lazy("not deleted"))]


class ContactFilters(FilterSet):
    """`notes` says what to know of the rows that a search found, once they are asked for."""

    q = SearchFilter(gettext_lazy("E-mail, phone, customer id, contact id or name"), method="search")
    group = SuggestFilter(gettext_lazy("Group"), load_group_names, method="in_group")
    state = PickFilter(gettext_lazy("State"), STATES, method="in_state")

    class Meta:
        model = Contact
        fields: list[str] = []

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.notes: list[Note] = []

    def search(self, contacts: QuerySet[Contact], name: str, value: str) -> QuerySet[Contact]:
        named = find_ids_called(value, MOST_NAMESAKES + 1)
        if len(named) > MOST_NAMESAKES:
            words = _("More than %(count)d people have this name; these are some of them. Type more of it.")
            self.notes = [Note(words % {"count": MOST_NAMESAKES})]
        return contacts.filter(pk__in=[*find_contact_ids(value), *named[:MOST_NAMESAKES]])

    def in_group(self, contacts: QuerySet[Contact], name: str, value: str) -> QuerySet[Contact]:
        return contacts.filter(memberships__group__name=value)

    def in_state(self, contacts: QuerySet[Contact], name: str, value: str) -> QuerySet[Contact]:
        return contacts.filter(deleted_at__isnull=value == "kept")


@admin.register(Contact)
class ContactAdmin(ListAdmin):
    filterset_class = ContactFilters
    columns = (
        Column(gettext_lazy("Id")),
        Column(gettext_lazy("Name")),
        Column(gettext_lazy("Identifiers")),
        Column(gettext_lazy("Created")),
        Column(gettext_lazy("Updated")),
    )
    row_template = "contacts/list_row.html"
    page_template = "contacts/page.html"
    empty_title = gettext_lazy("No contacts yet")
    empty_hint = gettext_lazy("Import them with POST /api/v1/contact; an event finds its contact by their identifiers.")

    def rows(self, request: HttpRequest) -> QuerySet[Contact]:
        identifiers = Identifier.objects.select_related("kind").order_by("id")
        return Contact.objects.prefetch_related(Prefetch("identifiers", identifiers))

    def get_queryset(self, request: HttpRequest) -> QuerySet[Contact]:
        return Contact.objects.select_related("erasure")

    def get_urls(self) -> list[Any]:
        return [*removal.removal_urls(self.admin_site.admin_view), *super().get_urls()]

    def page_title(self, obj: Contact) -> str:
        return _("Contact %(name)s") % {"name": Truncator(obj).chars(80)}

    def page_context(self, request: HttpRequest, obj: Contact) -> dict[str, Any]:
        return {"contact": obj, "is_erased": removal.erasure_of(obj) is not None}


def load_identifiers(contact: Contact) -> Mapping[str, Any]:
    """What names the contact; nothing of one that is being erased, whose identifiers are still looked for.

    Push tokens of devices may be very many: the first SHOWN_IDENTIFIERS are shown.
    """
    if removal.erasure_of(contact) is not None:
        return {"identifiers": []}
    named = contact.identifiers.select_related("kind").order_by("kind_id", "id")
    found = list(named[: SHOWN_IDENTIFIERS + 1])
    return {"identifiers": found[:SHOWN_IDENTIFIERS], "has_more": len(found) > SHOWN_IDENTIFIERS}


def load_facts(contact: Contact) -> Mapping[str, Any]:
    """What else is known of a person; empty fields are left out."""
    named = load_groups_of([contact.pk]).get(contact.pk, [])
    own = [
        (_("First name"), contact.first_name),
        (_("Last name"), contact.last_name),
        (_("Groups"), format_html_join(", ", '<a href="{}">{}</a>', ((_group_url(name), name) for _id, name in named))),
    ]
    given = [*contact.address.items(), *contact.fields.items()]
    return {
        "facts": [
            *((title, text) for title, text in own if text),
            *((Truncator(name).chars(80), _readable(value)) for name, value in given),
            (_("Contact id"), contact.pk),
            (_("Created"), display.moment(contact.created_at)),
            (_("Updated"), display.moment(contact.updated_at)),
        ]
    }


def _group_url(name: str) -> str:
    """The list of those in the group."""
    return f"{reverse('admin:contacts_contact_changelist')}?{urlencode({'group': name})}"


def _readable(value: Any) -> Any:
    return display.web_link(Truncator(display.json_text(value)).chars(SHOWN_VALUE))


add_panels(
    Contact,
    [
        Panel("contacts/identifiers.html", load_identifiers, "contacts.view_contact", aside=True),
        Panel("contacts/facts.html", load_facts, "contacts.view_contact", aside=True),
        *removal.PANELS,
    ],
)
