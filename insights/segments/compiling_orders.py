"""The orders that a condition is about, as SQL. Pure; see compiling.py."""

from insights.segments.conditions import OrderCondition, Range
from insights.segments.facts import Facts, Span
from insights.segments.sql import Sql, every

CATEGORY = "category"  # the custom field of an item
INDEXED_CATEGORY_LENGTH = 100  # characters: an index row has no room for a text of any length


def order_rows(leaf: OrderCondition, facts: Facts) -> Sql:
    """What stands behind FROM: the orders (o) of the condition that have a contact.

    Indexes: order_item_by_item_and_date or order_item_by_category for items; else order_by_status, order_by_date,
    order_by_currency, and order_delivered_by_contact where DELIVERED orders are counted or summed up.
    """
    span = facts.span_of(leaf.window)
    tests = [Sql("o.contact_id IS NOT NULL"), _status_is_one_of(leaf.statuses)]
    if leaf.currency:
        tests.append(Sql("o.currency = %s", (leaf.currency,)))
    tests += _within("o.date", span)
    if leaf.items or leaf.categories:
        tests.append(_items(leaf, span))
    return every(tests).inside("orders_order AS o WHERE ", "")


def amounts(leaf: OrderCondition) -> list[tuple[str, Range]]:
    """The aggregates that are asked for, with their bounds."""
    total = [] if leaf.total is None else [("sum(o.total_cost)", leaf.total)]
    return [("count(*)", leaf.count), *total]


def _status_is_one_of(statuses: tuple[str, ...]) -> Sql:
    """One status as an equation, which partial indexes are found by."""
    if len(statuses) == 1:
        return Sql("o.status = %s", statuses)
    return Sql("o.status = ANY(%s::text[])", (list(statuses),))


def _within(column: str, span: Span) -> list[Sql]:
    tests = []
    if span.start is not None:
        tests.append(Sql(f"{column} >= %s", (span.start,)))
    if span.end is not None:
        tests.append(Sql(f"{column} < %s", (span.end,)))
    return tests


def _items(leaf: OrderCondition, span: Span) -> Sql:
    """Items have their order's date, so that their index answers the window as well."""
    tests = _within("i.order_date", span)
    if leaf.items:
        tests.append(Sql("i.external_item_id = ANY(%s::text[])", (list(leaf.items),)))
    if leaf.categories:
        beginnings = [category[:INDEXED_CATEGORY_LENGTH] for category in leaf.categories]
        tests.append(Sql(f"i.custom_fields ? '{CATEGORY}'"))  # what the index is limited to
        text = f"left(i.custom_fields ->> '{CATEGORY}', {INDEXED_CATEGORY_LENGTH}) = ANY(%s::text[])"
        tests.append(Sql(text, (beginnings,)))
        tests.append(Sql(f"i.custom_fields ->> '{CATEGORY}' = ANY(%s::text[])", (list(leaf.categories),)))
    return every(tests).inside("o.id IN (SELECT i.order_id FROM orders_orderitem AS i WHERE ", ")")
