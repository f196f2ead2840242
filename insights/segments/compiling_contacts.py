"""The contacts that a condition is about, as SQL. Pure; see compiling.py."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from contract.json_values import encode
from insights.segments.conditions import Comparison, FieldCondition, GroupCondition, HasCondition
from insights.segments.facts import Facts
from insights.segments.sql import Sql, every, some

NAME_COLUMNS = {"firstName": "k.first_name", "lastName": "k.last_name"}
INDEXED_NAME_LENGTH = 100  # characters: contacts.models
A_DAY = "'^[0-9]{4}-[0-9]{2}-[0-9]{2}'"


def group_set(leaf: GroupCondition) -> Sql:
    """Index: the key of memberships."""
    return Sql(
        "SELECT m.contact_id FROM contacts_membership AS m WHERE m.group_id = ANY(%s::bigint[])",
        (list(leaf.group_ids),),
    )


def identifier_set(leaf: HasCondition) -> Sql:
    """Indexes: that of the contact, or identifier_names_one_contact for all of a kind."""
    text = "SELECT n.contact_id FROM contacts_identifier AS n WHERE n.kind = ANY(%s::text[])"
    return Sql(text, (list(leaf.kinds),))


def field_set(leaf: FieldCondition, facts: Facts) -> Sql:
    """Those that pass the comparison; for `exists` those that have the field, whether that is asked for or not.

    Indexes: contact_by_field for declared fields by equality, contact_by_first_name and contact_by_last_name.
    """
    if leaf.field in NAME_COLUMNS:
        tests = _name_tests(NAME_COLUMNS[leaf.field], leaf.comparison)
    elif leaf.field == "createdAt":
        tests = _creation_tests(leaf.comparison, facts)
    else:
        tests = _declared_tests(leaf, facts)
    found = every([Sql("k.deleted_at IS NULL"), *tests])
    return found.inside("SELECT k.id AS contact_id FROM contacts_contact AS k WHERE ", "")


def _name_tests(column: str, comparison: Comparison) -> Iterator[Sql]:
    if comparison.exists is not None:
        yield Sql(f"{column} <> ''")
    if comparison.equals:
        text = (
            f"left(lower({column}), {INDEXED_NAME_LENGTH}) = left(lower(%s), {INDEXED_NAME_LENGTH}) AND {column} = %s"
        )
        yield some(Sql(text, (name, name)) for name in comparison.equals)
    if comparison.contains is not None:
        yield Sql(f"strpos(lower({column}), lower(%s)) > 0", (comparison.contains,))


def _creation_tests(comparison: Comparison, facts: Facts) -> Iterator[Sql]:
    if comparison.exists is not None:
        yield Sql("TRUE")
    if comparison.equals:
        days = [date.fromisoformat(str(day)) for day in comparison.equals]
        text = "k.created_at >= %s AND k.created_at < %s"
        yield some(Sql(text, (facts.start_of(day), facts.start_of(_next(day)))) for day in days)
    if isinstance(comparison.greater, date):
        yield Sql("k.created_at >= %s", (facts.start_of(_next(comparison.greater)),))
    if isinstance(comparison.less, date):
        yield Sql("k.created_at < %s", (facts.start_of(comparison.less),))
    if comparison.last_days is not None:
        start, end = facts.start_of(facts.first_day_of(comparison.last_days)), facts.start_of(_next(facts.today))
        yield Sql("k.created_at >= %s AND k.created_at < %s", (start, end))


def _next(day: date) -> date:
    return day + timedelta(days=1)


def _declared_tests(leaf: FieldCondition, facts: Facts) -> Iterator[Sql]:
    comparison, name = leaf.comparison, leaf.field
    if comparison.exists is not None:
        yield Sql("coalesce(jsonb_typeof(k.fields -> %s) <> 'null', FALSE)", (name,))
    if comparison.equals and leaf.type == "datetime":
        yield _day_is(name, "= ANY(%s::text[])", list(comparison.equals))
    elif comparison.equals:
        yield some(Sql("k.fields @> %s::jsonb", (encode({name: value}),)) for value in comparison.equals)
    if comparison.contains is not None:
        yield Sql("strpos(lower(k.fields ->> %s), lower(%s)) > 0", (name, comparison.contains))
    for operator, bound in ((">", comparison.greater), ("<", comparison.less)):
        if isinstance(bound, date):
            yield _day_is(name, f"{operator} %s", bound.isoformat())
        elif bound is not None:
            number = (
                f"CASE jsonb_typeof(k.fields -> %s) WHEN 'number' THEN (k.fields ->> %s)::numeric {operator} %s END"
            )
            yield Sql(number, (name, name, bound))
    if comparison.last_days is not None:
        yield _day_is(name, ">= %s", facts.first_day_of(comparison.last_days).isoformat())
        yield _day_is(name, "<= %s", facts.today.isoformat())


def _day_is(name: str, comparison: str, value: Any) -> Sql:
    """A day, or a moment by the day that it is kept with: that of the account's zone when it was written."""
    text = f'CASE WHEN k.fields ->> %s ~ {A_DAY} THEN left(k.fields ->> %s, 10) COLLATE "C" {comparison} END'
    return Sql(text, (name, name, value))
