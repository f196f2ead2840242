"""Which rule decided how many events: counted from traces, at a cost that does not grow with the log."""

import pytest
from django.db import connection

from contacts.rule_list import RuleEntry
from events import decided
from events.decided import COUNT_DECIDED, count_decided, decided_by
from events.models import Basis, Event, EventType
from tests.events.building import created, drain, make_source
from tests.factories import make_contact

pytestmark = pytest.mark.django_db
BY_CUSTOMER = RuleEntry(parameter="externalCustomerId", kind="externalCustomerId")


def test_it_takes_two_statements_and_counts_what_found_nobody_among_the_examined(django_assert_num_queries):
    make_contact(external_customer_id="C1")
    created("1")
    created("2", externalCustomerId="C2")
    drain()
    created("3")  # waits
    with django_assert_num_queries(2):
        found = count_decided()
    assert (found.examined, found.of(BY_CUSTOMER), found.is_partial) == (2, 1, False)


def test_events_of_before_the_last_seven_days_are_not_counted():
    make_contact(external_customer_id="C1")
    first, second = created("1"), created("2")
    drain()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE events_event SET received_at = now() - interval '8 days' WHERE id = %s", [first])
    assert count_decided().of(BY_CUSTOMER) == 1
    assert [event.pk for event in decided_by(Event.objects.all(), str(BY_CUSTOMER))] == [second]


def test_a_large_log_is_read_from_its_newest_end_only(monkeypatch):
    type_id = EventType.objects.create(key="seen").pk
    basis_id = Basis.objects.create(digest="x", settings={}).pk
    with connection.cursor() as cursor:
        cursor.execute(MANY_EVENTS, {"source": make_source().pk, "type": type_id, "basis": basis_id})
        cursor.execute("ANALYZE events_event")
        cursor.execute("ANALYZE events_outcome")
        cursor.execute(f"EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) {COUNT_DECIDED}", {"first": 1, "most": 100})
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "Seq Scan on events_outcome" not in plan
    assert "Seq Scan on events_event " not in plan
    monkeypatch.setattr(decided, "MOST_EVENTS", 100)
    plan = decided_by(Event.objects.all(), "Email → email").order_by("-pk")[:50].explain(analyze=True)
    assert "Seq Scan on events_event " not in plan
    assert "Seq Scan on events_outcome" not in plan


MANY_EVENTS = """
    WITH made AS (
        INSERT INTO events_event (source_id, event_type_id, key_value, order_key, lane, api_version, body)
        SELECT %(source)s, %(type)s, n, '', 0, 1, '{}' FROM generate_series(1, 20000) AS n
        RETURNING id
    )
    INSERT INTO events_outcome (event_id, sequence, status, reason, note, basis_id, warnings, problems, trace,
                                traceback, attempt, decided_at)
    SELECT id, id, 'applied', '', '', %(basis)s, '[]', '[]',
           '[{"parameter": "Email", "kind": "email", "value": "x", "contactId": 1, "decided": true}]', '', 1, now()
      FROM made
"""
