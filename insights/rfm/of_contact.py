"""A person's RFM on the contact's page: the values, the scores and the segment in each currency."""

from collections.abc import Mapping
from typing import Any

from console.pages import Panel, add_panels
from contacts.models import Contact
from insights.rfm.models import VIEW_INSIGHTS, RfmScore


def load_rfm_of(contact: Contact) -> Mapping[str, Any]:
    """The scores of the day that goes on, by currency: one statement. Nothing of a person who is deleted."""
    if contact.deleted_at is not None:
        return {"scores": []}
    scores = RfmScore.objects.filter(contact=contact, snapshot__is_current=True)  # index: rfm_score_once
    return {"scores": list(scores.order_by("currency"))}


add_panels(Contact, [Panel("insights/rfm_of_contact.html", load_rfm_of, VIEW_INSIGHTS, aside=True)])
