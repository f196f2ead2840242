"""JSON columns whose numbers stay exact: Decimal both ways, never a binary float."""

import json
from decimal import Decimal
from typing import Any

from contract.json_values import Number, encode


class ExactJSONEncoder(json.JSONEncoder):
    """For JSONField(encoder=…): `Number` and Decimal are written as JSON numbers with all their digits."""

    def encode(self, o: Any) -> str:
        return encode(o)


class ExactJSONDecoder(json.JSONDecoder):
    """For JSONField(decoder=…): a number with a point comes back as a Decimal."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{**options, "parse_float": Decimal})


__all__ = ["ExactJSONDecoder", "ExactJSONEncoder", "Number"]
