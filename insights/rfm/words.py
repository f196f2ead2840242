"""How the segments and scores are called and explained to people: the one place of these words."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from insights.rfm.cells import Segment
from insights.rfm.condition import RfmCondition


@dataclass(frozen=True, slots=True)
class Words:
    """`definition`: who they are, by their scores. `advice`: what is usually done with them."""

    name: Any
    definition: Any
    advice: Any


SEGMENT_WORDS: dict[Segment, Words] = {
    Segment.CHAMPIONS: Words(
        gettext_lazy("Champions"),
        gettext_lazy("Bought very lately and very often: recency 5, frequency 4 or 5."),
        gettext_lazy("Reward them, and show them first what is new."),
    ),
    Segment.LOYAL: Words(
        gettext_lazy("Loyal"),
        gettext_lazy("Buy often, and have bought not long ago: recency 3 or 4, frequency 4 or 5."),
        gettext_lazy("Ask for reviews, and offer what goes with what they buy."),
    ),
    Segment.POTENTIAL_LOYALISTS: Words(
        gettext_lazy("Potential loyalists"),
        gettext_lazy("Bought lately, and more than the fewest: recency 4 or 5, frequency 2 or 3."),
        gettext_lazy("Offer a membership, and recommend a next purchase."),
    ),
    Segment.NEW_CUSTOMERS: Words(
        gettext_lazy("New customers"),
        gettext_lazy("Bought very lately, and as rarely as the rarest: recency 5, frequency 1."),
        gettext_lazy("Welcome them, and help them to a second order."),
    ),
    Segment.PROMISING: Words(
        gettext_lazy("Promising"),
        gettext_lazy("Bought lately, and as rarely as the rarest: recency 4, frequency 1."),
        gettext_lazy("Make the shop known to them before they forget it."),
    ),
    Segment.NEED_ATTENTION: Words(
        gettext_lazy("Need attention"),
        gettext_lazy("In the middle of both: recency 3, frequency 3."),
        gettext_lazy("A limited offer on what they bought before brings them back."),
    ),
    Segment.ABOUT_TO_SLEEP: Words(
        gettext_lazy("About to sleep"),
        gettext_lazy("Have not bought for a while, and rarely: recency 3, frequency 1 or 2."),
        gettext_lazy("Remind them, or they will be lost."),
    ),
    Segment.AT_RISK: Words(
        gettext_lazy("At risk"),
        gettext_lazy("Bought fairly often, but long ago: recency 1 or 2, frequency 3 or 4."),
        gettext_lazy("Write to them in person, and ask what is missing."),
    ),
    Segment.CANNOT_LOSE_THEM: Words(
        gettext_lazy("Cannot lose them"),
        gettext_lazy("Were among those who buy most often, but long ago: recency 1 or 2, frequency 5."),
        gettext_lazy("Win them back before a competitor does; a call is worth it."),
    ),
    Segment.HIBERNATING: Words(
        gettext_lazy("Hibernating / lost"),
        gettext_lazy("Bought rarely, and long ago: recency 1 or 2, frequency 1 or 2."),
        gettext_lazy("Try once with what sells best; do not spend much on them."),
    ),
}


def name_of(segment: str) -> str:
    """What a segment is called; "" stands for those who had not bought yet."""
    return str(SEGMENT_WORDS[Segment(segment)].name) if segment else _("Not a customer yet")


def in_words(condition: RfmCondition) -> str:
    """The condition as a person reads it: “RFM in UAH: Champions or Loyal; monetary score 5”."""
    parts = [_(" or ").join(map(name_of, condition.segments))] if condition.segments else []
    for title, scores in (
        (_("recency score"), condition.recency),
        (_("frequency score"), condition.frequency),
        (_("monetary score"), condition.monetary),
    ):
        if scores:
            parts.append(f"{title} {_any_of(scores)}")
    return _("RFM in %(currency)s: %(parts)s") % {"currency": condition.currency, "parts": "; ".join(parts)}


def _any_of(scores: Sequence[int]) -> str:
    return _(" or ").join(map(str, scores))
