"""What orders and events add to a person's page: the history of both, who may be the same person, and their erasure."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpRequest
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from console.pages import Panel, add_panels
from contacts.admin.erasure_review import Line, add_review
from contacts.duplicates import Sign, find_signs, texts_of
from contacts.kind_names import kind_names
from contacts.models import Contact, IdentifierKind
from contract.problems import ApiError
from events.contact_timeline import EVENTS, KINDS, ORDERS, Place, load_timeline, read_place
from events.models import Outcome
from orders.admin.of_contact import load_totals
from orders.duplicates import OrderSign, find_order_signs, texts_of_orders
from orders.models import Order

KIND, BEFORE = "kind", "before"  # in the address of the page
SEES = {ORDERS: "orders.view_order", EVENTS: "events.view_event"}
SHOWN_CONTACTS, SHOWN_SIGNS = 20, 4
COUNTED = 10_000  # orders and events, for the review of an erasure


def load_history(contact: Contact, request: HttpRequest) -> Mapping[str, Any]:
    """A page of the contact's history, of what the reader may see: at most four queries.

    An address that was not made here shows the history from its beginning.
    """
    kinds = [kind for kind in KINDS if request.user.has_perm(SEES[kind])]
    chosen = request.GET.get(KIND, "")
    try:
        place = read_place(request.GET.get(BEFORE, ""))
    except ApiError as refusal:
        messages.warning(request, refusal.detail)
        place = Place()
    shown = [chosen] if chosen in kinds else kinds
    timeline = load_timeline(contact.pk, shown, place)
    words = {ORDERS: _("Orders"), EVENTS: _("Events")}
    return {
        "contact": contact,
        "kinds": [("", _("All"), chosen not in kinds), *((kind, words[kind], kind == chosen) for kind in kinds)]
        if len(kinds) > 1
        else [],
        "kind": chosen if chosen in kinds else "",
        "sees": {kind: kind in kinds for kind in KINDS},
        "entries": timeline.entries,
        "next": timeline.next_place.encode() if timeline.next_place else "",
        "is_first": place == Place(),
    }


def load_duplicates(contact: Contact, request: HttpRequest) -> Mapping[str, Any]:
    """Contacts that may be the same person, each with the reasons, those with the most of them first: five queries."""
    if contact.deleted_at is not None:
        return {"duplicates": []}
    texts = texts_of(contact)
    sees_orders = request.user.has_perm(SEES[ORDERS])
    signs = find_signs(contact.pk, [*texts, *(texts_of_orders(contact) if sees_orders else ())])
    order_signs = find_order_signs(contact, texts) if sees_orders else {}
    ids = sorted({*signs, *order_signs}, key=lambda pk: (-len(signs.get(pk, ())) - len(order_signs.get(pk, ())), pk))
    others = Contact.objects.filter(deleted_at=None).in_bulk(ids[:SHOWN_CONTACTS]) if ids else {}
    kinds = kind_names(IdentifierKind.objects.all()) if others else {}
    own_name = str(contact).casefold() if contact.first_name or contact.last_name else ""
    return {
        "duplicates": [
            {
                "contact": others[pk],
                "signs": list(_reasons(signs.get(pk, ()), order_signs.get(pk, ()), kinds))[:SHOWN_SIGNS],
                "has_same_name": str(others[pk]).casefold() == own_name,
            }
            for pk in ids[:SHOWN_CONTACTS]
            if pk in others
        ]
    }


def _reasons(signs: Any, order_signs: Any, kinds: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """Each reason in words, with the text and where to look."""
    sign: Sign
    for sign in signs:
        words = _("is here as “%(place)s” and is the %(kind)s of that contact")
        yield {"text": sign.text, "words": words % {"place": sign.place, "kind": kinds.get(sign.kind, sign.kind)}}
    order_sign: OrderSign
    for order_sign in order_signs:
        url = reverse("admin:orders_order_change", args=[order_sign.order_id])
        words = _("names this contact and stands in an order of that one:")
        yield {"text": order_sign.text, "words": words, "order": order_sign.external_order_id, "url": url}


# --- the review of an erasure ---


def _counted(count: int) -> str:
    return _("more than %(most)s") % {"most": f"{COUNTED:,}"} if count > COUNTED else f"{count:,}"


def review_orders_and_events(contact: Contact) -> Iterator[Line]:
    """What goes and stays of the contact's orders and events: three queries. events/erasure.py does it."""
    orders = Order.objects.filter(contact=contact)[: COUNTED + 1].count()
    events = Outcome.objects.filter(contact=contact)[: COUNTED + 1].count()
    orders_url = f"{reverse('admin:orders_order_changelist')}?{urlencode({'contact': contact.pk})}"
    events_url = f"{reverse('admin:events_event_changelist')}?{urlencode({'contact': contact.pk})}"
    of_orders = ngettext("of %(count)s order", "of %(count)s orders", orders) % {"count": _counted(orders)}
    of_events = ngettext("of %(count)s event", "of %(count)s events", events) % {"count": _counted(events)}
    yield Line(
        goes=True,
        title=_("In orders"),
        words=_("e-mail, phone, names, customer id, addresses, links, free texts and the fields that the shop added"),
        link=(of_orders, orders_url),
    )
    yield Line(
        goes=True,
        title=_("In events"),
        words=_(
            "all parameters but those that stay of an order; of an event that is about no order, every one. Events of "
            "others lose what names this person: the whole log is looked through."
        ),
        link=(of_events, events_url),
    )
    yield Line(
        goes=False,
        title=_("Orders"),
        words=_("their ids, items, money, dates and statuses, and with them every figure of revenue"),
        link=(of_orders, orders_url),
    )
    for total in load_totals(contact)["totals"]:
        yield Line(goes=False, title=_("Delivered"), money=(total["total"], total["currency"]))
    yield Line(goes=False, title=_("Events"), words=_("their ids, types, moments and what became of them"))


add_panels(
    Contact,
    [
        Panel("events/duplicates.html", load_duplicates, "contacts.view_contact", asks_request=True),
        Panel("events/of_contact.html", load_history, "contacts.view_contact", asks_request=True),
    ],
)
add_review(review_orders_and_events)
