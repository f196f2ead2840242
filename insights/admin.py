"""The console's lists of insights; its other pages are named in config/console.py."""

from insights.rfm import of_contact
from insights.rfm.people import RfmScoreAdmin
from insights.segments.admin import SegmentAdmin

__all__ = ["RfmScoreAdmin", "SegmentAdmin", "of_contact"]
