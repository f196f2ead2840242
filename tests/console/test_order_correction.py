"""A correction by staff is an event like every other: it is tried, kept, applied, and told with the user's name."""

import json

import pytest
from django.urls import reverse

from account.models import AuditEntry
from events.models import Event, SourceKind
from events.verification import compare, fold_applied
from orders.ledger import load_orders
from orders.models import Order, OrderChange
from tests.console.reading import links, page_text
from tests.events.building import ITEM, created, drain, make_source, post
from tests.factories import make_contact

pytestmark = pytest.mark.django_db


@pytest.fixture
def order():
    make_contact(external_customer_id="C1", first_name="Olha", last_name="Koval")
    created("1001", items=[{**ITEM, "colour": "red"}], deliveryAddress="Kyiv", shipping="5")
    drain()
    return Order.objects.get()


def address(order: Order) -> str:
    return reverse("admin:order_correction", args=[order.pk])


def filled(admin, order: Order, **changes: str) -> dict[str, str]:
    """The form as the page shows it, with some values typed anew."""
    form = admin.get(address(order)).context["form"]
    shown = {field.html_name: "" if field.value() is None else field.value() for field in form}
    shown["date"] = form.initial["date"].strftime("%Y-%m-%dT%H:%M:%S")
    return {**{name: str(value) for name, value in shown.items()}, **changes}


def send(admin, order: Order, **changes: str):
    return admin.post(address(order), filled(admin, order, **changes))


def test_only_what_was_changed_is_sent_and_the_history_tells_who_did_it(admin, order):
    response = send(admin, order, status="DELIVERED", totalCost="24.90", deliveryAddress="")
    assert (response.status_code, response["Location"]) == (302, reverse("admin:orders_order_change", args=[order.pk]))
    event = Event.objects.latest("pk")
    assert json.loads(event.body) == {
        "eventTypeKey": "orderUpdated",
        "keyValue": "1001",
        "params": {"externalOrderId": "1001", "status": "DELIVERED", "totalCost": "24.90", "deliveryAddress": ""},
        "postedBy": "admin",
    }
    assert (event.source.kind, event.source.name) == (SourceKind.CONSOLE, "console")
    change = OrderChange.objects.latest("pk")
    assert change.fields == {
        "status": {"from": "INITIALIZED", "to": "DELIVERED"},
        "totalCost": {"from": "19.90", "to": "24.90"},
        "deliveryAddress": {"from": "Kyiv", "to": None},
    }
    page = admin.get(response["Location"])
    assert f"Event {event.pk}: The order was changed." in page_text(page) or "applied" in page_text(page)
    assert f"orderUpdated {event.pk} from console by admin" in page_text(page)
    assert "postedBy" not in Order.objects.get().custom_fields
    folded = {}
    list(fold_applied(["1001"], folded))
    assert compare("1001", load_orders(["1001"])["1001"].state, folded["1001"]) == []


def test_a_correction_stands_in_the_audit_log_without_a_value_of_a_person(admin, order):
    send(admin, order, email="olha@example.com", phone="0501234567")
    entry = AuditEntry.objects.get()
    event_id = Event.objects.latest("pk").pk
    assert (entry.actor, entry.action) == ("user admin", "order.corrected")
    assert entry.what == f"externalOrderId=1001, event {event_id}: email, phone"


def test_items_are_replaced_as_json_and_what_is_left_alone_stays(admin, order):
    form = filled(admin, order)
    items = json.loads(form["items"])
    assert items == [{**ITEM, "cost": 19.9, "colour": "red"}]
    send(admin, order, items=json.dumps([{**items[0], "quantity": 2}]))
    [item] = Order.objects.get().items.all()
    assert (item.quantity, item.custom_fields) == (2, {"colour": "red"})
    assert Event.objects.latest("pk").body.count('"deliveryAddress"') == 0


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "Nothing is changed yet"),
        ({"totalCost": "-1"}, "greater than or equal to 0"),
        ({"totalCost": "1e99999999"}, "no more than 18 digits"),
        ({"totalCost": ""}, "This field is required."),
        ({"shipping": ""}, "An amount cannot be taken away; write 0."),
        ({"currency": "??"}, "currency must be three capital letters of ISO 4217"),
        ({"date": "soon"}, "Enter a valid date/time."),
        ({"date": "0001-01-01T00:00:00"}, "date"),
        ({"status": "NEARLY"}, "NEARLY is not one of the available choices."),
        ({"email": "\0"}, "Null characters are not allowed."),
        ({"items": "[{]"}, "This is not JSON"),
        ({"items": '[{"externalItemId": "1"}]'}, "0: Each item needs name, and this one has none."),
        ({"items": "[" * 5000}, "This is not JSON"),
        ({"phone": "1" * 2001}, "at most 2000 characters"),
        ({"status": "DELIVERED", "seen": "long ago"}, "The order has changed since you opened this form."),
    ],
)
def test_what_cannot_be_taken_is_said_at_its_place_and_nothing_is_stored(changes, words, admin, order):
    before = Event.objects.count()
    form = filled(admin, order)
    response = admin.post(address(order), {**form, **changes})
    assert response.status_code == 200
    assert words in response.content.decode().replace("&#x27;", "'").replace("&quot;", '"')
    assert Event.objects.count() == before
    assert not AuditEntry.objects.exists()


def test_a_form_that_is_older_than_the_last_change_is_not_taken(admin, order):
    form = filled(admin, order, status="CANCELLED")
    post("orderDelivered", {"externalOrderId": "1001"})
    drain()
    response = admin.post(address(order), form)
    assert "The order has changed since you opened this form." in response.content.decode()
    assert Order.objects.get().status == "DELIVERED"


def test_what_waited_of_the_order_is_applied_before_the_correction(admin, order):
    form = filled(admin, order, status="CANCELLED")
    post("orderDelivered", {"externalOrderId": "1001"})  # accepted, and not applied yet
    assert admin.post(address(order), form).status_code == 302
    changes = [change.fields["status"]["to"] for change in OrderChange.objects.order_by("pk")]
    assert changes == ["INITIALIZED", "DELIVERED", "CANCELLED"]


def test_a_source_of_another_kind_that_has_the_name_is_left_alone(admin, order):
    other = make_source("console")
    send(admin, order, status="DELIVERED")
    event = Event.objects.latest("pk")
    assert (event.source.name, event.source.kind) == ("console (staff)", SourceKind.CONSOLE)
    assert other.kind == SourceKind.BACKEND


def test_it_takes_a_permission_of_its_own(staff, order):
    reader = staff("orders.view_order")
    page = reader.get(reverse("admin:orders_order_change", args=[order.pk]))
    assert links(page, "Correct this order") == []
    assert reader.get(address(order)).status_code == 403
    assert reader.post(address(order), {"status": "DELIVERED"}).status_code == 403
    assert Order.objects.get().status == "INITIALIZED"


def test_whoever_may_finds_the_form_on_the_orders_page(admin, order):
    page = admin.get(reverse("admin:orders_order_change", args=[order.pk]))
    assert links(page, "Correct this order") == [address(order)]
    assert admin.get(reverse("admin:order_correction", args=[10**17])).status_code == 404
