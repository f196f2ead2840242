"""One parameter of a message, as every room reads it. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from contract.json_values import JsonValue


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter's decoded value and the JSON pointer at which that value stands in the message as it was sent."""

    pointer: str
    value: JsonValue


type Parameters = Mapping[str, Parameter]
