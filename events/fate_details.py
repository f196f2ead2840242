"""What one event's fate tells beyond those of a list: its earlier attempts, and the variables for messages."""

from typing import Any

from account.current import current_account
from contacts.addresses import Addresses, load_addresses
from contract.json_values import decode
from events.envelope import parameters_of
from events.fates import instant
from events.models import Attempt
from events.outcomes import sentence_of
from events.variables import Found, variables_of
from orders.rules import ORDER_EVENT_TYPES


def add_details(fate: dict[str, Any]) -> dict[str, Any]:
    """The fate with `earlierAttempts` and `variables`: at most two statements more."""
    return {**fate, "earlierAttempts": _earlier_attempts(fate), "variables": load_variables(fate)}


def load_variables(fate: dict[str, Any]) -> dict[str, str]:
    """The variables of an event by its fate, or by that of a dry run, which has no id (docs/rules.md, section 7).

    What was found is not there while the event waits. One query, none without a contact.
    """
    parameters = dict(parameters_of(decode(bytes(fate["params"]))))
    contact_id = fate["contactId"]
    addresses = Addresses() if contact_id is None else load_addresses(contact_id)
    found = Found(fate["orderId"], contact_id, addresses.email, addresses.phone)
    # The key of an order's event is the order's id, whatever was sent as keyValue: the article's example sends a phone.
    return variables_of(fate["externalOrderId"] or fate["keyValue"], fate.get("id", ""), parameters, found)


def _earlier_attempts(fate: dict[str, Any]) -> list[dict[str, Any]]:
    """What became of the event before it was replayed, oldest first."""
    if fate["attempts"] == 0 or (fate["attempts"] == 1 and fate["decidedAt"]):  # it was never replayed
        return []
    zone = current_account().time_zone
    is_order = fate["eventTypeKey"] in ORDER_EVENT_TYPES
    return [
        {
            "attempt": attempt.attempt,
            "outcome": attempt.status,
            "reason": attempt.reason or None,
            "message": sentence_of(attempt.status, attempt.reason, "", is_order),
            "problems": attempt.problems,
            "trace": attempt.trace,
            "decidedAt": instant(attempt.decided_at, zone),
            "replayedAt": instant(attempt.replayed_at, zone),
            "replayId": attempt.replay_id and str(attempt.replay_id),
        }
        for attempt in Attempt.objects.filter(event_id=int(fate["id"])).order_by("attempt")
    ]
