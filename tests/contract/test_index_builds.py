"""An index that is built beside the running intake gets built whatever became of the attempt before."""

from types import SimpleNamespace

import pytest
from django.apps import apps
from django.db import NotSupportedError, connection, models

from contract.index_builds import BuildIndex

NAME = "order_by_taxes_in_a_test"
STATE = SimpleNamespace(apps=apps)
BUILD = BuildIndex("order", models.Index(fields=["taxes"], name=NAME))


def build():
    with connection.schema_editor(atomic=False) as editor:
        BUILD.database_forwards("orders", editor, STATE, STATE)


def index() -> tuple[int, bool] | None:
    """The index's file and whether it is valid."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexrelid::bigint, indisvalid FROM pg_index WHERE indexrelid = to_regclass(%s)", [NAME])
        return cursor.fetchone()


@pytest.fixture
def _dropped(transactional_db):
    yield
    connection.cursor().execute(f"DROP INDEX IF EXISTS {NAME}")


@pytest.mark.usefixtures("_dropped")
def test_an_index_whose_build_was_cut_off_is_built_anew():
    build()
    cut_off, _ = index()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE pg_index SET indisvalid = false WHERE indexrelid = %s", [cut_off])
    build()
    built, is_valid = index()
    assert is_valid
    assert built != cut_off


@pytest.mark.usefixtures("_dropped")
def test_an_index_that_is_built_but_not_recorded_is_left_as_it_is():
    build()
    before = index()
    build()
    assert index() == before


@pytest.mark.django_db
def test_it_refuses_a_transaction_where_the_intake_would_be_blocked():
    with pytest.raises(NotSupportedError), connection.schema_editor() as editor:
        BUILD.database_forwards("orders", editor, STATE, STATE)
