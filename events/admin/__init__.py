"""The console's pages about what was taken, and what became of it."""

from events.admin import correction, of_contact, of_order, palette, rule_audit
from events.admin.api_key import ApiKeyAdmin
from events.admin.event import EventAdmin
from events.admin.event_type import EventTypeAdmin
from events.admin.matching_rules import MatchingRuleAdmin
from events.admin.replay import ReplayAdmin
from events.admin.source import SourceAdmin

__all__ = [
    "ApiKeyAdmin",
    "EventAdmin",
    "EventTypeAdmin",
    "MatchingRuleAdmin",
    "ReplayAdmin",
    "SourceAdmin",
    "correction",
    "of_contact",
    "of_order",
    "palette",
    "rule_audit",
]
