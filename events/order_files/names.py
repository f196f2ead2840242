"""Decides which column means what by its name alone: the names that exports of shops and platforms use.

Names compare without regard to case, spaces and punctuation. What is not listed here is not guessed: such a column is
shown as not imported. Pure: no Django, no I/O.
"""

from collections.abc import Iterable

from orders.fields import ITEM_FIELDS, ITEMS, ORDER_FIELDS

IN_ITEM = f"{ITEMS}."  # before the name of a field of an item: "items.cost"

# Target: the names besides its own.
_ORDER_NAMES: dict[str, tuple[str, ...]] = {
    "externalOrderId": ("order", "order id", "order number", "order no", "order nr", "order ref", "order reference",
                        "external id", "номер замовлення", "номер заказа", "замовлення", "заказ"),
    "externalCustomerId": ("customer id", "customer number", "client id", "user id", "external customer"),
    "status": ("order status", "статус"),
    "totalCost": ("total", "order total", "total price", "grand total", "total amount", "amount", "order amount",
                  "сума", "сумма"),
    "currency": ("currency code", "order currency", "валюта"),
    "date": ("order date", "created", "created at", "date created", "ordered at", "order created", "дата"),
    "source": ("channel", "order source"),
    "email": ("e-mail", "email address", "customer email", "contact email"),
    "phone": ("phone number", "telephone", "mobile", "customer phone", "телефон"),
    "firstName": ("customer first name", "given name", "ім'я", "имя"),
    "lastName": ("customer last name", "surname", "family name", "прізвище", "фамилия"),
    "shipping": ("shipping cost", "shipping total", "shipping amount", "delivery cost"),
    "discount": ("discount total", "discount amount", "total discount"),
    "taxes": ("tax", "tax total", "total tax", "vat"),
    "statusDescription": ("status text",),
    "storeId": ("store", "shop id"),
    "deliveryMethod": ("shipping method",),
    "deliveryAddress": ("shipping address",),
    "paymentMethod": ("payment", "payment type"),
    "additionalInfo": ("note", "notes", "comment", "customer note"),
    ITEMS: ("order items", "line items", "products"),
}  # fmt: skip
_ITEM_NAMES: dict[str, tuple[str, ...]] = {
    "externalItemId": ("item id", "sku", "item sku", "product id", "line item sku"),
    "name": ("item name", "item", "product name", "product", "line item name"),
    "quantity": ("qty", "item quantity", "line item quantity", "item qty"),
    "cost": ("price", "item price", "item cost", "unit price", "line item price"),
    "url": ("item url", "product url"),
    "imageUrl": ("item image", "item image url", "image url", "product image url"),
}  # fmt: skip
_TOO_VAGUE = frozenset({"name", "url"})  # of an item, when nothing says so


def targets() -> tuple[str, ...]:
    """Everything that a column can mean, as it is written in a mapping."""
    return (*(field.name for field in ORDER_FIELDS), ITEMS, *(IN_ITEM + field.name for field in ITEM_FIELDS))


def guess(columns: Iterable[str]) -> dict[str, str]:
    """The target of each column whose name is known. Two columns never get one target: the nearer name has it."""
    found: dict[str, str] = {}
    ranked = sorted((rank, place, name) for place, name in enumerate(columns) for rank in _ranks(name))
    for _, _, name in ranked:
        target = _BY_NAME[_simplified(name)][1]
        if target not in found.values():
            found.setdefault(name, target)
    return found


def _ranks(name: str) -> Iterable[int]:
    known = _BY_NAME.get(_simplified(name))
    return () if known is None else (known[0],)


def _simplified(name: str) -> str:
    return "".join(character for character in name.casefold() if character.isalnum())


def _known_names() -> dict[str, tuple[int, str]]:
    """(rank, target) by simplified name; a target's own name ranks before the others."""
    names: dict[str, tuple[int, str]] = {}
    for target, others in _ORDER_NAMES.items():
        names |= {_simplified(other): (rank, target) for rank, other in enumerate(others, start=1)}
    for item_field, others in _ITEM_NAMES.items():
        names |= {_simplified(other): (rank, IN_ITEM + item_field) for rank, other in enumerate(others, start=1)}
        own = {_simplified(f"{prefix}{item_field}") for prefix in ("item", "items", "product", "lineitem")}
        names |= dict.fromkeys(own, (0, IN_ITEM + item_field))
        if item_field not in _TOO_VAGUE:
            names[_simplified(item_field)] = (0, IN_ITEM + item_field)
    return names | {_simplified(target): (0, target) for target in targets()}


_BY_NAME = _known_names()
