"""The fields that an order and its items have: docs/rules.md, section 3. What is not listed here is a custom field.

Declarations only: how a kind is read is decided in orders/parameters.py, what an event type does in orders/rules.py.
Pure: no Django, no I/O.
"""

from dataclasses import dataclass
from enum import Enum, auto


class FieldKind(Enum):
    """What a field holds, and with it its limits."""

    ID = auto()  # text of 1 to 255 characters
    OPTIONAL_ID = auto()  # the same, or empty
    NAME = auto()  # text of 1 to 2,000 characters
    TEXT = auto()  # the same, or empty
    LINK = auto()  # text of 1 to 2,048 characters
    OPTIONAL_LINK = auto()  # the same, or empty
    MONEY = auto()  # a decimal, not negative, at most 18 digits, 4 of them decimals
    QUANTITY = auto()  # a decimal above 0, at most 18 digits, 3 of them decimals
    STATUS = auto()
    CURRENCY = auto()
    DATE = auto()  # an instant


@dataclass(frozen=True, slots=True)
class Field:
    """A field by its name in the API and its attribute in OrderState or ItemState."""

    name: str
    attribute: str
    kind: FieldKind


ORDER_ID = Field("externalOrderId", "external_order_id", FieldKind.ID)
ITEMS = "items"

# In the order in which the API shows them.
ORDER_FIELDS: tuple[Field, ...] = (
    ORDER_ID,
    Field("externalCustomerId", "external_customer_id", FieldKind.OPTIONAL_ID),
    Field("status", "status", FieldKind.STATUS),
    Field("totalCost", "total_cost", FieldKind.MONEY),
    Field("currency", "currency", FieldKind.CURRENCY),
    Field("date", "date", FieldKind.DATE),
    Field("source", "source", FieldKind.TEXT),
    Field("email", "email", FieldKind.TEXT),
    Field("phone", "phone", FieldKind.TEXT),
    Field("firstName", "first_name", FieldKind.TEXT),
    Field("lastName", "last_name", FieldKind.TEXT),
    Field("shipping", "shipping", FieldKind.MONEY),
    Field("discount", "discount", FieldKind.MONEY),
    Field("taxes", "taxes", FieldKind.MONEY),
    Field("restoreUrl", "restore_url", FieldKind.OPTIONAL_LINK),
    Field("statusDescription", "status_description", FieldKind.TEXT),
    Field("storeId", "store_id", FieldKind.TEXT),
    Field("deliveryMethod", "delivery_method", FieldKind.TEXT),
    Field("deliveryAddress", "delivery_address", FieldKind.TEXT),
    Field("paymentMethod", "payment_method", FieldKind.TEXT),
    Field("additionalInfo", "additional_info", FieldKind.TEXT),
)
ITEM_FIELDS: tuple[Field, ...] = (
    Field("externalItemId", "external_item_id", FieldKind.ID),
    Field("name", "name", FieldKind.NAME),
    Field("quantity", "quantity", FieldKind.QUANTITY),
    Field("cost", "cost", FieldKind.MONEY),
    Field("url", "url", FieldKind.LINK),
    Field("imageUrl", "image_url", FieldKind.LINK),
)
MAX_ITEMS = 1_000
STATUSES = ("INITIALIZED", "IN_PROGRESS", "DELIVERED", "CANCELLED", "ABANDONED_SHOPPING_CART")
DELIVERED, CANCELLED = "DELIVERED", "CANCELLED"


@dataclass(frozen=True, slots=True)
class Requirements:
    """The names of what must be there: to create an order, and in each item whenever items are given."""

    order: tuple[str, ...]
    item: tuple[str, ...]


EVENT_REQUIREMENTS = Requirements(
    order=("externalOrderId", "totalCost", "status", "date"),
    item=("externalItemId", "name", "quantity", "cost", "url", "imageUrl"),
)
# Of a whole order, as Add orders takes them: docs/rules.md, section 6.
WHOLE_ORDER_REQUIREMENTS = Requirements(order=EVENT_REQUIREMENTS.order, item=("externalItemId", "quantity"))
