"""The account's settings in the console: one row, whose changes hold at once and for every page."""

import pytest
from django.contrib.messages import get_messages
from django.urls import reverse

from account.current import current_account
from account.models import Account, AuditEntry
from orders import customer_counts
from orders.split_summaries import rebuild_split_days
from orders.summaries import rebuild_marked
from tests.console.reading import page_text, table_rows
from tests.factories import make_order

PAGE = "/admin/account/account/1/change/"


def settings_form(**changes) -> dict:
    return {
        "name": "My shop",
        "time_zone": "Europe/Kyiv",
        "default_currency": "UAH",
        "phone_region": "UA",
        "mobile_sdk_revenue": "on",
        **changes,
    }


def test_the_list_of_accounts_is_the_one_accounts_page(admin):
    assert admin.get(reverse("admin:account_account_changelist"))["Location"] == PAGE


def test_a_change_holds_for_the_next_page(admin):
    make_order("1001")
    assert table_rows(admin.get("/admin/orders/order/"))[0][4] == "14 May 2026, 10:11"
    assert admin.post(PAGE, settings_form(time_zone="Asia/Tokyo", name="Tokyo shop")).status_code == 302
    assert current_account().time_zone.key == "Asia/Tokyo"
    response = admin.get("/admin/orders/order/")
    assert table_rows(response)[0][4] == "14 May 2026, 16:11"
    assert "Tokyo shop" in response.content.decode()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"time_zone": "Kyiv"}, "“Kyiv” is not a time zone; use a name such as Europe/Kyiv."),
        ({"phone_region": "UK"}, "“UK” is not a phone region; use two letters such as UA."),
        ({"default_currency": "uah"}, "Three letters of ISO 4217, such as UAH."),
        ({"name": ""}, "This field is required."),
    ],
)
def test_a_setting_that_means_nothing_is_refused_in_words(change, words, admin):
    assert words in page_text(admin.post(PAGE, settings_form(**change)))
    assert (Account.objects.get().time_zone, Account.objects.get().default_currency) == ("Europe/Kyiv", "UAH")


def test_each_setting_says_what_a_change_of_it_does(admin):
    words = page_text(admin.get(PAGE))
    for part in (
        "figures of all days are computed again in the background",
        "orders that are there keep theirs",
        "numbers of contacts that are there keep the form",
        "nothing has to be built again",
        "replays included",
    ):
        assert part in words


def told(response) -> list[str]:
    return [str(message) for message in get_messages(response.wsgi_request)]


def test_a_change_says_what_it_does_and_only_of_what_was_changed(admin):
    [zone, _saved] = told(admin.post(PAGE, settings_form(time_zone="Asia/Tokyo")))
    assert zone.startswith("Time zone: ")
    assert "figures of all days are computed again in the background" in zone
    admin.get(PAGE)  # where they are read
    [_saved] = told(admin.post(PAGE, settings_form(time_zone="Asia/Tokyo")))


def rebuild() -> None:
    rebuild_marked()
    customer_counts.rebuild(counts_all=True)
    while rebuild_split_days():
        pass


def test_the_page_tells_how_far_the_figures_are_after_a_change_of_the_zone(admin):
    make_order("1001", status="DELIVERED")
    rebuild()
    assert "All figures are built for this time zone." in page_text(admin.get(PAGE))
    admin.post(PAGE, settings_form(time_zone="Asia/Tokyo"))
    words = page_text(admin.get(PAGE))
    assert "being computed again in the background" in words
    assert "Revenue by day: not built yet." in words
    rebuild_marked()
    words = page_text(admin.get(PAGE))
    assert "Revenue by day: built. Customers: not counted yet." in words
    assert "1 day is left." in words
    rebuild()
    assert "All figures are built for this time zone." in page_text(admin.get(PAGE))


def test_the_switch_of_mobile_sdk_revenue_leaves_nothing_to_build(admin):
    rebuild()
    admin.post(PAGE, settings_form(mobile_sdk_revenue=""))
    assert Account.objects.get().mobile_sdk_revenue is False
    assert "All figures are built for this time zone." in page_text(admin.get(PAGE))


def test_a_change_stands_in_the_audit_log_with_what_was_before(admin):
    admin.post(PAGE, settings_form(time_zone="Asia/Tokyo", default_currency="EUR"))
    admin.post(PAGE, settings_form(time_zone="Asia/Tokyo", default_currency="EUR"))
    [entry] = AuditEntry.objects.all()
    assert (entry.actor, entry.action, entry.what) == ("user admin", "account.changed", "time_zone, default_currency")
    assert entry.details == {
        "before": {"time_zone": "Europe/Kyiv", "default_currency": "UAH"},
        "after": {"time_zone": "Asia/Tokyo", "default_currency": "EUR"},
    }


def test_the_page_takes_a_fixed_number_of_queries(admin, django_assert_num_queries):
    admin.get(PAGE)
    current_account()
    # The session, its user, the account for the form and for the progress, the progress, webhooks that are off.
    with django_assert_num_queries(6):
        admin.get(PAGE)


def test_there_is_no_second_account_and_no_end_of_the_first(admin):
    assert admin.post("/admin/account/account/add/", settings_form()).status_code == 403
    assert admin.post("/admin/account/account/1/delete/", {"post": "yes"}).status_code == 403
    assert Account.objects.count() == 1


def test_staff_who_may_only_look_change_nothing(staff):
    member = staff("account.view_account")
    assert "Europe/Kyiv" in page_text(member.get(PAGE))
    assert member.post(PAGE, settings_form(time_zone="Asia/Tokyo")).status_code == 403
    assert Account.objects.get().time_zone == "Europe/Kyiv"
