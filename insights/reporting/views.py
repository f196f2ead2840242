"""The views of the schema `reporting` and the meaning of each column: docs/reporting.md is this, held by a test.

The SQL stands in the migrations of insights: a view is stable, so its text is a matter of the release that made it.
"""

from collections.abc import Mapping

MONEY = "in `currency`, with the decimals it was sent with"

VIEWS: Mapping[str, Mapping[str, str]] = {
    "orders": {
        "order_id": "our own number of the order; the key of the view",
        "external_order_id": "the order's id as the shop sent it, unique",
        "contact_id": "whose order it is, also where that contact was deleted or erased; null for a guest",
        "status": "one of INITIALIZED, IN_PROGRESS, DELIVERED, CANCELLED, ABANDONED_SHOPPING_CART",
        "total_cost": f"the order's total, {MONEY}",
        "currency": "three letters of ISO 4217; amounts of two currencies must never be added",
        "date": "the moment of the order, with its zone",
        "day": "the day of `date` in the account's time zone, by which revenue is cut",
        "shipping": f"{MONEY}; null when it was not told",
        "discount": f"{MONEY}; null when it was not told",
        "taxes": f"{MONEY}; null when it was not told",
        "store_id": "the parameter `storeId`; empty when it was not told",
        "source": "the parameter `source`; empty when it was not told",
        "delivery_method": "the parameter `deliveryMethod`; empty when it was not told",
        "payment_method": "the parameter `paymentMethod`; empty when it was not told",
        "from_mobile_sdk": "whether an event of a mobile-SDK source made the order",
        "created_at": "when the order was first stored here",
        "updated_at": "when an event last changed it",
    },
    "items": {
        "order_id": "the order it is a line of: `orders.order_id`",
        "position": "its place in the order, from 0; with `order_id` the key of the view",
        "external_item_id": "the item's id as the shop sent it",
        "name": "its name; empty when it was not told",
        "category": "its custom field `category`; null when it has none",
        "quantity": "how many, with up to 3 decimals",
        "cost": "the price of one, in `currency`; null when it was not told",
        "amount": "`cost` times `quantity`; null without a cost",
        "currency": "that of the order",
        "status": "that of the order",
        "date": "that of the order",
        "day": "that of the order",
    },
    "contacts": {
        "contact_id": "our own number of the contact; the key of the view",
        "first_name": "empty when it is not known",
        "last_name": "empty when it is not known",
        "email": "the oldest e-mail address, as it was given; null when there is none",
        "phone": "the oldest phone number, as it was given; null when there is none",
        "external_customer_id": "the oldest customer id of the shop; null when there is none",
        "groups": "the names of the contact's groups, by the alphabet",
        "created_at": "when the contact was stored here",
        "updated_at": "when it last changed",
    },
    "events": {
        "event_id": "the event's id, in the order of acceptance; the key of the view",
        "event_type": "its `eventTypeKey`",
        "source": "the name of the source that sent it",
        "source_kind": "backend, mobile_sdk, import or console",
        "external_order_id": "the order that an order event is about; null for other events",
        "order_id": "the order that it was applied to: `orders.order_id`; null when there is none, or no more",
        "contact_id": "whom it was matched with; null for nobody",
        "outcome": "applied, ignored, failed, or waiting",
        "reason": "why it was ignored or failed, a code of docs/rules.md; null otherwise",
        "attempt": "1, and one more for each replay; null while it waits for the first time",
        "occurred_at": "when it happened, as its sender said; null when it was not told",
        "received_at": "when it was accepted",
        "decided_at": "when its outcome was written; null while it waits",
    },
    "revenue_by_day": {
        "day": "a day of the account's time zone; with `currency` the key of the view",
        "currency": "three letters of ISO 4217; amounts of two currencies must never be added",
        "revenue": "the sum of `total_cost` of the DELIVERED orders whose `day` it is: what the revenue page says",
        "orders": "how many these are",
        "mobile_sdk_initialized_revenue": "INITIALIZED orders of mobile-SDK sources: never a part of `revenue`",
        "mobile_sdk_initialized_orders": "how many these are: never a part of `orders`",
    },
}

# What each is sorted by in a file, so that two exports of the same rows are the same: an index serves it, or few rows.
ORDER_OF_ROWS: Mapping[str, str] = {
    "orders": "order_id",
    "items": "order_id, position",
    "contacts": "contact_id",
    "events": "event_id",
    "revenue_by_day": "day, currency",
}
# By which table the number of rows is estimated, for the progress bar.
COUNTED_BY: Mapping[str, str] = {
    "orders": "orders_order",
    "items": "orders_orderitem",
    "contacts": "contacts_contact",
    "events": "events_event",
    "revenue_by_day": "orders_dailyrevenue",
}
