"""An import that is killed, at whatever moment, goes on where it was: each order becomes one event, never two."""

import os
import signal
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from django.db import connection

from config.environment import BASE_DIR
from events.lanes import ADVISORY_SPACE
from events.models import LANES, Event
from events.order_files.journal import open_journal
from events.order_files.trouble import OrderFileError
from tests.acceptance.stack import wait_until
from tests.imports.files import order_row, write_csv

ORDERS = 2_500  # three chunks
SECONDS_TO_START = 120.0  # of a command on a busy machine
BAD = 1_200  # an order of the second chunk that is refused


@pytest.fixture
def path(tmp_path) -> Path:
    rows = [order_row(number, "Shipped" if number == BAD else "DELIVERED") for number in range(1, ORDERS + 1)]
    return write_csv(tmp_path / "orders.csv", rows)


def database_url() -> str:
    """Of the database that the tests were given."""
    server, _, query = os.environ["DATABASE_URL"].partition("?")
    return f"{server.rpartition('/')[0]}/{connection.settings_dict['NAME']}" + (f"?{query}" if query else "")


def begin(path: Path, *options: str) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "manage.py", "import_orders", str(path), *options],
        cwd=BASE_DIR,
        env={**os.environ, "DATABASE_URL": database_url(), "DATA_DIR": str(path.parent / "data")},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def kill(process: subprocess.Popen) -> None:
    process.kill()
    process.communicate(timeout=SECONDS_TO_START)
    assert process.returncode == -9


def finish(path: Path) -> str:
    process = begin(path, "--resume")
    output, _ = process.communicate(timeout=SECONDS_TO_START)
    assert process.returncode == 2, output  # one order is refused
    return output


def count(statement: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchone()[0]


def wait_until_it_stores() -> int:
    """The process of the database that waits for the lock that the test holds; other tests may wait in theirs."""
    statement = """
        SELECT coalesce(max(pid), 0) FROM pg_locks JOIN pg_stat_activity USING (pid)
         WHERE NOT granted AND datname = current_database()
    """
    return wait_until(lambda: count(statement), SECONDS_TO_START, "the import to store")


def terminate(backend: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s)", [backend])
        assert cursor.fetchone() == (True,)


def assert_each_order_is_there_once(path: Path, output: str) -> None:
    assert f"created              {ORDERS - 1:>12,}" in output
    assert f"refused              {1:>12,}" in output
    assert Event.objects.count() == ORDERS - 1
    assert count("SELECT count(DISTINCT order_key) FROM events_event") == ORDERS - 1
    assert count("SELECT count(*) FROM events_outcome WHERE status = 'applied'") == ORDERS - 1
    assert count("SELECT count(*) FROM orders_orderchange") == ORDERS - 1
    lines = path.with_name("orders.csv.refused.csv").read_text(encoding="utf-8-sig").splitlines()
    assert [line.split(",")[:2] for line in lines[1:]] == [[str(BAD + 1), str(BAD)]]


@pytest.mark.django_db(transaction=True)
def test_killed_while_it_stores_before_it_applies_and_after_a_chunk(path):
    with psycopg.connect(database_url()) as other:
        other.execute("LOCK TABLE events_event IN EXCLUSIVE MODE")
        process = begin(path)
        wait_until_it_stores()
        kill(process)
    assert Event.objects.count() == 0

    with closing(psycopg.connect(database_url(), autocommit=True)) as other:
        lanes = "SELECT pg_advisory_lock(%s, lane) FROM generate_series(0, %s) AS lane"
        other.execute(lanes, [ADVISORY_SPACE, LANES - 1])
        process = begin(path, "--resume")
        wait_until(lambda: Event.objects.count(), SECONDS_TO_START, "the first chunk to be stored")
        kill(process)
    assert (Event.objects.count(), count("SELECT count(*) FROM events_outcome")) == (1_000, 0)

    process = begin(path, "--resume")
    wait_until(lambda: count("SELECT count(*) FROM events_outcome"), SECONDS_TO_START, "the first chunk to be applied")
    kill(process)
    assert_each_order_is_there_once(path, finish(path))


@pytest.mark.django_db(transaction=True)
def test_interrupted_by_the_database_and_by_a_person_and_never_run_twice_at_once(path):
    with psycopg.connect(database_url()) as other:
        other.execute("LOCK TABLE events_event IN EXCLUSIVE MODE")
        process = begin(path)
        waiting_backend = wait_until_it_stores()
        second = begin(path, "--resume")
        assert "Another process is importing this file" in second.communicate(timeout=SECONDS_TO_START)[0]
        assert second.returncode == 1

        terminate(waiting_backend)
        assert (
            "The database went away after row 1: once it is back, --resume goes on."
            in process.communicate(timeout=SECONDS_TO_START)[0]
        )
        assert process.returncode == 1

        process = begin(path, "--resume")
        wait_until_it_stores()
        process.send_signal(signal.SIGINT)
        assert "Interrupted. --resume goes on." in process.communicate(timeout=SECONDS_TO_START)[0]
        assert process.returncode == 130
    assert_each_order_is_there_once(path, finish(path))


@pytest.mark.django_db(transaction=True)
def test_a_dry_run_whose_reader_has_enough_ends_quietly(path):
    process = begin(path, "--dry-run")
    assert process.stdout.readline().startswith("orders.csv: CSV of")
    process.stdout.close()
    assert process.wait() == 0


# The journal itself.


@pytest.fixture
def open_it(tmp_path):
    told = {"file": "orders.csv", "digest": "d", "settings": "s", "source": "import", "resume": False, "restart": False}
    return lambda **changed: open_journal(tmp_path / "orders.csv.import.jsonl", **{**told, **changed})


def test_a_journal_goes_on_after_its_last_whole_line(open_it, tmp_path):
    with open_it() as journal:
        journal.note(1_000, 1_001, 120, {"created": 999, "refused": 1})
        journal.note(10, 1_011, 120, {"created": 10})
        run = journal.run
    with (tmp_path / "orders.csv.import.jsonl").open("ab") as file:
        file.write(b'{"chunk":2,"orders":2')
    with open_it(resume=True) as journal:
        assert (journal.run, journal.chunk, journal.orders, journal.last_row) == (run, 2, 1_010, 1_011)
        assert (journal.refused_bytes, journal.counts) == (120, {"created": 1_009, "refused": 1})
        journal.note(5, 1_016, 120, {"created": 5})
        journal.end()
    with pytest.raises(OrderFileError, match="was imported on"), open_it(resume=True):
        pass


def test_a_journal_without_a_chunk_begins_with_the_key_it_had(open_it):
    with open_it() as journal:
        key = journal.key_of_chunk()
    with open_it(resume=True) as journal:
        assert journal.key_of_chunk() == key
    with open_it(restart=True) as journal:
        assert journal.key_of_chunk() != key


@pytest.mark.parametrize(
    "changed, message",
    [
        ({}, "ended at row 11: --resume goes on, --restart begins again"),
        ({"resume": True, "digest": "other"}, "its bytes have changed"),
        ({"resume": True, "settings": "other"}, "told otherwise than when the import began"),
        ({"resume": True, "source": "other"}, "told otherwise than when the import began"),
    ],
)
def test_a_journal_of_something_else_is_not_gone_on_with(open_it, changed, message):
    with open_it() as journal:
        journal.note(10, 11, 0, {})
    with pytest.raises(OrderFileError, match=message), open_it(**changed):
        pass


def test_without_a_journal_there_is_nothing_to_go_on_with(open_it):
    with pytest.raises(OrderFileError, match="There is no import to go on with"), open_it(resume=True):
        pass


def test_another_file_is_never_taken_for_a_journal(open_it, tmp_path):
    path = tmp_path / "orders.csv.import.jsonl"
    path.write_text("my notes\n")
    with pytest.raises(OrderFileError, match="is no journal of an import"), open_it(restart=True):
        pass
    assert path.read_text() == "my notes\n"
