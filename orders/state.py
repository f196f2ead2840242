"""What the rules know of an order: immutable values, changed by copy. Pure: no Django, no I/O.

JSON values in `custom_fields` are None, bool, int, Decimal, str, list and dict. Money and quantities are Decimals that
keep the decimals they were sent with. Instants are aware datetimes in UTC. Absent text is "", other absent values None.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from contract.reasons import Caution

EMPTY: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemState:
    external_item_id: str
    quantity: Decimal
    name: str = ""
    cost: Decimal | None = None
    url: str = ""
    image_url: str = ""
    custom_fields: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderState:
    external_order_id: str
    contact_id: int | None
    status: str
    total_cost: Decimal
    currency: str
    date: datetime
    external_customer_id: str = ""
    email: str = ""
    phone: str = ""
    first_name: str = ""
    last_name: str = ""
    shipping: Decimal | None = None
    discount: Decimal | None = None
    taxes: Decimal | None = None
    restore_url: str = ""
    status_description: str = ""
    store_id: str = ""
    source: str = ""
    delivery_method: str = ""
    delivery_address: str = ""
    payment_method: str = ""
    additional_info: str = ""
    items: tuple[ItemState, ...] = ()
    custom_fields: Mapping[str, Any] = field(default_factory=dict)
    warnings: tuple[Caution, ...] = ()  # what is true of the order as it stands: total_mismatch, date_in_future
    from_mobile_sdk: bool = False
    last_occurred_at: datetime | None = None
