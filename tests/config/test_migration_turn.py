"""Who waits for its turn to migrate holds up nothing that the other's migrations do."""

import threading

import pytest
from django.db import connection, connections

from config.migration_turn import MIGRATION_LOCK, turn_to_migrate

pytestmark = pytest.mark.django_db(transaction=True)
ASKED = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_try_adv%' AND pid <> pg_backend_pid()"


def test_an_index_is_built_concurrently_while_another_machine_waits_for_its_turn():
    migrated = threading.Event()

    def wait_and_migrate():
        with turn_to_migrate():
            migrated.set()
        connections.close_all()

    waiting = threading.Thread(target=wait_and_migrate)
    with connection.cursor() as first:
        first.execute("SELECT pg_advisory_lock(%s)", [MIGRATION_LOCK])
        waiting.start()
        try:
            first.execute(ASKED)
            while first.fetchone() == (0,) and waiting.is_alive():
                first.execute(ASKED)
            first.execute("CREATE INDEX CONCURRENTLY built_meanwhile ON orders_order (taxes)")
            first.execute("DROP INDEX built_meanwhile")
            assert not migrated.is_set()
        finally:
            first.execute("SELECT pg_advisory_unlock(%s)", [MIGRATION_LOCK])
            waiting.join(20)
    assert migrated.is_set()
