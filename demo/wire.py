"""How the sample shop's systems write what they mean: the several spellings in which real backends send one value.

Every choice comes from the generator that is passed in, so the same seed writes the same bytes.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from random import Random
from typing import Any

import msgspec

_encoder = msgspec.json.Encoder(decimal_format="number")


def envelope(event: str, key_value: str, parameters: Mapping[str, Any], *, as_object: bool = False) -> dict[str, Any]:
    """One event as it is posted; an empty `key_value` is left out, as the API allows for order events."""
    params = dict(parameters) if as_object else [{"name": name, "value": value} for name, value in parameters.items()]
    return {"eventTypeKey": event, **({"keyValue": key_value} if key_value else {}), "params": params}


def to_bytes(value: Any) -> bytes:
    """Compact JSON in UTF-8; Decimals become JSON numbers with the digits they have."""
    return _encoder.encode(value)


def money_as_sent(rng: Random, amount: Decimal) -> str | Decimal:
    """Seven in ten as text, the others as a JSON number."""
    return str(amount) if rng.randrange(10) < 7 else amount


def date_as_sent(rng: Random, moment: datetime) -> str:
    """An aware moment of the shop's wall clock: mostly without an offset, else with it, in UTC, or without seconds."""
    spelling = rng.randrange(20)
    if spelling == 0:
        return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    if spelling == 1:
        return moment.isoformat()
    if spelling == 2:
        # Fractions and absent seconds stand for the same second: the shop's moments are whole minutes.
        return moment.strftime("%Y-%m-%dT%H:%M:%S.000")
    if spelling == 3:
        return moment.strftime("%Y-%m-%dT%H:%M")
    return moment.strftime("%Y-%m-%dT%H:%M:%S")


def phone_as_typed(rng: Random, phone: str) -> str:
    """A number in E.164 as people type it; Ukrainian ones also in local formats, without their country code."""
    if not phone.startswith("+380"):
        return rng.choice([phone, f"{phone[:3]} {phone[3:6]} {phone[6:9]} {phone[9:]}"])
    local = "0" + phone[4:]
    return rng.choice(
        [
            phone,
            phone[1:],
            local,
            f"({local[:3]}) {local[3:6]}-{local[6:8]}-{local[8:]}",
            f"{local[:3]} {local[3:6]} {local[6:8]} {local[8:]}",
        ]
    )


def email_as_typed(rng: Random, email: str) -> str:
    """One in eight with capitals: e-mail addresses are compared without regard to case."""
    return email.title() if rng.randrange(8) == 0 else email
