"""The boundaries between scores: what they are, how a value is scored by them, and what is wrong with them. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

type ScoredBy = Literal["quintiles", "thresholds"]

BOUNDARIES = 4  # between five scores
QUINTILES = ("0.2", "0.4", "0.6", "0.8")
MAX_DAYS, MAX_ORDERS = 36_500, 1_000_000
MAX_AMOUNT_DIGITS, MAX_AMOUNT_DECIMALS = 18, 4  # as totalCost: docs/rules.md, section 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Boundaries:
    """Four values for each measure, none below the one before. A value equal to one is on its lower side."""

    scored_by: ScoredBy
    recency: tuple[int, ...]
    frequency: tuple[int, ...]
    monetary: tuple[Decimal, ...]


def score_of_recency(days: int, boundaries: Sequence[int]) -> int:
    """5 for at most the first boundary, one less for each boundary that the days are above."""
    return 5 - sum(days > boundary for boundary in boundaries)


def score_of_amount[Number: (int, Decimal)](value: Number, boundaries: Sequence[Number]) -> int:
    """1 for at most the first boundary, one more for each boundary that the value is above."""
    return 1 + sum(value > boundary for boundary in boundaries)


def quintiles[Number: (int, Decimal)](values: Sequence[Number]) -> tuple[Number, ...]:
    """The least values that at least 20, 40, 60 and 80 per cent of the values are not above; `values` is not empty.

    What percentile_disc of PostgreSQL gives; always values that are there, never between two.
    """
    ordered = sorted(values)
    return tuple(ordered[-(-len(ordered) * part // 5) - 1] for part in range(1, 5))


def first_out_of_order[Number: (int, Decimal)](boundaries: Sequence[Number]) -> int | None:
    """The place of the first boundary that is not above the one before it."""
    return next((place for place in range(1, len(boundaries)) if boundaries[place] <= boundaries[place - 1]), None)
