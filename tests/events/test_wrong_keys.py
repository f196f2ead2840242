"""Ten thousand wrong keys a second cost a fixed number of statements and no memory, and right keys go on working."""

import tracemalloc

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from events import keys
from tests.callers import bearer, make_key

pytestmark = pytest.mark.django_db
WRONG_KEYS = 10_000
STATEMENTS = keys.LOOKUPS_PER_SECOND + 1  # the last one reads the prefixes of all live keys


@pytest.fixture(autouse=True)
def second(monkeypatch):
    """One second that does not pass by itself; a list whose only member is the clock."""
    keys.forget_keys()
    clock = [1000.0]
    monkeypatch.setattr(keys.time, "monotonic", lambda: clock[0])
    return clock


def unknown_keys(start: int = 0):
    return (f"olk_{number:012x}_{'x' * 43}" for number in range(start, start + WRONG_KEYS))


def count_statements(wrong) -> int:
    with CaptureQueriesContext(connection) as statements:
        assert not any(keys.authenticate(key) for key in wrong)
    return len(statements)


def test_ten_thousand_unknown_keys_in_a_second_cost_21_statements(second):
    assert STATEMENTS == 21
    assert count_statements(unknown_keys()) == STATEMENTS
    assert count_statements(unknown_keys(WRONG_KEYS)) == 0  # the same second
    second[0] += keys.CACHE_SECONDS + 0.001
    assert count_statements(unknown_keys()) == STATEMENTS


def test_unknown_keys_never_fill_the_memory(second):
    count_statements(unknown_keys())
    assert len(keys._held) == keys.LOOKUPS_PER_SECOND
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    for number in range(WRONG_KEYS):
        keys.authenticate(f"olk_{number:012x}_{'y' * 43}")
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert after - before < 10_000  # bytes, less than one for each


def test_what_is_held_is_bounded_over_many_seconds_too(second, monkeypatch):
    monkeypatch.setattr(keys, "CACHE_SIZE", 50)
    for number in range(200):
        second[0] += 0.1
        keys.authenticate(f"olk_{number:012x}_{'x' * 43}")
    assert len(keys._held) == 50


def test_ten_thousand_wrong_secrets_of_a_known_key_cost_one_statement():
    prefix = make_key().split("_")[1]
    assert count_statements(f"olk_{prefix}_{number:043d}" for number in range(WRONG_KEYS)) == 1


def test_ten_thousand_malformed_keys_cost_no_statement():
    prefix = make_key().split("_")[1]
    forms = ("{}", "olk_{:012x}", "olk_{:012x}_", "olk_{:012x}_x", "OLK_{:012x}_" + "x" * 43, f"olk_{prefix}_{{:044d}}")
    assert count_statements(form.format(number) for number in range(WRONG_KEYS) for form in forms) == 0


def test_right_keys_are_taken_while_wrong_ones_pour_in(second):
    held, fresh = make_key("held"), make_key("fresh")
    assert keys.authenticate(held).source_name == "held"
    count_statements(unknown_keys())
    with CaptureQueriesContext(connection) as statements:
        assert keys.authenticate(held).source_name == "held"
        assert keys.authenticate(fresh).source_name == "fresh"
        assert keys.authenticate(fresh).source_name == "fresh"
    assert len(statements) == 1  # the row of the fresh one, whose prefix is known to be live


def test_a_key_that_another_process_makes_meanwhile_is_taken_within_a_second(second, monkeypatch):
    count_statements(unknown_keys())
    monkeypatch.setattr(keys, "forget_keys", lambda: None)  # what was made elsewhere clears nothing here
    key = make_key("elsewhere")
    assert keys.authenticate(key) is None
    second[0] += keys.CACHE_SECONDS + 0.001
    count_statements(unknown_keys())
    assert keys.authenticate(key).source_name == "elsewhere"


def test_a_flood_of_wrong_keys_by_http_is_refused_with_as_few_statements():
    client = Client()
    with CaptureQueriesContext(connection) as statements:
        for number in range(200):
            answer = client.get("/api/v1/orders", headers=bearer(f"olk_{number:012x}_{'x' * 43}"))
            assert answer.status_code == 401
    assert len(statements) == STATEMENTS
