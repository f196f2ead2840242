"""Finds orders by what is typed into a search box: an order id, whatever names the person who ordered, or an item.

Ids first and by UNION, so that each way is one look-up in its own index, however many orders there are. What names an
order or a person decides; a text that names neither is taken for an item's id, then for words of an item's name.
"""

import re
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import Exists, F, FilteredRelation, OuterRef, Q, QuerySet
from django.db.models.expressions import RawSQL
from django.db.models.functions import Left, Lower
from django.db.models.lookups import Exact

from account.current import current_account
from contacts.identifiers import PHONE, PHONE_FORM, normalize
from contacts.search import find_contact_ids, find_ids_called
from orders.models import INDEXED_NAME_LENGTH, PHONE_DIGITS, ItemName, Order, OrderItem, phone_end

MOST_NAMESAKES = 200  # people of one name whose orders are looked for
MOST_ITEMS = 20  # items whose name has the words
NEWEST_OF_ITEMS = 100  # orders that are shown, when there are several items
MOST_WORDS = 8
SHORTEST_PHONE = 5  # digits; fewer are no number
NOT_DIGITS = re.compile(r"[^0-9]")
A_PHONE = re.compile(r"[+0-9() .\-/]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedItem:
    external_item_id: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """The orders that a text finds, and what the person who typed it should know of them.

    `items`: those that the text names as well, or instead. `is_cut_by_item`: of the orders with any of several items
    the newest are there, not all. `has_more_namesakes`: of so many people, the orders of some are there.
    """

    orders: QuerySet[Order]
    items: tuple[NamedItem, ...] = ()
    is_cut_by_item: bool = False
    has_more_namesakes: bool = False


def search_orders(orders: QuerySet[Order], text: str) -> QuerySet[Order]:
    """Those of the orders that the text finds: find_orders()."""
    return find_orders(orders, text).orders


def find_orders(orders: QuerySet[Order], text: str) -> Findings:
    """What the text finds among the orders: seven queries at most, each by an index."""
    text = text.strip()
    if not text:
        return Findings(orders=orders)
    namesakes = find_ids_called(text, MOST_NAMESAKES + 1)
    named = _orders_named(text, [*find_contact_ids(text), *namesakes[:MOST_NAMESAKES]])
    items = _find_items(text)
    if named is not None:
        found, is_cut = orders.filter(pk__in=named), False
    elif not items:
        found, is_cut = orders.none(), False
    elif len(items) == 1:
        found, is_cut = orders_with_item(orders, items[0].external_item_id), False
    else:
        found, is_cut = orders.filter(pk__in=_newest_of([item.external_item_id for item in items])), True
    return Findings(
        orders=found, items=items, is_cut_by_item=is_cut, has_more_namesakes=len(namesakes) > MOST_NAMESAKES
    )


FEW_NAMED = 1_000


def _orders_named(text: str, contact_ids: list[int]) -> QuerySet[Any, Any] | list[int] | None:
    """The ids of the orders with this order id, those of the contacts, and those that say the person themselves; None
    when there is none. While they are few they are named one by one, or each page would look for them again.
    """
    ways = [Q(external_order_id=text), Q(email__iexact=text), Q(external_customer_id=text)]
    if contact_ids:
        ways.append(Q(contact_id__in=contact_ids))
    found = [Order.objects.filter(way) for way in ways]
    found += [_of_nobody_named(column, text) for column in ("first_name", "last_name")]
    if phone_ids := _find_by_phone(text):
        found.append(Order.objects.filter(pk__in=phone_ids))
    ids = [way.order_by().values("pk") for way in found]
    named: QuerySet[Any, Any] = ids[0].union(*ids[1:])
    few = list(named.values_list("pk", flat=True)[: FEW_NAMED + 1])
    return few if 0 < len(few) <= FEW_NAMED else named if few else None


def _of_nobody_named(column: str, name: str) -> QuerySet[Order]:
    """Orders without a contact that give this name (indexes: order_of_nobody_by_…)."""
    begins = Exact(Left(Lower(column), INDEXED_NAME_LENGTH), name.lower()[:INDEXED_NAME_LENGTH])
    return Order.objects.filter(begins, Q(contact__isnull=True) & ~Q(**{column: ""}))


MOST_BY_PHONE = 1_000


def _find_by_phone(text: str) -> list[int]:
    """The ids of the orders that give this number in any spelling: one query (index: order_by_phone_end)."""
    digits = NOT_DIGITS.sub("", text)
    if len(digits) < SHORTEST_PHONE or not A_PHONE.fullmatch(text):
        return []
    region = current_account().phone_region
    wanted = normalize(PHONE, PHONE_FORM, text, region)
    rows = orders_by_phone_end(Order.objects.all(), digits).values_list("pk", "phone")[:MOST_BY_PHONE]
    return [pk for pk, phone in rows if normalize(PHONE, PHONE_FORM, phone, region) == wanted]


def orders_by_phone_end(orders: QuerySet[Order], digits: str) -> QuerySet[Order]:
    """The orders whose number ends with these digits, of which the last nine are looked at."""
    return orders.alias(phone_end=phone_end()).filter(phone_end=digits[-PHONE_DIGITS:]).exclude(phone="")


def _find_items(text: str) -> tuple[NamedItem, ...]:
    """The item of this id, else those whose name has all the words: two queries."""
    if OrderItem.objects.filter(external_item_id=text).exists():  # index: order_item_by_item_and_date
        return (NamedItem(external_item_id=text, name=_name_of(text)),)
    words = re.findall(r"\w+", text)[:MOST_WORDS]
    if not words:
        return ()
    with connection.cursor() as cursor:
        query = " & ".join(f"'{word}':*" for word in words)
        cursor.execute(FIND_ITEMS_NAMED, {"query": query, "most": MOST_ITEMS})
        return tuple(NamedItem(external_item_id=item_id, name=name) for item_id, name in cursor.fetchall())


# The words first: sorted by item, PostgreSQL would rather read all names in the order of items.
FIND_ITEMS_NAMED = """
    WITH found AS MATERIALIZED (
         SELECT external_item_id, name
           FROM orders_itemname                         -- index: item_name_by_word
          WHERE to_tsvector('simple'::regconfig, COALESCE(name, '')) @@ to_tsquery('simple'::regconfig, %(query)s)
    )
    SELECT external_item_id, max(name)
      FROM found
     GROUP BY external_item_id
     ORDER BY external_item_id
     LIMIT %(most)s
"""


def _name_of(external_item_id: str) -> str:
    names = ItemName.objects.filter(external_item_id=external_item_id).order_by("name")
    return names.values_list("name", flat=True).first() or ""


# The newest of each item, and of these the newest: from the index alone.
FIND_NEWEST = """
    SELECT order_id
      FROM (
               SELECT DISTINCT newest.order_date, newest.order_id
                 FROM unnest(%s::text[]) AS wanted (item)
                CROSS JOIN LATERAL (
                          SELECT DISTINCT order_date, order_id
                            FROM orders_orderitem
                           WHERE external_item_id = wanted.item        -- index: order_item_by_item_and_date
                           ORDER BY order_date DESC, order_id DESC
                           LIMIT %s
                      ) AS newest
           ) AS of_any
     ORDER BY order_date DESC, order_id DESC
     LIMIT %s
"""


def _newest_of(external_item_ids: list[str]) -> RawSQL:
    values = (external_item_ids, NEWEST_OF_ITEMS, NEWEST_OF_ITEMS)
    return RawSQL(FIND_NEWEST, values)  # noqa: S611 - all are parameters


def orders_with_item(orders: QuerySet[Order], external_item_id: str) -> QuerySet[Order]:
    """The orders with an item of this id, each once, however many lines of it the order has.

    They are joined with these lines, whose `item_date` and `item_order` are the order's date and id: a list by date
    that is sorted by these (contract/paging.py) is read from the index of items alone, and never sorted.
    """
    if "item_order" in orders.query.annotations:  # joined with an item already: both are wanted
        return orders.filter(Exists(OrderItem.objects.filter(order=OuterRef("pk"), external_item_id=external_item_id)))
    return (
        orders.alias(
            with_item=FilteredRelation("items", condition=Q(items__external_item_id=external_item_id)),
            item_date=F("with_item__order_date"),
            item_order=F("with_item__order_id"),
        )
        .filter(item_order__isnull=False)
        .distinct()
    )
