"""The compiled SQL finds those that a plain evaluation in Python finds, over random small shops in PostgreSQL."""

import json
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from contacts.models import Contact, Group, Identifier, Membership
from contract.encoding import ExactJSONDecoder
from contract.json_values import encode
from contract.reasons import Problem
from events.models import Basis, Event, EventType, Outcome
from events.received import first_ids_since
from insights.rfm.membership import membership
from insights.rfm.models import RfmScore, RfmSnapshot
from insights.segments.compiling import compile_leaf, compile_predicate, compile_segment
from insights.segments.conditions import holds, leaves_of
from insights.segments.facts import Facts, starts_of_events
from insights.segments.reading import read_segment
from insights.segments.vocabulary import Vocabulary
from orders.models import Order, OrderItem
from tests.events.building import make_source
from tests.insights.segment_strategies import DAYS, GROUPS, KINDS, TYPES, conditions, segments, worlds
from tests.insights.segment_world import FIELD_TYPES, KYIV, NOW, Item, Person, finds
from tests.insights.segment_world import Event as PlainEvent
from tests.insights.segment_world import Order as PlainOrder

pytestmark = pytest.mark.django_db


class Stored:
    """A world in the database: the contacts' ids in the order of its people."""

    def __init__(self, people: list[Person]) -> None:
        self.people = people
        contacts = Contact.objects.bulk_create(
            Contact(
                first_name=person.first_name,
                fields=person.fields,
                created_at=person.created_at,
                deleted_at=NOW if person.is_deleted else None,
            )
            for person in people
        )
        self.ids = [contact.pk for contact in contacts]
        self.groups = {group.name: group.pk for group in Group.objects.bulk_create(Group(name=name) for name in GROUPS)}
        self.types = {row.key: row.pk for row in EventType.objects.bulk_create(EventType(key=key) for key in TYPES)}
        pairs = list(zip(self.ids, people, strict=True))
        Membership.objects.bulk_create(
            Membership(group_id=self.groups[name], contact_id=pk) for pk, person in pairs for name in person.groups
        )
        Identifier.objects.bulk_create(
            Identifier(contact_id=pk, kind_id=kind, value=str(pk), normalized=str(pk))
            for pk, person in pairs
            for kind in person.kinds
        )
        self.store_orders(pairs)
        self.store_events(pairs)
        self.store_scores(pairs)
        self.vocabulary = Vocabulary(fields=FIELD_TYPES, groups=self.groups, event_types=self.types, kinds=tuple(KINDS))

    def store_orders(self, pairs) -> None:
        several = [(pk, order) for pk, person in pairs for order in person.orders]
        rows = Order.objects.bulk_create(
            Order(
                external_order_id=str(number),
                contact_id=pk,
                status=order.status,
                currency=order.currency,
                total_cost=order.total,
                date=order.date,
                created_at=NOW,
                updated_at=NOW,
            )
            for number, (pk, order) in enumerate(several)
        )
        OrderItem.objects.bulk_create(
            OrderItem(
                order=row,
                order_date=row.date,
                position=position,
                external_item_id=item.item_id,
                quantity=1,
                custom_fields={} if item.category is None else {"category": item.category},
            )
            for row, (_, order) in zip(rows, several, strict=True)
            for position, item in enumerate(order.items)
        )

    def store_events(self, pairs) -> None:
        basis, source = Basis.objects.create(digest="d", settings={}), make_source()
        several = sorted(
            ((pk, event) for pk, person in pairs for event in person.events), key=lambda pair: pair[1].received_at
        )
        rows = Event.objects.bulk_create(
            Event(
                source=source,
                event_type_id=self.types[event.event_type],
                key_value="k",
                lane=0,
                body=encode({"eventTypeKey": event.event_type, "params": event.params}),
                occurred_at=event.occurred_at,
                received_at=event.received_at,
            )
            for _, event in several
        )
        Outcome.objects.bulk_create(
            Outcome(
                event=row,
                sequence=row.pk,
                status=event.status,
                reason="" if event.status == "applied" else "stale",
                contact_id=pk,
                basis=basis,
                decided_at=NOW,
            )
            for row, (pk, event) in zip(rows, several, strict=True)
        )

    def store_scores(self, pairs) -> None:
        snapshot = RfmSnapshot.objects.create(
            day=NOW.date(),
            month_before=NOW.date() - timedelta(days=31),
            time_zone=KYIV.key,
            is_current=True,
            boundaries={},
            computed_at=NOW,
            seconds=Decimal(0),
        )
        with connection.cursor() as cursor:  # undone with the world
            cursor.execute("CREATE TABLE rfm_scores_of_the_world PARTITION OF insights_rfmscore DEFAULT")
        RfmScore.objects.bulk_create(
            RfmScore(
                id=pk * 1000 + number,
                snapshot=snapshot,
                contact_id=pk,
                currency=currency,
                recency_days=0,
                frequency=1,
                monetary=Decimal(1),
                recency_score=recency,
                frequency_score=frequency,
                monetary_score=monetary,
                segment=segment,
                came_from="",
            )
            for pk, person in pairs
            for number, (currency, (recency, frequency, monetary, segment)) in enumerate(person.scores.items())
        )

    def tree(self, segment):
        """The segment as it comes back from a JSON column."""
        node = read_segment(json.loads(encode(segment), cls=ExactJSONDecoder), self.vocabulary)
        assert not isinstance(node, list), node
        return node

    def facts(self, node) -> Facts:
        facts = Facts(now=NOW, zone=KYIV, rfm=membership)
        starts = starts_of_events(leaves_of(node), facts)
        ids = dict(zip(starts, first_ids_since(starts), strict=True))
        return replace(facts, first_event_ids=ids)

    def found(self, segment) -> list[int]:
        """The places in the world of those that the SQL finds."""
        node = self.tree(segment)
        return sorted(self.ids.index(pk) for pk in run(compile_segment(node, self.facts(node))))


def run(sql) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(sql.text, sql.params)
        return [pk for (pk,) in cursor.fetchall()]


def person(**columns) -> Person:
    defaults = {"first_name": "", "created_at": NOW, "is_deleted": False, "fields": {}, "groups": [], "kinds": []}
    return Person(**{**defaults, **columns})


BOUGHT = PlainOrder("IN_PROGRESS", "UAH", Decimal(10), NOW - timedelta(days=7), [Item("100")])
# Received within two days; the first occurred long before, the second says that it is still to come.
LATE = PlainEvent("viewed", {}, NOW - timedelta(hours=1), NOW - timedelta(days=30))
EARLY = PlainEvent("viewed", {}, NOW - timedelta(hours=1), NOW + timedelta(days=1))


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(people=worlds, several=st.lists(segments, min_size=1, max_size=4))
@example(people=[person(orders=[BOUGHT]), person()], several=[{"orders": {"item": "100", "lastDays": 7}}])
@example(people=[person(), person(is_deleted=True)], several=[{"orders": {"count": {"atMost": 0}}}])
@example(people=[person(), person(groups=["VIP"])], several=[{"not": {"any": [{"contact": {"group": "VIP"}}]}}])
def test_the_sql_finds_those_that_a_plain_evaluation_finds(people, several):
    with transaction.atomic():
        world = Stored(people)
        for segment in several:
            expected = [place for place, each in enumerate(people) if finds(segment, each)]
            assert world.found(segment) == expected, segment
            assert each_condition_explains_it(world, segment) == expected
            assert asked_one_by_one(world, segment) == expected
        transaction.set_rollback(True)


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(people=worlds, several=st.lists(conditions, min_size=6, max_size=10))
@example(people=[person(events=[LATE])], several=[{"events": {"type": "viewed", "lastDays": 2}}])
@example(people=[person(events=[EARLY])], several=[{"events": {"type": "viewed", "lastDays": 2}}])
@example(people=[person(events=[LATE])], several=[{"events": {"type": "viewed", "from": DAYS[6], "to": DAYS[5]}}])
def test_each_condition_alone_finds_those_that_a_plain_evaluation_finds(people, several):
    with transaction.atomic():
        world = Stored(people)
        found = [world.found(condition) for condition in several]
        expected = [[place for place, each in enumerate(people) if finds(one, each)] for one in several]
        assert list(zip(several, found, strict=True)) == list(zip(several, expected, strict=True))
        transaction.set_rollback(True)


def each_condition_explains_it(world: Stored, segment) -> list[int]:
    """The places of those for whom the tree holds, put together from what each single condition finds."""
    node = world.tree(segment)
    facts, truth = world.facts(node), {}
    for leaf in leaves_of(node):
        people = compile_leaf(leaf, facts)
        ids = set(run(people.rows))
        truth[leaf.pointer] = {pk for pk in world.ids if (pk in ids) != people.is_complement}
    return [
        place
        for place, (pk, each) in enumerate(zip(world.ids, world.people, strict=True))
        if not each.is_deleted and holds(node, {pointer: pk in found for pointer, found in truth.items()})
    ]


def asked_one_by_one(world: Stored, segment) -> list[int]:
    """The places of those whom the tree holds of, each looked up by itself: what estimates are made by."""
    node = world.tree(segment)
    holds_of_c = compile_predicate(node, world.facts(node), "c.id")
    before = "SELECT c.id FROM contacts_contact AS c WHERE c.deleted_at IS NULL AND "
    return sorted(world.ids.index(pk) for pk in run(holds_of_c.inside(before, "")))


def test_what_was_typed_is_never_part_of_the_statement():
    nasty = "'); DROP TABLE orders_order; --%s\"\\"
    value = {
        "all": [
            {"orders": {"item": nasty, "category": nasty}},
            {
                "events": {
                    "type": nasty,
                    "lastDays": 7,
                    "where": [{"parameter": nasty, "member": nasty, "equals": nasty}],
                }
            },
            {"contact": {"field": nasty, "contains": nasty}},
            {"contact": {"group": nasty}},
            {"contact": {"has": nasty}},
        ]
    }
    vocabulary = Vocabulary(fields={nasty: "text"}, groups={nasty: 1}, event_types={nasty: 1}, kinds=(nasty,))
    node = read_segment(value, vocabulary)
    assert not isinstance(node, list), [problem for problem in node if isinstance(problem, Problem)]
    facts = Facts(now=NOW, zone=KYIV, rfm=membership)
    first_ids = dict.fromkeys(starts_of_events(leaves_of(node), facts), 1)
    sql = compile_segment(node, replace(facts, first_event_ids=first_ids))
    assert "DROP" not in sql.text
    assert run(sql) == []
    assert "DROP" not in compile_predicate(node, replace(facts, first_event_ids=first_ids), "c.id").text
