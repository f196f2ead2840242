"""/healthz is 200 exactly when events can be taken."""

import pytest
from django.db import OperationalError
from django.db.migrations.recorder import MigrationRecorder

from config import health


@pytest.fixture(autouse=True)
def _not_yet_seen(monkeypatch):
    monkeypatch.setattr(health, "_is_migrated", False)


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["/healthz", "/healthz/"])
def test_it_is_200_when_the_database_has_every_migration(anonymous, address):
    answer = anonymous.get(address)
    assert (answer.status_code, answer.json()) == (200, {"status": "ready"})
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.django_db
def test_it_is_503_until_the_last_migration_has_run(anonymous):
    last = MigrationRecorder.Migration.objects.filter(app="events").latest("id")
    name = last.name
    last.delete()
    answer = anonymous.get("/healthz")
    assert (answer.status_code, answer.headers["Content-Type"]) == (503, "application/problem+json")
    assert int(answer.headers["Retry-After"]) > 0
    MigrationRecorder.Migration.objects.create(app="events", name=name)
    assert anonymous.get("/healthz").status_code == 200


@pytest.mark.django_db
def test_it_costs_one_trivial_query_once_it_was_ready(anonymous, django_assert_num_queries):
    anonymous.get("/healthz")
    with django_assert_num_queries(1):
        assert anonymous.get("/healthz").status_code == 200


@pytest.mark.django_db
def test_it_is_503_when_the_database_is_down_though_it_was_ready(anonymous, monkeypatch):
    anonymous.get("/healthz")

    def down(*_):
        raise OperationalError("no route")

    monkeypatch.setattr("django.db.backends.base.base.BaseDatabaseWrapper.cursor", down)
    answer = anonymous.get("/healthz")
    assert (answer.status_code, answer.headers["Content-Type"]) == (503, "application/problem+json")
    assert int(answer.headers["Retry-After"]) > 0
