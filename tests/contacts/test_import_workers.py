"""Imports whatever becomes of the workers: killed in the middle, or with a queue full of wake-ups."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.db import OperationalError, connection
from django.test import Client

from contacts.imports import work_off_imports
from contacts.models import Contact, ContactImport, Identifier
from events import tasks
from events.models import Event
from events.new_contacts import store_new_contact_events
from tests.callers import bearer, make_key
from tests.contacts.importing import send, status_of, work_off

ROOT = Path(__file__).parents[2]

# A worker that is killed by SIGKILL right before the second batch would have been committed.
KILLED_WORKER = """
import os, signal
import django
django.setup()
from contacts.imports import work_off_imports
from events.new_contacts import store_new_contact_events

batches = []

def announce(event_key, source_id, contacts):
    store_new_contact_events(event_key, source_id, contacts)
    batches.append(len(contacts))
    if len(batches) == 2:
        os.kill(os.getpid(), signal.SIGKILL)

work_off_imports(60, announce)
"""


@pytest.fixture
def shop(db):
    return Client(headers=bearer(make_key()))


@pytest.mark.django_db(transaction=True)
def test_an_import_whose_worker_is_killed_goes_on_where_it_was_and_does_nothing_twice(shop):
    rows = [{"contactKey": f"K{number}", "groups": ["VIP"]} for number in range(1_200)]
    answer = send(shop, rows, eventKeyForNewContacts="newContact")
    environment = {
        **os.environ,
        "DATABASE_URL": url_of_the_test_database(),
        "DJANGO_SETTINGS_MODULE": "config.settings",
    }
    worker = subprocess.run([sys.executable, "-c", KILLED_WORKER], cwd=ROOT, env=environment, check=False)
    assert worker.returncode == -signal.SIGKILL
    status = status_of(shop, answer)
    assert (status["status"], status["done"], status["created"], len(status["mapping"])) == ("IMPORTING", 500, 500, 500)
    assert (Contact.objects.count(), Event.objects.count()) == (500, 500)

    work_off()
    status = status_of(shop, answer)
    assert (status["status"], status["created"], status["updated"]) == ("FINISHED", 1_200, 0)
    held = Identifier.objects.values_list("contact_id", "value")
    assert {one["contactId"]: f"K{one['index']}" for one in status["mapping"]} == dict(held)
    assert (Contact.objects.count(), Event.objects.count()) == (1_200, 1_200)


def url_of_the_test_database() -> str:
    options = connection.get_connection_params()
    base, _, query = os.environ["DATABASE_URL"].partition("?")
    return f"{base.rpartition('/')[0]}/{options['dbname']}{'?' + query if query else ''}"


@pytest.fixture
def short_turns(monkeypatch):
    """Turns of one batch each, and no chain from an earlier test."""
    monkeypatch.setattr(tasks, "IMPORT_SECONDS", 0)
    monkeypatch.setattr(tasks, "_chain_sent_at", None)


def finished() -> int:
    return ContactImport.objects.exclude(finished_at=None).count()


def test_a_worker_keeps_one_chain_of_turns_whatever_wake_ups_there_are(shop, short_turns):
    for number in range(3):
        send(shop, [{"contactKey": f"K{number}"}])
    tasks.work_off_imports(time.time())
    assert finished() == 1
    for _ in range(3):  # those of the other imports, and of a sweep
        tasks.work_off_imports(time.time())
        tasks.work_off_imports()
    assert finished() == 1
    while tasks._chain_sent_at is not None:
        tasks.work_off_imports(tasks._chain_sent_at)
    assert finished() == 3
    send(shop, [{"contactKey": "K4"}])
    tasks.work_off_imports(time.time())
    assert finished() == 4


def test_a_chain_whose_wake_up_was_lost_is_taken_up_by_a_sweep(shop, short_turns, monkeypatch):
    for number in range(2):
        send(shop, [{"contactKey": f"K{number}"}])
    tasks.work_off_imports()
    monkeypatch.setattr(tasks, "_chain_sent_at", time.time() - tasks.SECONDS_UNTIL_A_CHAIN_IS_LOST)
    tasks.work_off_imports()
    assert finished() == 2


def test_an_error_of_the_database_leaves_the_import_where_it_was(shop):
    def announce(event_key, source_id, contacts):
        raise OperationalError("gone")

    answer = send(shop, [{"contactKey": "K1"}], eventKeyForNewContacts="newContact")
    with pytest.raises(OperationalError):
        work_off_imports(60, announce)
    assert (status_of(shop, answer)["status"], Contact.objects.count()) == ("STARTED", 0)
    work_off_imports(60, store_new_contact_events)
    assert (status_of(shop, answer)["created"], Contact.objects.count()) == (1, 1)
