"""The tables of this room, each defined beside the code that owns it; Django looks for them here."""

from insights.analytics.models import EventBlock, EventCount, EventCountState, Report
from insights.rfm.models import RfmCell, RfmRequest, RfmScore, RfmSnapshot, RfmThresholds
from insights.segments.models import Segment, SegmentMember, SegmentSize

__all__ = [
    "EventBlock",
    "EventCount",
    "EventCountState",
    "Report",
    "RfmCell",
    "RfmRequest",
    "RfmScore",
    "RfmSnapshot",
    "RfmThresholds",
    "Segment",
    "SegmentMember",
    "SegmentSize",
]
