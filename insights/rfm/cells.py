"""The grid of recency and frequency scores, and the ten segments that its 25 cells make up. Pure.

The names and the cells are those that the field's references share: R's rfm names ten segments by ranges of scores that
overlap and leave gaps; the grid here is the one of the RF tables that grew from it, where each cell has one name.
docs/insights.md tells the differences.
"""

from enum import StrEnum

SCORES = (1, 2, 3, 4, 5)


class Segment(StrEnum):
    """The codes are stable API; names and definitions for people stand in insights/rfm/words.py."""

    CHAMPIONS = "champions"
    LOYAL = "loyal"
    POTENTIAL_LOYALISTS = "potential_loyalists"
    NEW_CUSTOMERS = "new_customers"
    PROMISING = "promising"
    NEED_ATTENTION = "need_attention"
    ABOUT_TO_SLEEP = "about_to_sleep"
    AT_RISK = "at_risk"
    CANNOT_LOSE_THEM = "cannot_lose_them"
    HIBERNATING = "hibernating"


# One line for each recency score, the segments of frequency 1 to 5.
GRID: dict[int, tuple[Segment, ...]] = {
    5: (
        Segment.NEW_CUSTOMERS,
        Segment.POTENTIAL_LOYALISTS,
        Segment.POTENTIAL_LOYALISTS,
        Segment.CHAMPIONS,
        Segment.CHAMPIONS,
    ),
    4: (
        Segment.PROMISING,
        Segment.POTENTIAL_LOYALISTS,
        Segment.POTENTIAL_LOYALISTS,
        Segment.LOYAL,
        Segment.LOYAL,
    ),
    3: (
        Segment.ABOUT_TO_SLEEP,
        Segment.ABOUT_TO_SLEEP,
        Segment.NEED_ATTENTION,
        Segment.LOYAL,
        Segment.LOYAL,
    ),
    2: (
        Segment.HIBERNATING,
        Segment.HIBERNATING,
        Segment.AT_RISK,
        Segment.AT_RISK,
        Segment.CANNOT_LOSE_THEM,
    ),
    1: (
        Segment.HIBERNATING,
        Segment.HIBERNATING,
        Segment.AT_RISK,
        Segment.AT_RISK,
        Segment.CANNOT_LOSE_THEM,
    ),
}


def segment_of(recency_score: int, frequency_score: int) -> Segment:
    """The segment of a cell."""
    return GRID[recency_score][frequency_score - 1]


def cells_of(segment: Segment) -> list[tuple[int, int]]:
    """The cells (recency score, frequency score) of a segment."""
    return [(r, f) for r in SCORES for f in SCORES if segment_of(r, f) == segment]


def segments_by_cell() -> list[str]:
    """The segments of all cells in the order recency 1 frequency 1, recency 1 frequency 2, …: for look-ups in SQL."""
    return [segment_of(r, f).value for r in SCORES for f in SCORES]
