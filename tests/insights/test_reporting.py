"""The schema `reporting`: its user reads the views and nothing else, and files hold what the views say."""

import csv
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from io import StringIO
from pathlib import Path

import psycopg
import pyarrow.parquet as pq
import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from account.models import AuditEntry
from events.models import Source
from insights.reporting.views import VIEWS
from orders import summaries
from orders.revenue import load_revenue
from tests.factories import make_contact, make_order

DOCUMENT = Path(__file__).parents[2] / "docs" / "reporting.md"
NAME = "bi_test_reader"


@pytest.fixture
def shop(db):
    anna = make_contact(
        first_name="Anna", email="anna@shop.example", push_token="secret-token", contact_key="secret-key"
    )
    make_contact(first_name="Gone", email="gone@shop.example", is_deleted=True)
    item = {"cost": Decimal("9.95"), "quantity": Decimal("2.000"), "custom_fields": {"category": "=cmd()"}}
    day = datetime(2026, 5, 14, 21, 30, tzinfo=UTC)  # half past midnight in Kyiv
    make_order("1", total="19.90", status="DELIVERED", date=day, contact=anna, items=[item], email="anna@shop.example")
    make_order("2", total="100", currency="JPY", status="DELIVERED", date=day)
    make_order("3", total="5.1234", date=day, status="INITIALIZED", from_mobile_sdk=True, store_id="-1")


def rows_of(view: str) -> list[dict]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM reporting.{view}")  # noqa: S608
        names = [column.name for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def test_each_view_has_the_columns_that_are_documented(db):
    for view, columns in VIEWS.items():
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT * FROM reporting.{view}")  # noqa: S608
            assert [column.name for column in cursor.description] == list(columns)


def test_the_document_tells_the_meaning_of_every_column():
    text = DOCUMENT.read_text()
    for view, columns in VIEWS.items():
        section = text.split(f"## `{view}`\n", 1)[1].split("\n## ", 1)[0]
        told = dict(re.findall(r"^\| `(\w+)` \| (.+) \|$", section, re.MULTILINE))
        assert told == dict(columns)


def test_contacts_are_told_without_secrets_and_without_who_was_deleted(shop):
    [anna] = rows_of("contacts")
    assert (anna["first_name"], anna["email"], anna["phone"]) == ("Anna", "anna@shop.example", None)
    assert "secret" not in str(anna)
    assert "anna@shop.example" not in str(rows_of("orders"))


@pytest.mark.parametrize("state", ["unbuilt", "marked", "built"])
def test_revenue_by_day_is_what_the_revenue_page_says(state, shop):
    if state != "unbuilt":
        summaries.rebuild_all()
    if state == "marked":
        make_order("4", total="1", status="DELIVERED", date=datetime(2026, 5, 14, 21, 30, tzinfo=UTC))
        summaries.leave_marks([(datetime(2026, 5, 14, 21, 30, tzinfo=UTC), "UAH")])
    told = {(row["day"], row["currency"]): tuple(row.values())[2:] for row in rows_of("revenue_by_day")}
    from account.current import load_account

    assert told == {
        (each.period, each.currency): (
            each.sums.revenue,
            each.sums.orders,
            each.sums.sdk_revenue,
            each.sums.sdk_orders,
        )
        for each in load_revenue(time_zone=load_account().time_zone, by="day")
    }
    assert len(told) == 2


# --- The user -------------------------------------------------------------------------------------------------------


@pytest.fixture
def reader(transactional_db, capsys) -> Iterator[psycopg.Connection]:
    """A session of the user that the command makes."""
    call_command("make_reporting_user", NAME)
    password = capsys.readouterr().out.strip()
    settings = connection.get_connection_params()
    try:
        with psycopg.connect(
            host=settings.get("host"),
            port=settings.get("port"),
            dbname=settings["dbname"],
            user=NAME,
            password=password,
        ) as session:
            session.autocommit = True
            yield session
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"DROP OWNED BY {NAME}")
            cursor.execute(f"DROP ROLE {NAME}")


def test_the_user_reads_the_views_and_nothing_else(reader):
    make_order("1")
    for view in VIEWS:
        reader.execute(f"SELECT * FROM {view}").fetchall()  # noqa: S608
    assert len(reader.execute("SELECT order_id FROM orders").fetchall()) == 1
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables"
            " WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
        )
        tables = [name for (name,) in cursor.fetchall()]
    assert "public.auth_user" in tables
    for table in tables:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            reader.execute(f"SELECT * FROM {table}")  # noqa: S608


def test_the_user_writes_nothing_and_waits_for_no_statement_for_ever(reader):
    reader.execute("SET default_transaction_read_only TO off")  # which it may; its rights are what holds
    for statement in (
        "INSERT INTO reporting.contacts (first_name) VALUES ('x')",
        "UPDATE reporting.orders SET status = 'DELIVERED'",
        "DELETE FROM reporting.contacts",
        "CREATE TABLE reporting.mine (id int)",
        "CREATE TABLE public.mine (id int)",
        "CREATE ROLE another",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            reader.execute(statement)
    assert reader.execute("SHOW statement_timeout").fetchone() == ("5min",)


def test_a_second_call_gives_a_new_password_and_each_is_in_the_audit_log_without_it(reader, capsys):
    call_command("make_reporting_user", NAME)
    captured = capsys.readouterr()
    password = captured.out.strip()
    assert "new password" in captured.err
    assert len(password) >= 43
    entries = AuditEntry.objects.filter(action="reporting_user.made")
    assert [entry.what for entry in entries] == [f"database user {NAME}"] * 2
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolpassword FROM pg_authid WHERE rolname = %s", [NAME])
        assert cursor.fetchone()[0].startswith("SCRAM-SHA-256$")


@pytest.mark.parametrize("name", ["", "Robert'; DROP", "pg_reader", "9lives", "x" * 64, "A"])
def test_a_name_that_is_none_is_refused_in_words(name, db):
    with pytest.raises(CommandError, match="cannot be the name"):
        call_command("make_reporting_user", name)


def test_a_user_of_somebody_else_is_never_taken_over(db):
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        [name] = cursor.fetchone()
    with pytest.raises(CommandError, match="which this command did not make"):
        call_command("make_reporting_user", name)


# --- Files ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("view", VIEWS)
def test_a_file_holds_what_the_view_says(view, shop, tmp_path, capsys):
    summaries.rebuild_all()
    call_command("export_reporting", view, format="parquet", to=tmp_path / "a.parquet")
    call_command("export_reporting", view, format="csv", to=tmp_path / "a.csv")
    expected = rows_of(view)
    key = list(VIEWS[view])[:2]
    expected.sort(key=lambda row: [row[name] for name in key])
    found = pq.read_table(tmp_path / "a.parquet").to_pylist()
    assert found == expected  # Decimals compare as numbers: nothing is rounded
    lines = list(csv.DictReader(StringIO((tmp_path / "a.csv").read_text())))
    assert len(lines) == len(expected)
    assert list(lines[0]) == list(VIEWS[view]) if lines else view == "events"
    for line, row in zip(lines, expected, strict=True):
        for name, value in row.items():
            if isinstance(value, Decimal | int | str) and not isinstance(value, bool):
                assert type(value)(line[name]) == value
    assert f"{len(expected)} rows of {view}" in capsys.readouterr().out
    assert {path.name for path in tmp_path.iterdir()} == {"a.parquet", "a.csv"}


def test_texts_that_spreadsheets_calculate_are_disarmed_on_demand(shop, tmp_path):
    for name, options in (("plain", {}), ("safe", {"for_spreadsheets": True})):
        call_command("export_reporting", "items", format="csv", to=tmp_path / name, **options)
    [plain], [safe] = ([*csv.DictReader(StringIO((tmp_path / name).read_text()))] for name in ("plain", "safe"))
    assert (plain["category"], safe["category"]) == ("=cmd()", "'=cmd()")
    assert {**plain, "category": ""} == {**safe, "category": ""}


def test_a_file_that_is_there_is_kept_unless_it_is_to_be_replaced(shop, tmp_path):
    path = tmp_path / "orders.csv"
    path.write_text("mine")
    with pytest.raises(CommandError, match="is there already"):
        call_command("export_reporting", "orders", to=path)
    assert path.read_text() == "mine"
    call_command("export_reporting", "orders", to=path, replace=True)
    assert path.read_text().startswith("order_id,")
    with pytest.raises(CommandError, match="cannot be written"):
        call_command("export_reporting", "orders", to=tmp_path / "nowhere" / "orders.csv")
    with pytest.raises(CommandError, match="goes with --format csv"):
        call_command("export_reporting", "orders", format="parquet", to=tmp_path / "x", for_spreadsheets=True)


def test_an_event_is_told_with_its_fate(db):
    from events.models import Event, EventType

    source = Source.objects.create(name="shop")
    kind, _ = EventType.objects.get_or_create(key="viewed")
    Event.objects.create(source=source, event_type=kind, key_value="anna@shop.example", lane=0, body="{}")
    [event] = rows_of("events")
    assert (event["event_type"], event["source"], event["outcome"], event["reason"]) == (
        "viewed",
        "shop",
        "waiting",
        None,
    )
    assert event["received_at"] <= timezone.now()
    assert "anna" not in str(event)
