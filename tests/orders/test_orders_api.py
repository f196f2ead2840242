"""Orders over HTTP: what one looks like, which are found, and pages that stay put while rows come and go."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from urllib.parse import urlsplit

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from account.current import forget_account
from account.models import Account
from contract.paging import Cursor
from events.keys import forget_keys
from events.models import Event, EventType
from orders.models import Order, OrderChange
from tests.callers import bearer, make_key
from tests.events.building import make_source
from tests.factories import make_contact, make_order

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 5, 14, 9, tzinfo=UTC)  # 12:00 in Kyiv


@pytest.fixture
def client() -> Client:
    forget_keys()
    forget_account()
    return Client(raise_request_exception=False, headers=bearer(make_key()))


def read(client, address: str):
    answer = client.get(address)
    assert answer.status_code == 200, answer.content
    return answer.json()


def ids(client, query: str = "") -> list[str]:
    return [order["externalOrderId"] for order in read(client, f"/api/v1/orders{query}")["results"]]


def problems(client, address: str) -> list[tuple[str, str]]:
    """The (parameter, code) of each problem of a 400."""
    answer = client.get(address)
    assert (answer.status_code, answer.headers["Content-Type"]) == (400, "application/problem+json"), answer.content
    assert all(error["pointer"] == "" for error in answer.json()["errors"])
    return [(error["parameter"], error["code"]) for error in answer.json()["errors"]]


# --- Shapes ---------------------------------------------------------------------------------------------------------


def test_an_order_shows_all_that_is_known_of_it(client):
    contact = make_contact(external_customer_id="C1")
    order = make_order(
        "A/1",
        total="258.0",
        contact=contact,
        status="DELIVERED",
        date=NOON,
        external_customer_id="C1",
        email="olena@shop.example",
        phone="380501234567",
        first_name="Олена",
        shipping=Decimal(5),
        discount=Decimal("0.125"),
        source="app",
        items=[
            {"quantity": Decimal("1.50"), "cost": Decimal("19.9"), "custom_fields": {"weight": Decimal("0.10")}},
            {"external_item_id": "2", "name": "", "cost": None},
        ],
        custom_fields={"gift": True, "points": Decimal("12.50"), "big": Decimal("123456789012345678901234567890.1")},
        warnings=[{"code": "total_mismatch", "detail": "19.90 is not 258.0"}],
        updated_at=NOON + timedelta(microseconds=1),
    )
    answer = client.get(f"/api/v1/orders/{order.pk}")
    assert answer.json() == {
        "orderId": order.pk,
        "externalOrderId": "A/1",
        "contactId": contact.pk,
        "externalCustomerId": "C1",
        "status": "DELIVERED",
        "totalCost": "258.00",
        "currency": "UAH",
        "date": "2026-05-14T12:00:00+03:00",
        "email": "olena@shop.example",
        "phone": "380501234567",
        "firstName": "Олена",
        "lastName": None,
        "shipping": "5.00",
        "discount": "0.125",
        "taxes": None,
        "restoreUrl": None,
        "statusDescription": None,
        "storeId": None,
        "source": "app",
        "deliveryMethod": None,
        "deliveryAddress": None,
        "paymentMethod": None,
        "additionalInfo": None,
        "items": [
            {
                "externalItemId": "200600",
                "name": "Super Device",
                "quantity": 1.5,
                "cost": "19.90",
                "url": None,
                "imageUrl": None,
                "customFields": {"weight": 0.1},
            },
            {
                "externalItemId": "2",
                "name": None,
                "quantity": 1,
                "cost": None,
                "url": None,
                "imageUrl": None,
                "customFields": {},
            },
        ],
        "customFields": {"gift": True, "points": 12.5, "big": 123456789012345678901234567890.1},
        "warnings": [{"code": "total_mismatch", "detail": "19.90 is not 258.0"}],
        "fromMobileSdk": False,
        "createdAt": "2026-05-14T12:00:00+03:00",
        "updatedAt": "2026-05-14T12:00:00.000001+03:00",
    }
    assert read(client, "/api/v1/orders")["results"] == [answer.json()]


def test_numbers_keep_every_digit_that_was_sent(client):
    order = make_order(
        total="100000000000000.0001",
        items=[{"quantity": Decimal("1.500")}],
        custom_fields={"points": Decimal("12.50"), "big": Decimal("123456789012345678901234567890.1")},
    )
    content = client.get(f"/api/v1/orders/{order.pk}").content
    assert b'"totalCost":"100000000000000.0001"' in content
    assert b'"quantity":1.500' in content
    assert b'"points":12.50' in content
    assert b'"big":123456789012345678901234567890.1' in content


@pytest.mark.parametrize(("currency", "text"), [("UAH", "5.00"), ("JPY", "5"), ("BHD", "5.000")])
def test_money_has_at_least_the_decimals_of_its_currency(client, currency, text):
    order = make_order(total="5", currency=currency, items=[{"cost": Decimal(5)}])
    shown = read(client, f"/api/v1/orders/{order.pk}")
    assert (shown["totalCost"], shown["items"][0]["cost"]) == (text, text)


def test_moments_have_the_offset_of_the_accounts_zone_at_that_moment(client):
    winter = make_order(date=datetime(2026, 1, 1, tzinfo=UTC))
    assert read(client, f"/api/v1/orders/{winter.pk}")["date"] == "2026-01-01T02:00:00+02:00"
    Account.objects.update(time_zone="Asia/Kathmandu")
    forget_account()
    assert read(client, f"/api/v1/orders/{winter.pk}")["date"] == "2026-01-01T05:45:00+05:45"


@pytest.mark.parametrize("order_id", ["999", "0", "9223372036854775807", "9" * 400])
def test_an_order_that_is_not_there_is_a_404(client, order_id):
    for address in (f"/api/v1/orders/{order_id}", f"/api/v1/orders/{order_id}/changes"):
        answer = client.get(address)
        assert (answer.status_code, answer.headers["Content-Type"]) == (404, "application/problem+json")


@pytest.mark.parametrize("order_id", ["x", "-1", "1.0", "%00"])
def test_what_is_no_order_id_is_a_404(client, order_id):
    assert client.get(f"/api/v1/orders/{order_id}").status_code == 404


def test_every_address_works_with_a_slash_at_its_end(client):
    order = make_order()
    for address in ("/api/v1/orders", f"/api/v1/orders/{order.pk}", f"/api/v1/orders/{order.pk}/changes"):
        assert client.get(f"{address}/").content == client.get(address).content


# --- History --------------------------------------------------------------------------------------------------------


def make_event(type_key: str) -> Event:
    event_type, _ = EventType.objects.get_or_create(key=type_key)
    return Event.objects.create(source=make_source(), event_type=event_type, key_value="1001", lane=0, body="{}")


def test_the_history_tells_each_change_with_its_event_oldest_first(client, django_assert_num_queries):
    order = make_order()
    made, delivered = make_event("orderCreated"), make_event("orderDelivered")
    fields = {"status": {"from": "IN_PROGRESS", "to": "DELIVERED"}, "points": {"from": None, "to": Decimal("1.50")}}
    OrderChange.objects.create(order=order, event_id=made.pk, at=NOON, fields={"status": {"from": None, "to": "X"}})
    OrderChange.objects.create(order=order, event_id=delivered.pk, at=NOON, fields=fields)
    OrderChange.objects.create(order=make_order("other"), event_id=0, at=NOON, fields={})
    read(client, "/api/v1/orders")  # the key and the account are held from here on
    with django_assert_num_queries(3):
        answer = client.get(f"/api/v1/orders/{order.pk}/changes")
    assert answer.json() == {
        "results": [
            {
                "at": "2026-05-14T12:00:00+03:00",
                "eventId": str(made.pk),
                "eventTypeKey": "orderCreated",
                "fields": {"status": {"from": None, "to": "X"}},
            },
            {
                "at": "2026-05-14T12:00:00+03:00",
                "eventId": str(delivered.pk),
                "eventTypeKey": "orderDelivered",
                "fields": {"points": {"from": None, "to": 1.5}, "status": {"from": "IN_PROGRESS", "to": "DELIVERED"}},
            },
        ],
        "next": None,
        "previous": None,
    }
    assert b'"to":1.50' in answer.content


def test_the_moments_of_a_history_are_in_the_accounts_zone_too(client):
    order = make_order()
    fields = {"date": {"from": None, "to": "2026-01-14T07:11:00.500000+00:00"}}
    OrderChange.objects.create(order=order, event_id=1, at=NOON, fields=fields)
    [change] = read(client, f"/api/v1/orders/{order.pk}/changes")["results"]
    assert change["fields"] == {"date": {"from": None, "to": "2026-01-14T09:11:00.500000+02:00"}}


def test_a_long_history_comes_in_pages(client):
    order = make_order()
    for number in range(5):
        OrderChange.objects.create(order=order, event_id=number, at=NOON, fields={})
    first = read(client, f"/api/v1/orders/{order.pk}/changes?limit=2")
    second = read(client, first["next"])
    third = read(client, second["next"])
    assert [[change["eventId"] for change in page["results"]] for page in (first, second, third)] == [
        ["0", "1"],
        ["2", "3"],
        ["4"],
    ]
    assert third["next"] is None


def test_nul_in_a_filter_is_refused_in_words(client):
    [problem] = client.get("/api/v1/orders?externalOrderId=%00").json()["errors"]
    assert problem["detail"] == "The parameter externalOrderId cannot be read: it must be a text without NUL."


# --- Filters --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "columns", "others"),
    [
        ("externalOrderId=A%201", {"external_order_id": "A 1"}, {"external_order_id": "a 1"}),
        ("status=DELIVERED", {"status": "DELIVERED"}, {"status": "CANCELLED"}),
        ("status=DELIVERED&status=INITIALIZED", {"status": "INITIALIZED"}, {"status": "CANCELLED"}),
        ("status=DELIVERED,INITIALIZED", {"status": "INITIALIZED"}, {"status": "CANCELLED"}),
        ("currency=JPY", {"currency": "JPY"}, {"currency": "UAH"}),
        ("externalCustomerId=C1", {"external_customer_id": "C1"}, {"external_customer_id": "c1"}),
        ("email=Olena@Shop.Example", {"email": "olena@shop.example"}, {"email": "ole@shop.example"}),
        ("phone=%2B380501234567", {"phone": "+380501234567"}, {"phone": "380501234567"}),
        ("totalFrom=20", {"total": "20.00"}, {"total": "19.99"}),
        ("totalTo=20.0", {"total": "20"}, {"total": "20.01"}),
        ("totalFrom=1&totalTo=2", {"total": "1.5"}, {"total": "2.5"}),
        ("storeId=north", {"store_id": "north"}, {"store_id": "south"}),
        ("source=app", {"source": "app"}, {"source": "App"}),
        ("itemId=X", {"items": [{"external_item_id": "Y"}, {"external_item_id": "X"}]}, {"items": [{}]}),
        ("itemId=X", {"items": [{"external_item_id": "X"}, {"external_item_id": "X"}]}, {}),
        ("warning=total_mismatch", {"warnings": [{"code": "total_mismatch", "detail": ""}]}, {"warnings": []}),
        (
            "warning=date_in_future",
            {"warnings": [{"code": "date_in_future", "detail": "Later."}]},
            {"warnings": [{"code": "total_mismatch"}]},
        ),
        ("search=A1", {"external_order_id": "A1"}, {}),
        ("dateFrom=2026-05-14", {"date": datetime(2026, 5, 13, 21, tzinfo=UTC)}, {"date": NOON - timedelta(days=1)}),
        (
            "dateTo=2026-05-14",
            {"date": datetime(2026, 5, 14, 20, 59, tzinfo=UTC)},
            {"date": NOON + timedelta(hours=12)},
        ),
        ("dateFrom=2026-05-14T12:00", {"date": NOON}, {"date": NOON - timedelta(microseconds=1)}),
        ("dateTo=2026-05-14T12:00:00", {"date": NOON}, {"date": NOON + timedelta(microseconds=1)}),
        ("dateTo=2026-05-14T11:00:00%2B02:00", {"date": NOON}, {"date": NOON + timedelta(seconds=1)}),
        ("dateFrom=2026-05-14T09:00:00Z", {"date": NOON}, {"date": NOON - timedelta(seconds=1)}),
    ],
)
def test_a_filter_finds_its_orders_and_no_others(client, query, columns, others):
    found = {"external_order_id": "found", **columns}
    make_order(**found)
    make_order(**{"external_order_id": "other", **others})
    assert ids(client, f"?{query}") == [found["external_order_id"]]


def test_orders_are_found_by_their_contact(client):
    contact = make_contact(email="olena@shop.example")
    make_order("hers", contact=contact)
    make_order("other", contact=make_contact(email="other@shop.example"))
    assert ids(client, f"?contactId={contact.pk}") == ["hers"]
    assert ids(client, "?search=olena@shop.example") == ["hers"]


@pytest.mark.parametrize(
    ("query", "parameter", "code"),
    [
        ("colour=red", "colour", "unknown_parameter"),
        ("Status=DELIVERED", "Status", "unknown_parameter"),
        ("status=delivered", "status", "invalid_parameter"),
        ("status=DELIVERED,", "status", "invalid_parameter"),
        ("status=", "status", "invalid_parameter"),
        ("currency=uah", "currency", "invalid_parameter"),
        ("currency=ABC", "currency", "invalid_parameter"),
        ("currency=UAH&currency=EUR", "currency", "repeated_parameter"),
        ("contactId=x", "contactId", "invalid_parameter"),
        ("contactId=-1", "contactId", "invalid_parameter"),
        ("contactId=٣", "contactId", "invalid_parameter"),
        ("contactId=99999999999999999999", "contactId", "invalid_parameter"),
        ("externalOrderId=", "externalOrderId", "invalid_parameter"),
        ("externalOrderId=a%00", "externalOrderId", "invalid_parameter"),
        ("search=%00", "search", "invalid_parameter"),
        ("totalFrom=1e9", "totalFrom", "invalid_parameter"),
        ("totalFrom=NaN", "totalFrom", "invalid_parameter"),
        ("totalTo=1,5", "totalTo", "invalid_parameter"),
        ("totalTo=" + "9" * 500, "totalTo", "invalid_parameter"),
        ("dateFrom=14.05.2026", "dateFrom", "invalid_parameter"),
        ("dateFrom=2026-02-30", "dateFrom", "invalid_parameter"),
        ("dateTo=2026-05-14T12:00:00+03:00", "dateTo", "invalid_parameter"),  # the + came as a space
        ("dateTo=9999-12-31", "dateTo", "invalid_parameter"),
        ("dateTo=0001-01-01", "dateTo", "invalid_parameter"),
        ("warning=odd", "warning", "invalid_parameter"),
        ("limit=0", "limit", "invalid_parameter"),
        ("limit=501", "limit", "invalid_parameter"),
        ("limit=ten", "limit", "invalid_parameter"),
        ("limit=²", "limit", "invalid_parameter"),
        ("limit=" + "9" * 5000, "limit", "invalid_parameter"),
        ("ordering=total_cost", "ordering", "invalid_parameter"),
        ("ordering=--date", "ordering", "invalid_parameter"),
        ("ordering=date,totalCost", "ordering", "invalid_parameter"),
        ("cursor=x", "cursor", "invalid_parameter"),
        ("cursor=", "cursor", "invalid_parameter"),
    ],
)
def test_a_parameter_that_cannot_be_read_is_a_400_that_names_it(client, query, parameter, code):
    assert problems(client, f"/api/v1/orders?{query}") == [(parameter, code)]


def test_all_problems_of_a_query_are_told_at_once(client):
    told = problems(client, "/api/v1/orders?colour=red&status=X&dateFrom=y")
    assert sorted(told) == [
        ("colour", "unknown_parameter"),
        ("dateFrom", "invalid_parameter"),
        ("status", "invalid_parameter"),
    ]


def test_a_problem_says_what_was_found_and_what_is_expected(client):
    (problem,) = client.get("/api/v1/orders?status=SENT").json()["errors"]
    assert problem["found"] == "SENT"
    assert problem["expected"].startswith("one or more of INITIALIZED, IN_PROGRESS")


def test_one_order_takes_no_parameters(client):
    order = make_order()
    assert problems(client, f"/api/v1/orders/{order.pk}?expand=items") == [("expand", "unknown_parameter")]


# --- Order and pages ------------------------------------------------------------------------------------------------


def test_the_newest_order_comes_first_and_equal_dates_by_their_age(client):
    for number, day in enumerate((14, 16, 14, 15)):
        make_order(str(number), date=datetime(2026, 5, day, tzinfo=UTC))
    assert ids(client) == ["1", "3", "2", "0"]
    assert ids(client, "?ordering=date") == ["0", "2", "3", "1"]


def test_orders_can_be_sorted_by_total_and_by_their_last_change(client):
    for number, (total, minute) in enumerate((("9.5", 3), ("10", 1), ("9.50", 2))):
        make_order(str(number), total=total, updated_at=NOON + timedelta(minutes=minute))
    assert ids(client, "?ordering=totalCost") == ["0", "2", "1"]
    assert ids(client, "?ordering=-totalCost") == ["1", "2", "0"]
    assert ids(client, "?ordering=updatedAt") == ["1", "2", "0"]


@pytest.mark.parametrize("ordering", ["date", "-date", "totalCost", "-totalCost", "updatedAt", "-updatedAt"])
def test_the_pages_hold_every_order_once_forwards_and_backwards(client, ordering):
    for number in range(11):  # many equal values, so that the id has to tell them apart
        moment = NOON + timedelta(days=number % 3)
        make_order(str(number), date=moment, total=f"{number % 2}.5", updated_at=moment)
    whole = ids(client, f"?ordering={ordering}&limit=500")
    assert len(whole) == 11
    pages, address = [], f"/api/v1/orders?ordering={ordering}&limit=3&currency=UAH"
    while address:
        page = read(client, address)
        pages.append(page)
        address = page["next"]
    assert [order["externalOrderId"] for page in pages for order in page["results"]] == whole
    assert [len(page["results"]) for page in pages] == [3, 3, 3, 2]
    assert pages[0]["previous"] is None
    for earlier, later in pairwise(pages):
        assert read(client, later["previous"])["results"] == earlier["results"]
    assert read(client, pages[1]["previous"])["previous"] is None
    assert read(client, read(client, pages[-1]["previous"])["next"])["results"] == pages[-1]["results"]


@pytest.mark.parametrize("ordering", ["date", "-date", "-totalCost"])
def test_the_pages_of_an_item_hold_every_order_once_however_often_it_stands_in_it(client, ordering):
    for number in range(7):
        lines = [{"external_item_id": "X"}] * (number % 3) + [{"external_item_id": "Y"}]
        make_order(str(number), date=NOON + timedelta(days=number // 4), items=lines)
    pages, address = [], f"/api/v1/orders?ordering={ordering}&limit=2&itemId=X"
    while address:
        pages.append(read(client, address))
        address = pages[-1]["next"]
    found = [order["externalOrderId"] for page in pages for order in page["results"]]
    whole = [number for number in ids(client, f"?ordering={ordering}") if int(number) % 3]
    assert (found, len(found)) == (whole, 4)
    assert read(client, pages[-1]["previous"])["results"] == pages[-2]["results"]


def test_a_page_keeps_its_place_when_newer_orders_come(client):
    for number in range(4):
        make_order(str(number), date=NOON + timedelta(hours=number))
    first = read(client, "/api/v1/orders?limit=2")
    make_order("new", date=NOON + timedelta(days=1))
    assert [order["externalOrderId"] for order in read(client, first["next"])["results"]] == ["1", "0"]


def test_the_addresses_of_pages_keep_the_filters(client):
    for number in range(3):
        make_order(str(number), email="a+b@shop.example", status="DELIVERED")
    address = read(client, "/api/v1/orders?limit=1&status=DELIVERED&email=a%2Bb@shop.example")["next"]
    assert address.startswith("http://testserver/api/v1/orders?")
    assert "status=DELIVERED" in urlsplit(address).query
    assert "email=a%2Bb%40shop.example" in urlsplit(address).query
    assert len(read(client, address)["results"]) == 1


def test_a_cursor_of_another_ordering_is_refused(client):
    for number in range(3):
        make_order(str(number))
    cursor = urlsplit(read(client, "/api/v1/orders?limit=1&ordering=date")["next"]).query
    assert problems(client, f"/api/v1/orders?{cursor.replace('ordering=date', 'ordering=totalCost')}") == [
        ("cursor", "invalid_parameter")
    ]


@pytest.mark.parametrize(
    "cursor",
    [
        Cursor(ordering="-date", is_backward=False, value="yesterday", row_id=1),
        Cursor(ordering="-date", is_backward=False, value="2026-05-14T12:00:00+00:00", row_id=-1),
        Cursor(ordering="-date", is_backward=False, value="2026-05-14T12:00:00+00:00", row_id=2**63),
        Cursor(ordering="-date", is_backward=False, value="0001-01-01T00:00:00+14:00", row_id=1),
    ],
)
def test_a_cursor_that_was_tampered_with_is_a_400(client, cursor):
    assert problems(client, f"/api/v1/orders?cursor={cursor.encode()}") == [("cursor", "invalid_parameter")]


@pytest.mark.parametrize("value", ["NaN", "Infinity", "1e999999", "x", "9" * 100, ""])
def test_a_cursor_with_an_odd_number_is_a_400(client, value):
    cursor = Cursor(ordering="totalCost", is_backward=False, value=value, row_id=1).encode()
    assert problems(client, f"/api/v1/orders?ordering=totalCost&cursor={cursor}") == [("cursor", "invalid_parameter")]


def test_a_page_costs_three_queries_however_many_orders_and_items_it_has(client, django_assert_num_queries):
    for number in range(30):
        make_order(str(number), items=[{}, {}, {}])
    for _ in range(2):  # the key and the account are held for a second; the first request of a process takes longer
        read(client, "/api/v1/orders")
    with django_assert_num_queries(3):  # where the orders stand in the list, the orders, their items
        assert len(ids(client, "?limit=30&status=IN_PROGRESS")) == 30


def test_a_page_deep_in_the_list_is_read_from_the_index_without_sorting(client):
    moments = [NOON + timedelta(minutes=number // 4) for number in range(4000)]
    Order.objects.bulk_create(
        Order(
            external_order_id=str(number),
            status="DELIVERED",
            total_cost=1,
            currency="UAH",
            date=moment,
            created_at=moment,
            updated_at=moment,
        )
        for number, moment in enumerate(moments)
    )
    connection.cursor().execute("ANALYZE orders_order")
    row = Order.objects.get(external_order_id="2000")
    cursor = Cursor(ordering="-date", is_backward=False, value=row.date.isoformat(), row_id=row.pk).encode()
    with CaptureQueriesContext(connection) as queries:
        assert ids(client, f"?limit=2&cursor={cursor}") == ["1999", "1998"]
    places, _ = [query["sql"] for query in queries if 'FROM "orders_order"' in query["sql"]]
    with connection.cursor() as database:
        database.execute(f"EXPLAIN {places}")
        plan = "\n".join(line for (line,) in database.fetchall())
    assert "Index Only Scan using order_by_date" in plan
    assert "Index Cond: (ROW(date, id) < ROW(" in plan
    assert "Sort" not in plan


# --- Who may read ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address", ["/api/v1/orders", "/api/v1/orders/1", "/api/v1/orders/1/changes", "/api/v1/revenue"]
)
def test_reading_needs_a_key_with_the_scope_or_a_user_with_the_permission(address):
    forget_keys()
    client = Client()
    assert client.get(address).status_code == 401
    assert client.get(address, headers=bearer(make_key(scopes=["events:write"]))).status_code == 403
    user = User.objects.create_user("olena")
    client.force_login(user)
    assert client.get(address).status_code == 403
    user.user_permissions.add(Permission.objects.get(codename="view_order"))
    assert client.get(address).status_code in (200, 404)


def test_a_host_that_is_not_ours_gets_no_address_of_a_page(client, settings):
    settings.ALLOWED_HOSTS = ["shop.example"]
    for number in range(2):
        make_order(str(number))
    answer = client.get("/api/v1/orders?limit=1", headers={"Host": "evil.example"})
    assert answer.status_code == 400
    assert b"evil" not in answer.content
