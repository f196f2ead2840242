"""What the builder's script is told: the names that conditions may use, and its words in the reader's language."""

from typing import Any

from django.utils.translation import gettext as _

from account.current import current_account
from contacts.fields import load_fields
from contacts.groups import load_group_names
from contacts.identifiers import CONTACT_ID
from contacts.rule_list import load_normal_forms
from contract.json_values import encode
from events.types_seen import load_type_names
from insights.rfm.cells import Segment
from insights.rfm.words import SEGMENT_WORDS
from insights.segments.conditions import MAX_EVENT_DAYS
from insights.segments.reading_comparisons import TAKES
from insights.segments.reading_orders import STATUSES
from insights.segments.vocabulary import BUILT_IN_FIELDS


def load_builder_words() -> str:
    """JSON for static/console/segment_builder.js: four queries."""
    declared = {key: str(field.type) for key, field in load_fields().items()}
    told: dict[str, Any] = {
        "fields": {**declared, **BUILT_IN_FIELDS},
        "operators": {field_type: list(names) for field_type, names in TAKES.items()},
        "groups": load_group_names(),
        "kinds": [kind for kind in load_normal_forms() if kind != CONTACT_ID],
        "eventTypes": load_type_names(),
        "statuses": STATUSES,
        "currency": current_account().default_currency,
        "rfmSegments": {segment.value: str(SEGMENT_WORDS[segment].name) for segment in Segment},
        "words": _words(),
    }
    return encode(told)


def _words() -> dict[str, str]:
    return {
        "all": _("All of these hold"),
        "any": _("At least one of these holds"),
        "not": _("Not"),
        "group": _("Group"),
        "addGroup": _("Add a group"),
        "remove": _("Remove"),
        "orders": _("Orders"),
        "events": _("Events"),
        "contact": _("Contact"),
        "rfm": _("RFM"),
        "addOrders": _("Add a condition on orders"),
        "addEvents": _("Add a condition on events"),
        "addContact": _("Add a condition on the contact"),
        "addRfm": _("Add a condition on RFM"),
        "item": _("Item ids"),
        "category": _("Item categories"),
        "several": _("separated by commas"),
        "status": _("Status (none chosen: bought, whatever the delivery)"),
        "currency": _("Currency"),
        "anyTime": _("At any time"),
        "lastDays": _("In the last days"),
        "between": _("Between two days"),
        "when": _("When"),
        "days": _("Days"),
        "eventDays": _("Days (at most %(days)s)") % {"days": MAX_EVENT_DAYS},
        "from": _("From"),
        "to": _("To"),
        "countLeast": _("How many at least"),
        "countMost": _("How many at most"),
        "sumLeast": _("Sum at least"),
        "sumMost": _("Sum at most"),
        "type": _("Event type"),
        "parameter": _("Parameter"),
        "member": _("Inside it (optional)"),
        "addTest": _("Add a test of a parameter"),
        "test": _("Test of a parameter"),
        "comparison": _("Comparison"),
        "addComparison": _("And also"),
        "value": _("Value"),
        "equals": _("is"),
        "contains": _("contains"),
        "greater": _("is above or after"),
        "less": _("is below or before"),
        "exists": _("is there"),
        "missing": _("is not there"),
        "withinDays": _("is within the last days"),
        "what": _("What"),
        "field": _("Field"),
        "inGroup": _("is in the group"),
        "has": _("has"),
        "kind": _("Identifier"),
        "segment": _("RFM segment"),
        "recency": _("Recency score"),
        "frequency": _("Frequency score"),
        "monetary": _("Monetary score"),
        "anything": _("any"),
        "counting": _("Counting…"),
        "failed": _("The count could not be asked for; it is tried again with the next change."),
        "unreadable": _("The JSON cannot be read yet; the builder shows it as soon as it can."),
    }
