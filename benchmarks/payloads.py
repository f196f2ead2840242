"""The bytes that are posted: the article's orderCreated with two items, numbered, for contacts that exist.

Every app and every limit gets the same bytes. Numbers have a fixed width, so each event is as long as the others.
"""

import base64
import json
from collections.abc import Iterator

STATUSES = ("INITIALIZED", "IN_PROGRESS", "DELIVERED")
FIRST_PHONE = 380_500_000_000
EVENTS_PER_REQUEST = 1_000


def contact_number(number: int, contacts: int) -> int:
    """Whose order it is: spread over all contacts in no order, so that look-ups meet cold and warm rows alike."""
    return number * 7_919 % contacts


def customer_id(contact: int) -> str:
    return f"AV{contact:08d}"


def email(contact: int) -> str:
    return f"contact{contact:08d}@example.com"


def phone(contact: int) -> str:
    return str(FIRST_PHONE + contact)


def _order_created(number: int, contacts: int) -> dict:
    contact = contact_number(number, contacts)
    month, day, hour = 1 + number % 12, 1 + number % 28, number % 24
    params = {
        "phone": phone(contact),
        "email": email(contact),
        "externalOrderId": f"B{number:010d}",
        "externalCustomerId": customer_id(contact),
        "totalCost": "1248.00",
        "status": STATUSES[number % 3],
        "date": f"2025-{month:02d}-{day:02d}T{hour:02d}:11:00",
        "currency": "UAH",
        "deliveryMethod": "courier",
        "utmSource": "newsletter",
        "items": [_item(number, 1, 990), _item(number, 2, 258)],
    }
    return {
        "eventTypeKey": "orderCreated",
        "keyValue": phone(contact),
        "params": [{"name": name, "value": value} for name, value in params.items()],
    }


def _item(number: int, position: int, cost: int) -> dict:
    product = f"{200_000 + (number * 31 + position) % 50_000}"
    return {
        "externalItemId": product,
        "name": "Super Device",
        "category": "devices",
        "quantity": 1,
        "cost": cost,
        "url": f"http://example.com/item/{product}",
        "imageUrl": f"http://example.com/item/{product}/image.png",
        "description": "High quality",
    }


def order_created(number: int, contacts: int) -> bytes:
    """One envelope: an order that nobody has posted under this number before."""
    return json.dumps(_order_created(number, contacts), separators=(",", ":")).encode()


def order_delivered(order_id: str) -> bytes:
    """One envelope: an order that exists was delivered."""
    params = [{"name": "externalOrderId", "value": order_id}]
    return json.dumps(
        {"eventTypeKey": "orderDelivered", "keyValue": order_id, "params": params}, separators=(",", ":")
    ).encode()


def bulk(events: list[bytes]) -> bytes:
    """The body of one bulk request."""
    return b'{"events":[' + b",".join(events) + b"]}"


def request(path: str, body: bytes, authorization: str, headers: str = "") -> bytes:
    """A whole HTTP/1.1 request, ready to be written to a socket; each of the `headers` ends with a line's end."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: {authorization}\r\n{headers}"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def read_request(address: str, authorization: str) -> bytes:
    """A whole HTTP/1.1 request that reads."""
    return f"GET {address} HTTP/1.1\r\nHost: localhost\r\nAuthorization: {authorization}\r\n\r\n".encode()


def basic(key: str) -> str:
    """The Authorization header of the original's clients: any user name, the API key as the password."""
    return "Basic " + base64.b64encode(f"shop:{key}".encode()).decode()


class Numbers:
    """Order numbers that are never given out twice in one run."""

    def __init__(self, first: int = 1) -> None:
        self._next = first

    def take(self, count: int) -> Iterator[int]:
        first, self._next = self._next, self._next + count
        return iter(range(first, self._next))


def single_requests(numbers: Iterator[int], contacts: int, authorization: str) -> list[bytes]:
    """Prebuilt requests of one event each: building them must not cost CPU while the clock runs."""
    return [request("/api/v1/event", order_created(number, contacts), authorization) for number in numbers]


def keyed_requests(numbers: Iterator[int], contacts: int, authorization: str) -> list[bytes]:
    """The same, each with an idempotency key of its own."""
    return [
        request("/api/v1/event", order_created(number, contacts), authorization, f"Idempotency-Key: order-{number}\r\n")
        for number in numbers
    ]


def bulk_requests(events: list[bytes], authorization: str, size: int = EVENTS_PER_REQUEST) -> list[bytes]:
    """Prebuilt requests of `size` events each, the last one of what is left."""
    return [
        request("/api/v1/events", bulk(events[start : start + size]), authorization)
        for start in range(0, len(events), size)
    ]
