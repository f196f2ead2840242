"""Who may be the same person as a contact, by what orders say: contacts/duplicates.py looks at the contacts themselves.

An order belongs to the contact that its first event named. Its own e-mail and phone may name another contact, and an
order of another contact may say this one's. Found by indexes; of a busy contact the newest orders are looked at.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import QuerySet

from account.current import current_account
from contacts.duplicates import Text
from contacts.identifiers import EMAIL, PHONE, PHONE_FORM, normalize
from contacts.models import Contact
from orders.models import Order
from orders.search import NOT_DIGITS, SHORTEST_PHONE, orders_by_phone_end

NEWEST_ORDERS = 200
MOST_IDENTIFIERS = 5  # of each kind, that are looked for in the orders of others
MOST_ORDERS = 100  # that are looked at for each


@dataclass(frozen=True, slots=True)
class OrderSign:
    """An order of another contact that says this contact's e-mail or phone."""

    order_id: int
    external_order_id: str
    text: str


def texts_of_orders(contact: Contact) -> list[Text]:
    """The e-mails and phones that the contact's newest orders say: one query (index: order_by_contact)."""
    orders = Order.objects.filter(contact=contact).order_by("-date", "-id")
    rows = orders.values_list("external_order_id", "email", "phone")[:NEWEST_ORDERS]
    texts: dict[str, Text] = {}
    for order_id, *said in rows:
        for text in filter(None, said):
            texts.setdefault(text, Text(order_id, text))
    return list(texts.values())


def find_order_signs(contact: Contact, texts: Iterable[Text]) -> dict[int, list[OrderSign]]:
    """The other contacts, by id, whose orders say this contact's e-mail or phone: one query, or none.

    `texts` are the contact's own (contacts/duplicates.py, texts_of). Indexes: order_by_email, order_by_phone_end.
    """
    emails = [text.text for text in texts if text.own_kind == EMAIL][:MOST_IDENTIFIERS]
    phones = [text.text for text in texts if text.own_kind == PHONE][:MOST_IDENTIFIERS]
    ways = [_first(Order.objects.filter(email__iexact=email)) for email in emails]
    digits = [NOT_DIGITS.sub("", phone) for phone in phones]
    ways += [_first(orders_by_phone_end(Order.objects.all(), d)) for d in digits if len(d) >= SHORTEST_PHONE]
    if not ways:
        return {}
    region = current_account().phone_region
    own = {normalize(PHONE, PHONE_FORM, phone, region) for phone in phones} | {email.casefold() for email in emails}
    signs: dict[int, list[OrderSign]] = defaultdict(list)
    for contact_id, order_id, external_order_id, email, phone in ways[0].union(*ways[1:]):
        said = email if email.casefold() in own else phone
        if contact_id in (None, contact.pk) or (
            said is phone and normalize(PHONE, PHONE_FORM, phone, region) not in own
        ):
            continue
        signs[contact_id].append(OrderSign(order_id, external_order_id, said))
    return dict(signs)


def _first(orders: QuerySet[Order]) -> QuerySet[Order, tuple[int | None, int, str, str, str]]:
    return orders.order_by().values_list("contact_id", "pk", "external_order_id", "email", "phone")[:MOST_ORDERS]
