"""The list of orders: found by what a person knows, narrowed by address, paged by key, and never counted."""

from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse

from orders.item_names import note_item_names
from orders.models import Order
from tests.console.reading import first_cells, links, page_text, table_rows
from tests.factories import make_contact, make_order

ADDRESS = "/admin/orders/order/"
# The session, its user, the navigation, where the page's orders stand, the orders with their contacts, the saved views,
# and what the form offers: currencies, sources and stores.
QUERIES = 9


def orders(count: int, **columns) -> list[Order]:
    """Orders 1 to count, each a minute after the one before."""
    start = datetime(2026, 5, 14, 7, 0, tzinfo=UTC)
    return [
        make_order(str(number), date=start + timedelta(minutes=number), **columns) for number in range(1, count + 1)
    ]


def found(admin, **query: str) -> list[str]:
    return first_cells(admin.get(ADDRESS, query))


def test_a_row_tells_an_order_with_its_contact_money_and_the_account_zones_time(admin):
    contact = make_contact(first_name="Olha", last_name="Koval")
    order = make_order("1001", total="1234.5", contact=contact, status="DELIVERED")
    response = admin.get(ADDRESS)
    assert table_rows(response) == [
        ["1001", "DELIVERED", "Olha Koval", "1,234.50 UAH", "14 May 2026, 10:11", "", "", "14 May 2026, 10:11"]
    ]
    assert links(response, "1001") == [reverse("admin:orders_order_change", args=[order.pk])]
    assert links(response, "Olha Koval") == [reverse("admin:contacts_contact_change", args=[contact.pk])]
    assert 'title="2026-05-14 10:11:00+03:00 Europe/Kyiv' in response.content.decode()


@pytest.mark.parametrize("count", [1, 30])
def test_the_list_takes_the_same_few_queries_however_long_it_is(count, admin, django_assert_num_queries):
    for order in orders(count):
        Order.objects.filter(pk=order.pk).update(contact=make_contact())
    with django_assert_num_queries(QUERIES):
        assert len(first_cells(admin.get(ADDRESS))) == count


def test_pages_follow_each_other_without_a_gap_and_without_counting(admin):
    orders(120)
    first = admin.get(ADDRESS)
    [to_second] = links(first, "Next")
    second = admin.get(to_second)
    [to_third] = links(second, "Next")
    third = admin.get(to_third)
    numbers = [*first_cells(first), *first_cells(second), *first_cells(third)]
    assert numbers == [str(number) for number in range(120, 0, -1)]
    assert (links(first, "Previous"), links(third, "Next")) == ([], [])
    [back] = links(third, "Previous")
    assert first_cells(admin.get(back)) == first_cells(second)


def test_a_click_on_the_date_turns_the_order_around_and_pages_follow_it(admin):
    orders(60)
    [turned] = links(admin.get(ADDRESS), "Date arrow_downward")
    response = admin.get(f"{ADDRESS}{turned}")
    assert first_cells(response)[:2] == ["1", "2"]
    [following] = links(response, "Next")
    assert first_cells(admin.get(following)) == [str(number) for number in range(51, 61)]


@pytest.mark.parametrize("query", [{"cursor": "nonsense"}, {"ordering": "-nothing"}, {"limit": "9999"}])
def test_an_address_that_was_not_made_here_leads_to_the_beginning_of_the_list(query, admin):
    make_order("1001")
    response = admin.get(ADDRESS, {**query, "status": "IN_PROGRESS"}, follow=True)
    assert response.redirect_chain == [("?status=IN_PROGRESS", 302)]
    assert first_cells(response) == ["1001"]


def test_the_search_box_finds_by_order_id_and_by_whatever_names_the_person(admin):
    olha = make_contact(email="Olha@Example.com", phone="+380501234567", external_customer_id="AV13760")
    make_order("1001", contact=olha)
    make_order("1002", contact=make_contact(email="other@example.com"))
    for text in ["1001", " 1001 ", "olha@example.COM", "050 123-45-67", "+380501234567", "AV13760", str(olha.pk)]:
        assert found(admin, q=text) == ["1001"], text
    for text in ["av13760", "100", "nobody@example.com", "%", "'"]:
        assert found(admin, q=text) == [], text


def test_a_search_takes_a_fixed_number_of_queries(admin, django_assert_num_queries):
    for order in orders(20):
        Order.objects.filter(pk=order.pk).update(contact=make_contact(email=f"{order.external_order_id}@example.com"))
    admin.get(ADDRESS)
    # And the kinds of identifiers, whom the text names by one, by a name, what it finds of orders, and of items (two).
    with django_assert_num_queries(QUERIES + 6):
        assert found(admin, q="7@example.com") == ["7"]


def test_the_search_box_finds_by_a_phone_in_any_spelling_that_only_the_order_has(admin):
    make_order("1001", phone="+38 (050) 123-45-67", contact=make_contact(external_customer_id="C1"))
    make_order("1002", phone="+1 050 123 4567")
    for text in ["0501234567", "050 123 45 67", "+380501234567", "(050)123-45-67"]:
        assert found(admin, q=text) == ["1001"], text


def test_the_search_box_finds_by_a_persons_name_in_any_order_and_case(admin):
    olha = make_contact(first_name="Olha", last_name="Koval")
    make_order("of a contact", contact=olha)
    make_order("of nobody", first_name="Olha", last_name="Shevchenko")
    make_order("other", contact=make_contact(first_name="Ivan", last_name="Koval-Ivanenko"))
    make_order("deleted", contact=make_contact(first_name="Olha", last_name="Koval", is_deleted=True))
    for text in ["olha koval", "KOVAL  Olha", "Koval Olh"]:
        assert found(admin, q=text) == ["of a contact"], text
    assert sorted(found(admin, q="Kov")) == ["of a contact", "other"]
    assert sorted(found(admin, q="olha")) == ["of a contact", "of nobody"]
    assert found(admin, q="Shevchenko") == ["of nobody"]


def test_the_search_box_finds_by_an_items_id_and_by_words_of_its_name(admin):
    make_order("1001", items=[{"external_item_id": "A1", "name": "Super Device"}])
    make_order(
        "1002", items=[{"external_item_id": "A1", "name": "Super Device"}, {"external_item_id": "B2", "name": "Device"}]
    )
    make_order("1003", items=[{"external_item_id": "B2", "name": "Device, the small one"}])
    note_item_names()
    assert sorted(found(admin, q="A1")) == ["1001", "1002"]
    assert sorted(found(admin, q="dev super")) == ["1001", "1002"]
    response = admin.get(ADDRESS, {"q": "device", "status": "IN_PROGRESS"})
    assert sorted(first_cells(response)) == ["1001", "1002", "1003"]
    assert "Several items are called so: these are the newest 100 orders with them." in page_text(response)
    assert links(response, "Device, the small one (B2)") == ["?status=IN_PROGRESS&item=B2"]
    assert found(admin, q="A1", item="B2") == ["1002"]


def test_an_order_id_that_is_an_items_id_too_finds_the_order_and_tells_of_the_item(admin):
    order = make_order("1001")
    make_order("1002", items=[{"external_item_id": "1001"}])
    response = admin.get(ADDRESS, {"q": "1001"})
    assert first_cells(response) == ["1001"]
    assert links(response, "1001") == ["?item=1001", reverse("admin:orders_order_change", args=[order.pk])]


def test_filters_narrow_by_totals_source_store_and_item(admin):
    make_order("small", total="9.99", source="web", store_id="S1")
    make_order("middle", total="10.0000", source="app", store_id="S2", items=[{"external_item_id": "A1"}] * 2)
    make_order("large", total="123456789012345.6789", source="web", store_id="S2")
    assert sorted(found(admin, total_from="10")) == ["large", "middle"]
    assert sorted(found(admin, total_to="10.00")) == ["middle", "small"]
    assert sorted(found(admin, source="web")) == ["large", "small"]
    assert found(admin, source="web", store="S2") == ["large"]
    assert found(admin, item="A1") == ["middle"]
    page = admin.get(ADDRESS).content.decode()
    assert '<option value="app">' in page
    assert '<option value="S1">' in page
    assert found(admin, ordering="-totalCost") == ["large", "middle", "small"]


def test_filters_narrow_by_status_currency_and_days_of_the_account(admin):
    midnight = datetime(2026, 5, 13, 21, 0, tzinfo=UTC)  # 00:00 of 14 May in Kyiv
    make_order("before", date=midnight - timedelta(seconds=1))
    make_order("first", date=midnight, status="DELIVERED")
    make_order("last", date=midnight + timedelta(days=1, seconds=-1), currency="EUR")
    make_order("after", date=midnight + timedelta(days=1))
    assert found(admin, date_from="2026-05-14", date_to="2026-05-14") == ["last", "first"]
    assert found(admin, date_from="2026-05-15") == ["after"]
    assert found(admin, date_to="2026-05-13") == ["before"]
    assert found(admin, status="DELIVERED") == ["first"]
    assert found(admin, currency="eur") == ["last"]
    assert found(admin, currency="EUR", status="DELIVERED") == []


def test_the_warning_filter_finds_the_orders_that_carry_one(admin):
    make_order("fine")
    make_order("odd", warnings=[{"code": "total_mismatch", "detail": "990.00 UAH"}])
    make_order("late", warnings=[{"code": "date_in_future", "detail": ""}])
    assert found(admin, warning="total_mismatch") == ["odd"]
    assert sorted(found(admin, warning="any")) == ["late", "odd"]


def test_each_filter_that_is_on_is_a_chip_that_takes_it_off(admin):
    make_order("1001", status="DELIVERED")
    response = admin.get(ADDRESS, {"status": "DELIVERED", "currency": "UAH"})
    assert links(response, "Status: DELIVERED close") == ["?currency=UAH"]
    assert links(response, "Currency: UAH close") == ["?status=DELIVERED"]
    assert links(response, "Clear all") == ["?"]


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"status": "NEARLY"}, "NEARLY is not one of the available choices."),
        ({"date_from": "yesterday"}, "Enter a valid date."),
        ({"date_to": "0001-01-01"}, "greater than or equal to"),
        ({"q": "\0"}, "Null characters are not allowed."),
        ({"q": "x" * 300}, "at most 255 characters"),
        ({"total_from": "much"}, "Enter a number."),
        ({"total_to": "-1"}, "greater than or equal to 0"),
        ({"total_to": "1e999999999"}, "no more than 18 digits"),
        ({"total_to": "NaN"}, "Enter a number."),
    ],
)
def test_a_filter_that_cannot_be_read_is_said_and_shows_no_row(query, words, admin):
    make_order("1001")
    response = admin.get(ADDRESS, query)
    assert words in page_text(response)
    assert first_cells(response) == []


def test_an_empty_list_says_what_to_do_next(admin):
    assert "Orders appear here as soon as a source posts" in page_text(admin.get(ADDRESS))
    make_order("1001")
    response = admin.get(ADDRESS, {"q": "1002"})
    assert "No row matches" in page_text(response)
    assert links(response, "Clear all filters") == ["?"]
