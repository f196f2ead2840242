"""Imports as a source sends them, and worked off as a worker does."""

import json
from typing import Any

from contacts.imports import work_off_imports
from events.new_contacts import store_new_contact_events

PATH = "/api/v1/contacts"


def send(client, contacts: list[Any], **options: Any):
    """The answer to an import."""
    return client.post(PATH, json.dumps({"contacts": contacts, **options}), "application/json")


def work_off(seconds: float = 60.0) -> bool:
    """Whether there is more to do."""
    return work_off_imports(seconds, store_new_contact_events)


def status_of(client, answer) -> dict[str, Any]:
    """How far the import of an answer is."""
    return client.get(f"/api/v1/importstatus/{answer.json()['asyncSessionId']}").json()


def take(client, contacts: list[Any], **options: Any) -> dict[str, Any]:
    """The status of an import that was sent and worked off."""
    answer = send(client, contacts, **options)
    assert answer.status_code == 200, answer.content
    work_off()
    return status_of(client, answer)


def email(value: str) -> dict[str, str]:
    return {"type": "email", "value": value}


def sms(value: str) -> dict[str, str]:
    return {"type": "sms", "value": value}
