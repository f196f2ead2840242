"""Erasing a person: nothing in the whole database names them any more, and no figure, order or neighbour has moved."""

import json
import re
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client

from account.models import AuditEntry
from contacts.models import Contact, Erasure, Identifier
from events import erasure
from events.erasure import advance_erasures
from events.keys import forget_keys
from events.models import Event, IdempotencyKey, Outcome, Waiting
from events.replay import replay_events
from events.verification import compare, fold_applied
from orders import ledger, summaries
from orders.models import DailyRevenue, Order, OrderChange, OrderItem
from orders.state import OrderState
from tests.callers import bearer, make_key
from tests.events.building import ITEM, drain, outcome_of, post
from tests.factories import make_kind, make_rule

pytestmark = pytest.mark.django_db

ANNA = {
    "firstName": "Ганна-Марія",
    "lastName": "Zo\u00eb-Ковальчук",
    "channels": [
        {"type": "email", "value": "Anna.Koval@Example.com"},
        {"type": "sms", "value": "+380 (50) 123-45-67"},
        {"type": "mobilepush", "value": "tok:Zx81-aaaaaaaaaaaaaaaaaaaaaaaa"},
    ],
    "externalCustomerId": "AV13760-Ж",
    "contactKey": "key/77?anna",
    "address": {"street": "вул. Хрещатик 22, кв. 5", "postcode": "01001"},
    "fields": [{"name": "loyaltyCard", "value": "LC 998877"}, {"name": "passport", "value": "MT-123456"}],
}
# A phone is looked for by its digits, whatever stands between them.
TEXTS = [
    "Ганна-Марія", "Zo\u00eb-Ковальчук", "Zoe\u0308-Ковальчук", "Anna.Koval@Example.com", "LC 998877",
    "tok:Zx81-aaaaaaaaaaaaaaaaaaaaaaaa", "AV13760-Ж", "key/77?anna", "вул. Хрещатик 22, кв. 5", "MT-123456",
]  # fmt: skip
DIGITS = "501234567"
BOB = {
    "firstName": "Боб",
    "lastName": "Zo\u00eb-Ковальчук",
    "channels": [{"type": "email", "value": "bob.koval@example.com"}, {"type": "sms", "value": "0671112233"}],
    "externalCustomerId": "B-1",
}


@pytest.fixture
def shop() -> Client:
    forget_keys()
    make_kind("loyaltyCard")
    make_rule("Card", "loyaltyCard")
    return Client(headers=bearer(make_key(scopes=["events:write", "orders:write", "contacts:write", "read"])))


def send(shop: Client, method: str, path: str, payload: object, **headers: str) -> dict:
    body = payload if isinstance(payload, str) else json.dumps(payload)
    answer = getattr(shop, method)(f"/api/v1/{path}", body, "application/json", headers=headers)
    assert answer.status_code == 200, answer.content
    return answer.json()


def take(shop: Client, *events: object) -> list[int]:
    """Takes the events, applies all that waits, and returns their ids. A text is sent byte for byte."""
    texts = [event if isinstance(event, str) else json.dumps(event) for event in events]
    results = send(shop, "post", "events", '{"events": [' + ",".join(texts) + "]}")["results"]
    drain()
    assert all("id" in result for result in results), results
    return [int(result["id"]) for result in results]


def order_event(event_type: str, order_id: str, **params: object) -> dict:
    return {"eventTypeKey": event_type, "params": {"externalOrderId": order_id, **params}}


def created(order_id: str, total: str = "19.90", **params: object) -> dict:
    whole = {"totalCost": total, "status": "DELIVERED", "date": "2026-05-14T10:11:00", "currency": "UAH", **params}
    return order_event("orderCreated", order_id, **whole)


def erase(shop: Client, contact_id: int) -> None:
    answer = shop.delete(f"/api/v1/contact/{contact_id}?erase=true")
    assert (answer.status_code, answer.json()) == (202, {"id": contact_id, "status": "erasing"})
    advance_erasures()
    told = shop.get(answer["Location"]).json()
    assert (told["status"], told["stage"]) == ("erased", "done"), told


# --- the grep ---

TEXT_COLUMNS = """
    SELECT table_name, column_name FROM information_schema.columns
     WHERE table_schema = 'public'
       AND (data_type IN ('text', 'character varying', 'character', 'json', 'jsonb', 'bytea') OR data_type = 'ARRAY')
"""


def all_texts() -> Iterator[tuple[str, str]]:
    """Every value of every column of every table that can hold a text, escapes of JSON and of addresses resolved."""
    with connection.cursor() as cursor:
        cursor.execute(TEXT_COLUMNS)
        columns = cursor.fetchall()
        assert ("events_event", "body") in columns
        assert ("orders_orderchange", "fields") in columns
        for table, column in columns:
            cursor.execute(f'SELECT DISTINCT "{column}"::text FROM "{table}"')  # noqa: S608
            for (text,) in cursor.fetchall():
                yield f"{table}.{column}", text or ""


def spellings(text: str) -> set[str]:
    """A stored text as it is, with its escapes resolved, and with what is percent-encoded decoded."""
    plain = re.sub(r"\\+u([0-9a-fA-F]{4})", lambda match: chr(int(match[1], 16)), text).replace("\\", "")
    return {text, plain, re.sub(r"(?:%[0-9a-fA-F]{2})+", _decoded, plain)}


def _decoded(run: re.Match[str]) -> str:
    return bytes.fromhex(run[0].replace("%", "")).decode("utf-8", "replace")


def found(*values: str, digits: str = "") -> list[tuple[str, str]]:
    """Where these values stand in the database, in any case and any escape."""
    hits = []
    for place, text in all_texts():
        for spelled in spellings(text):
            hits += [(place, value) for value in values if value.casefold() in spelled.casefold()]
            if digits and re.search(r"[^0-9A-Za-z]*".join(digits), spelled):
                hits.append((place, digits))
    return hits


def figures() -> object:
    """All that must not move."""
    summaries.rebuild_marked()
    columns = ("external_order_id", "contact_id", "status", "total_cost", "currency", "date", "shipping", "discount")
    return (
        list(Order.objects.order_by("pk").values_list("pk", *columns)),
        list(OrderItem.objects.order_by("order_id", "position").values_list("external_item_id", "cost", "quantity")),
        list(DailyRevenue.objects.order_by("day", "currency").values_list("day", "currency", "revenue", "orders")),
    )  # fmt: skip


def differences() -> list[str]:
    """What verify_ledger would find, for tests that are inside of a transaction."""
    keys = {
        *Order.objects.values_list("external_order_id", flat=True),
        *Event.objects.values_list("order_key", flat=True),
    }
    folded: dict[str, OrderState] = {}
    list(fold_applied(keys - {""}, folded))
    stored = {key: order.state for key, order in ledger.load_orders(keys).items()}
    return [str(one) for key in stored.keys() | folded.keys() for one in compare(key, stored.get(key), folded.get(key))]


def received() -> list[object]:
    return list(Event.objects.order_by("pk").values_list("pk", "lane", "event_type_id", "occurred_at", "received_at"))


# --- the proof ---


def write_about_anna(shop: Client) -> None:
    """Anna in every place and spelling that a shop can put her into."""
    email = "Anna.Koval@Example.com"
    personal = {
        "email": "ANNA.KOVAL@example.COM",
        "phone": "0501234567",
        "firstName": "ГАННА-МАРІЯ",
        "lastName": "Zoe\u0308-Ковальчук",
        "deliveryAddress": "вул. Хрещатик 22, кв. 5",
        "additionalInfo": "Подзвонити Ганна-Марія, 050 123 45 67",
        "restoreUrl": f"https://shop.example/cart?mail={quote(email)}&phone=%2B380501234567",
        "passport": "MT-123456",
        "note": {"text": "card LC 998877", "deep": {"to": [email]}},
        "storeId": "Kyiv (ask anna.koval@example.com)",
    }
    item = {**ITEM, "engraving": "Ганна-Марія", "gift": {"for": [email, 380501234567]}}
    take(
        shop,
        created("1001", externalCustomerId="AV13760-Ж", items=[item], **personal),
        order_event("orderUpdated", "1001", email="other@example.com", phone="+38 050 123 45 67"),
        order_event("orderUpdated", "1001", email=email, items=json.dumps([item, {**item, "sms": "00380501234567"}])),
        # A list of parameters, escaped throughout, with numbers and a name given twice.
        '{"eventTypeKey":"orderCreated","params":[{"name":"externalOrderId","value":"1002"},'
        '{"name":"email","value":"\\u0041nna.\\u004boval\\u0040Example.com"},{"name":"phone","value":380501234567},'
        '{"name":"email","value":"anna.koval@example.com"},{"name":"totalCost","value":10.50},'
        '{"name":"status","value":"DELIVERED"},{"name":"date","value":"2026-05-15T10:11:00"},'
        '{"name":"Anna.Koval@example.com","value":true},{"name":"comment","value":"\\u0413\\u0430\\u043d\\u043d\\u0430-'
        '\\u041c\\u0430\\u0440\\u0456\\u044f"}],"idempotencyKey":"1002/anna.koval@example.com",'
        '"sentBy":"anna.koval@example.com"}',
        # Ignored: of no order, of an order that exists, with parameters that cannot be read.
        created("1003", total="anna.koval@example.com", email=email),
        created("1001", email=email),
        {**order_event("orderDelivered", email, email=email), "occurred": "2026-05-01"},
        {"eventTypeKey": "productViewed", "params": {"email": email, "seenBy": "Ганна-Марія"}},
        {"eventTypeKey": "viewed", "keyValue": email, "params": {"ContactKey": "key/77?anna", "n": "LC 998877"}},
        {"eventTypeKey": "cardUsed", "params": {"Card": "LC 998877", "phone": "(050) 123-45-67"}},
        # Of nobody, but naming her: unlinked when it came.
        {"eventTypeKey": "invited", "keyValue": "x", "params": {"friend": f"<{email}>", "tel": "tel:+380-50-123-4567"}},
    )  # fmt: skip


@pytest.fixture
def poisoned_order() -> Iterator[None]:
    """The database refuses one order, with an error that quotes its row."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE orders_order ADD CONSTRAINT poison CHECK (external_order_id <> 'poison')")
        yield
        cursor.execute("ALTER TABLE orders_order DROP CONSTRAINT poison")


@pytest.mark.django_db(transaction=True)
def test_nothing_in_the_whole_database_names_an_erased_person(shop, poisoned_order, capsys):
    send(shop, "post", "contact", BOB)
    # Before there was a contact: nobody's events, one of them to be replayed.
    seen = {"eventTypeKey": "seen", "params": {"phone": "0501234567"}}
    early = take(shop, created("0999", email="anna.koval@example.com"), seen)
    anna = send(shop, "post", "contact", ANNA, **{"Idempotency-Key": "anna.koval@example.com"})["id"]
    write_about_anna(shop)
    replay_events(early)
    drain()
    refused = created("poison", email="anna.koval@example.com", phone="+380501234567", firstName="Ганна-Марія")
    [poison] = take(shop, refused)
    assert "anna.koval@example.com" in outcome_of(poison).traceback
    # Bob's order, with Anna's phone: a conflict, told in a warning.
    take(shop, created("2001", "7.00", externalCustomerId="B-1", email="bob.koval@example.com", phone="380501234567"))
    assert outcome_of(Event.objects.latest("pk").pk).warnings[0]["code"] == "identifier_conflict"
    assert {place for place, _ in found(*TEXTS, digits=DIGITS)} >= {
        "events_event.body", "events_event.key_value", "events_event.order_key", "events_outcome.trace",
        "events_outcome.problems", "events_outcome.warnings", "events_outcome.traceback", "events_attempt.trace",
        "orders_order.email", "orders_order.custom_fields", "orders_orderitem.custom_fields",
        "orders_orderchange.fields", "contacts_identifier.value", "contacts_contact.address",
        "events_idempotencykey.key",
    }  # fmt: skip
    before, log = figures(), received()
    call_command("verify_ledger")
    erase(shop, anna)

    bobs = {"contacts_contact.last_name"}  # they share their last name
    assert {hit for hit in found(*TEXTS, digits=DIGITS) if hit[0] not in bobs} == set()
    assert figures() == before
    assert received() == log
    capsys.readouterr()
    call_command("verify_ledger")
    assert capsys.readouterr().out.strip().endswith("no differences.")
    assert OrderChange.objects.filter(order__external_order_id="1001").count() == 3
    order = Order.objects.get(external_order_id="1001")
    assert (order.contact_id, order.store_id) == (anna, "Kyiv (ask █)")
    assert [item.name for item in order.items.all()] == [ITEM["name"], ITEM["name"]]
    assert set(AuditEntry.objects.values_list("action", "what", "count")) == {("contacts.erased", f"contact {anna}", 1)}


def test_a_contact_that_shares_nothing_is_untouched(shop):
    anna, bob = (send(shop, "post", "contact", each)["id"] for each in (ANNA, BOB))
    bobs = {"email": "bob.koval@example.com", "lastName": "Zo\u00eb-Ковальчук"}
    take(
        shop,
        created("1", externalCustomerId="AV13760-Ж"),
        created("2", externalCustomerId="B-1", gift="AV13760", **bobs),
        {"eventTypeKey": "seen", "params": {**bobs, "cousin": "Ганна-Марія", "at": "anna.koval@example.com.ua"}},
    )

    def rows() -> list[object]:
        mine = Outcome.objects.filter(contact_id=bob)
        return [
            list(Contact.objects.filter(pk=bob).values()),
            list(Identifier.objects.filter(contact_id=bob).values()),
            list(Event.objects.filter(outcome__contact_id=bob).order_by("pk").values()),
            list(mine.order_by("pk").values()),
            list(Order.objects.filter(contact_id=bob).values()),
            list(OrderChange.objects.filter(order__contact_id=bob).values()),
        ]

    before = rows()
    assert len(before[2]) == 2
    erase(shop, anna)
    assert rows() == before
    shown = shop.get(f"/api/v1/contact/{bob}").json()
    assert {name: shown[name] for name in BOB} == BOB


def test_an_event_that_waits_is_erased_and_then_applied_as_it_stands(shop):
    anna = send(shop, "post", "contact", ANNA)["id"]
    take(shop, created("1", externalCustomerId="AV13760-Ж"))
    waiting = [
        order_event("orderUpdated", "1", totalCost="25.00", email="anna.koval@example.com"),
        created("2", email="anna.koval@example.com"),
        {"eventTypeKey": "seen", "params": {"email": "anna.koval@example.com"}},
    ]
    ids = [int(one["id"]) for one in send(shop, "post", "events", {"events": waiting})["results"]]
    queue = list(Waiting.objects.order_by("lane", "position").values_list("lane", "position", "event_id"))
    erase(shop, anna)
    assert list(Waiting.objects.order_by("lane", "position").values_list("lane", "position", "event_id")) == queue
    drain()
    fates = [(outcome_of(each).status, outcome_of(each).reason) for each in ids]
    assert fates == [("applied", ""), ("ignored", "contact_identifier_missing"), ("applied", "")]
    assert [str(order.total_cost) for order in Order.objects.all()] == ["25.00"]
    assert not Contact.objects.exclude(pk=anna).exists()
    assert found("anna.koval@example.com") == []
    assert differences() == []


def test_an_event_that_waits_does_not_bring_the_person_back_while_the_erasure_is_under_way(shop):
    anna = send(shop, "post", "contact", ANNA)["id"]
    send(shop, "post", "events", {"events": [created("1", email="anna.koval@example.com", phone="0501234567")]})
    shop.delete(f"/api/v1/contact/{anna}?erase=true")
    drain()
    assert not Contact.objects.exclude(pk=anna).exists()
    advance_erasures()
    assert found(*TEXTS, digits=DIGITS) == []


def test_what_is_sent_after_the_erasure_is_a_new_message_and_the_identifiers_are_free(shop):
    anna = send(shop, "post", "contact", ANNA)["id"]
    erase(shop, anna)
    again = send(shop, "post", "contact", ANNA)["id"]
    assert again != anna
    [event_id] = take(shop, created("1", email="anna.koval@example.com"))
    assert outcome_of(event_id).contact_id == again


def test_the_contact_is_invisible_from_the_answer_on(shop):
    anna = send(shop, "post", "contact", ANNA)["id"]
    assert shop.delete(f"/api/v1/contact/{anna}?erase=true").status_code == 202
    answer = shop.get(f"/api/v1/contact/{anna}")
    assert (answer.status_code, answer.json()["detail"]) == (404, f"The contact {anna} is being erased.")
    assert (Contact.objects.get().first_name, Contact.objects.get().fields) == ("", {})
    advance_erasures()
    assert shop.get(f"/api/v1/contact/{anna}").json()["detail"] == f"The contact {anna} was erased."


def test_erasing_again_changes_nothing_and_says_that_it_is_done(shop):
    anna = send(shop, "post", "contact", ANNA)["id"]
    erase(shop, anna)
    record = list(Erasure.objects.values())
    answer = shop.delete(f"/api/v1/contact/{anna}?erase=true")
    assert (answer.status_code, answer.json()) == (200, {"id": anna, "status": "erased"})
    advance_erasures()
    assert list(Erasure.objects.values()) == record
    assert AuditEntry.objects.count() == 1


def test_a_deleted_contact_can_be_erased_by_its_customer_id_and_is_unknown_by_it_then(shop):
    anna = send(shop, "post", "contact", ANNA)["id"]
    assert shop.delete(f"/api/v1/contact/{anna}").json() == {"id": anna, "status": "deleted"}
    address = f"/api/v1/contact?externalCustomerId={quote('AV13760-Ж')}&erase=true"
    assert shop.delete(address).status_code == 202
    assert shop.delete(address).json() == {"id": anna, "status": "erasing"}
    advance_erasures()
    answer = shop.delete(address)
    assert answer.status_code == 404
    assert "erased is not known by it any more" in answer.json()["detail"]


class KilledError(BaseException):
    """What stops a worker in the middle of a step, and leaves it no time to tidy up."""


@pytest.mark.parametrize("step", range(8))
def test_an_erasure_that_was_killed_at_any_step_is_carried_on_from_there(shop, step, monkeypatch):
    anna = send(shop, "post", "contact", ANNA)["id"]
    write_about_anna(shop)
    before = figures()
    shop.delete(f"/api/v1/contact/{anna}?erase=true")
    monkeypatch.setattr(erasure, "ORDERS_AT_ONCE", 1)
    monkeypatch.setattr(erasure, "EVENTS_AT_ONCE", 3)
    monkeypatch.setattr(erasure, "WALKED_AT_ONCE", 7)
    go_on, steps = erasure._go_on, iter(range(100))

    def die_before_the_step_is_noted(*args, **columns):
        if next(steps) == step:
            raise KilledError
        go_on(*args, **columns)

    with monkeypatch.context() as staged:
        staged.setattr(erasure, "_go_on", die_before_the_step_is_noted)
        with pytest.raises(KilledError):
            advance_erasures()
    advance_erasures()
    assert Erasure.objects.get().stage == "done"
    assert found(*TEXTS, digits=DIGITS) == []
    assert figures() == before
    assert differences() == []


def test_two_people_are_erased_in_one_walk_through_the_log(shop):
    anna, bob = (send(shop, "post", "contact", each)["id"] for each in (ANNA, BOB))
    take(
        shop, *({"eventTypeKey": "n", "keyValue": str(n), "params": {"to": "bob.koval@example.com"}} for n in range(5))
    )
    for contact_id in (anna, bob):
        shop.delete(f"/api/v1/contact/{contact_id}?erase=true")
    advance_erasures()
    assert found("bob.koval@example.com", "Anna.Koval@Example.com") == []
    assert {one.stage for one in Erasure.objects.all()} == {"done"}


@pytest.mark.parametrize("count", [2, 60])
def test_the_statements_of_a_lane_do_not_grow_with_its_events(shop, count, django_assert_num_queries):
    anna = send(shop, "post", "contact", ANNA)["id"]
    updates = [order_event("orderUpdated", "1", firstName=f"Ганна-Марія {n}") for n in range(count)]
    take(shop, created("1", email="anna.koval@example.com"), *updates)
    row = Erasure(contact_id=anna, values={}, last_event_id=Event.objects.latest("pk").pk)
    shop.delete(f"/api/v1/contact/{anna}?erase=true")
    row = Erasure.objects.get()
    erasure._begin(row)
    row.refresh_from_db()
    with django_assert_num_queries(26):
        erasure._erase_orders(row)
    assert found("Ганна-Марія", "anna.koval@example.com") != []  # the identifiers are still to be looked for
    assert Event.objects.filter(body__contains="Ганна").count() == 0


def test_an_id_that_any_text_may_hold_by_chance_goes_only_where_it_names_the_person(shop):
    short = send(shop, "post", "contact", {"externalCustomerId": "42", "contactKey": "1001"})["id"]
    send(shop, "post", "contact", BOB)
    owned, unlinked, others = take(
        shop,
        created("42", externalCustomerId="42", items=[{**ITEM, "externalItemId": "42", "quantity": 42}]),
        {"eventTypeKey": "seen", "keyValue": "b", "params": {"ContactKey": 1001, "page": "42"}},
        {"eventTypeKey": "seen", "params": {"email": "bob.koval@example.com", "page": "1001", "ContactKey": "1001"}},
    )
    # It came before the contact was there: of nobody, so it is found by the walk through the log.
    Outcome.objects.filter(event_id=unlinked).update(contact_id=None)
    before = figures()
    erase(shop, short)

    def params_of(event_id: int) -> object:
        return json.loads(Event.objects.get(pk=event_id).body)["params"]

    kept = params_of(owned)
    assert (kept["externalOrderId"], kept["externalCustomerId"]) == ("42", None)
    assert (kept["items"][0]["externalItemId"], kept["items"][0]["quantity"]) == ("42", 42)
    assert params_of(unlinked) == {"ContactKey": None, "page": None}
    assert params_of(others) == {"email": "bob.koval@example.com", "page": "1001", "ContactKey": ""}
    assert figures() == before
    assert differences() == []


def test_idempotency_answers_of_others_stay(shop):
    send(shop, "post", "contact", BOB, **{"Idempotency-Key": "bobs"})
    anna = send(shop, "post", "contact", ANNA, **{"Idempotency-Key": "for anna.koval@example.com"})["id"]
    erase(shop, anna)
    assert list(IdempotencyKey.objects.values_list("key", flat=True)) == ["bobs"]


def test_whole_orders_and_orders_that_were_deleted_are_erased_too(shop):
    send(shop, "post", "contact", {"externalCustomerId": "B-1"})
    whole = {"totalCost": "5.00", "status": "DELIVERED", "date": "2026-05-14T10:11:00", "phone": ""}
    person = {"email": "anna.koval@example.com", "firstName": "Ганна-Марія", "lastName": "", "wish": "Ганна-Марія"}
    for number in ("1", "2"):
        post("orderDELIVERED", {"externalOrderId": number, **whole, **person, "items": [{**ITEM, "url": ""}]})
    drain()
    anna = Contact.objects.get(first_name="Ганна-Марія").pk  # made by the order
    post("orderDELETED", {"externalOrderId": "2"})
    drain()
    waiting = post("orderDELIVERED", {"externalOrderId": "3", **whole, **person})
    assert Order.objects.get().external_order_id == "1"
    before = figures()
    erase(shop, anna)
    assert figures() == before
    assert found("Ганна-Марія", "anna.koval@example.com") == []
    assert differences() == []
    assert set(Event.objects.values_list("order_key", flat=True)) == {"1", "2", "3"}
    drain()
    # It waited, so nobody is named any more: a guest's order, whose money counts.
    assert outcome_of(waiting).status == "applied"
    assert Order.objects.get(external_order_id="3").contact_id is None
    assert not Contact.objects.exclude(pk=anna).filter(deleted_at=None, first_name="Ганна-Марія").exists()
    assert differences() == []


def test_what_the_person_was_called_before_goes_from_their_own_events_and_orders_too(shop):
    anna = send(shop, "post", "contact", {**ANNA, "channels": [{"type": "email", "value": "old@example.com"}]})["id"]
    take(
        shop,
        created("1", email="old@example.com", lastName="Мельник"),
        {"eventTypeKey": "seen", "params": {"email": "old@example.com", "searched": "size of Мельник"}},
    )
    send(shop, "put", f"contact/{anna}", ANNA)
    erase(shop, anna)
    assert found("old@example.com", "Мельник") == []
    assert differences() == []
