"""Webhooks in the console: made with a secret that is shown once, changed, tried, paused, and their log read."""

import re
from ipaddress import ip_network

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from account.models import AuditEntry
from tests.console.reading import markup, page_text, table_rows, text_of
from tests.webhooks.receiver import listening
from webhooks.models import Attempt, Delivery, Subscription
from webhooks.subscriptions import MOST_SUBSCRIPTIONS

LIST = "/admin/webhooks/subscription/"
LOG = "/admin/webhooks/delivery/"
FORM = {"name": "warehouse", "url": "https://shop.example/hook", "topics": ["event.ignored"], "event_types": ""}
HOSTILE = "<script>alert(1)</script>{{ 7|add:7 }}"


@pytest.fixture
def admin(db) -> Client:
    client = Client()
    client.force_login(User.objects.create(username="admin", is_staff=True, is_superuser=True))
    return client


def told(response) -> str:
    """The messages above a page."""
    return " ".join(str(message) for message in response.context["messages"])


def make(number: int = 0, **columns) -> Subscription:
    columns = {"name": f"system {number}", "url": "https://shop.example/", "topics": ["event.applied"], **columns}
    return Subscription.objects.create(secret="whsec_c2VjcmV0", **columns)


def page_of(client: Client, subscription: Subscription):
    return client.get(reverse("admin:webhooks_subscription_change", args=[subscription.pk]))


def press(client: Client, subscription: Subscription, action: str, **data):
    return client.post(reverse(f"admin:webhooks_subscription_{action}", args=[subscription.pk]), data, follow=True)


def test_a_new_webhook_shows_its_secret_once(admin):
    answer = admin.post(f"{LIST}add/", FORM | {"event_types": "orderCreated\n\n orderUpdated \norderCreated"})
    subscription = Subscription.objects.get()
    assert subscription.secret.startswith("whsec_")
    assert subscription.secret in page_text(answer)
    assert "no-store" in answer["Cache-Control"]
    assert (subscription.topics, subscription.event_types) == (["event.ignored"], ["orderCreated", "orderUpdated"])
    assert subscription.secret not in page_text(page_of(admin, subscription))
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.actor, subscription.secret in entry.what) == ("webhook.created", "user admin", False)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"name": ""}, "required"),
        ({"name": "x" * 101}, "100"),
        ({"name": "system 0"}, "already exists"),
        ({"url": "https://127.0.0.1/"}, "private network"),
        ({"url": "http://shop.example/"}, "https"),
        ({"url": "\x00"}, "Null characters"),
        ({"topics": []}, "required"),
        ({"topics": ["webhook.test"]}, "not one of the available choices"),
        ({"event_types": "x" * 256}, "longer than 255"),
        ({"event_types": "\n".join(map(str, range(51)))}, "At most 50"),
        ({"order_statuses": ["SOLD"]}, "not one of the available choices"),
    ],
)
def test_what_cannot_be_is_told_at_its_field_and_nothing_is_stored(admin, changes, says):
    make()
    assert says in page_text(admin.post(f"{LIST}add/", FORM | changes))
    assert Subscription.objects.count() == 1


def test_there_is_a_limit_to_their_number(admin):
    for number in range(MOST_SUBSCRIPTIONS):
        make(number)
    assert "delete one first" in told(admin.post(f"{LIST}add/", FORM, follow=True))
    assert Subscription.objects.count() == MOST_SUBSCRIPTIONS


def test_a_webhook_is_changed_where_it_is_shown(admin):
    subscription = make()
    assert "https" in page_text(press(admin, subscription, "settings", **FORM | {"url": "http://x.example"}))
    press(admin, subscription, "settings", **FORM)
    subscription.refresh_from_db()
    assert (subscription.name, subscription.topics) == ("warehouse", ["event.ignored"])
    assert AuditEntry.objects.get().what == "“warehouse”: name, topics, url"


def test_a_test_is_sent_and_its_attempt_shown(admin, settings):
    settings.WEBHOOK_ALLOWED_NETWORKS = (ip_network("127.0.0.0/8"),)
    with listening(500, 204) as receiver:
        subscription = make(url=receiver.url)
        assert "was not taken. It was answered with 500." in told(press(admin, subscription, "test"))
        page = press(admin, subscription, "test")
    assert "The test was taken: 204" in told(page)
    assert table_rows(page)[0][2] == "204"


def test_pausing_resuming_a_new_secret_and_deleting_are_audited(admin):
    subscription = make()
    press(admin, subscription, "pause")
    assert "paused" in page_text(page_of(admin, subscription))
    press(admin, subscription, "resume")
    secret = subscription.secret
    page = press(admin, subscription, "secret")
    subscription.refresh_from_db()
    assert (subscription.secret in page_text(page), subscription.previous_secret) == (True, secret)
    assert "is deleted" in told(press(admin, subscription, "remove"))
    actions = list(AuditEntry.objects.order_by("pk").values_list("action", flat=True))
    assert actions == ["webhook.changed"] * 3 + ["webhook.deleted"]


def test_a_deleted_webhook_takes_its_log_along_and_leaves_that_of_others(admin, django_assert_max_num_queries):
    first, second = make(1), make(2)
    for subscription in (first, second):
        for _ in range(5):
            delivery = Delivery.objects.create(subscription=subscription, topic="event.applied", state="failed")
            Attempt.objects.create(delivery=delivery, number=1, at="2026-05-14T09:00:00Z", milliseconds=7)
    with django_assert_max_num_queries(20):
        admin.post(reverse("admin:webhooks_subscription_remove", args=[first.pk]))
    assert set(Delivery.objects.values_list("subscription_id", flat=True)) == {second.pk}
    assert Attempt.objects.count() == 5


def test_one_that_was_switched_off_says_since_when_and_what_to_do(admin):
    subscription = make(state="switched_off", failing_since="2026-05-14T09:00:00Z")
    text = page_text(page_of(admin, subscription))
    assert "Nothing was taken since" in text
    assert "Switch it on" in text


def test_every_page_tells_who_may_see_webhooks_that_one_was_switched_off(admin):
    clerk = Client()
    clerk.force_login(User.objects.create(username="clerk", is_staff=True))
    make(1)
    make(2, state="switched_off", failing_since="2026-05-14T09:00:00Z")
    assert re.search(r"\bWebhooks 1\b", text_of(markup(admin.get("/admin/"))))
    assert "Webhooks" not in text_of(markup(clerk.get("/admin/")))
    Subscription.objects.update(state="active")
    assert not re.search(r"\bWebhooks \d", text_of(markup(admin.get("/admin/"))))


def test_the_log_is_filtered_by_webhook_and_state_in_a_fixed_number_of_queries(admin, django_assert_max_num_queries):
    first, second = make(1), make(2)
    for number in range(30):
        Delivery.objects.create(
            subscription=first if number % 2 else second,
            topic="event.applied",
            event_id=number,
            state="delivered" if number < 20 else "failed",
            ended_at="2026-05-14T09:00:00Z",
        )
    with django_assert_max_num_queries(12):
        page = admin.get(LOG, {"subscription": first.pk, "state": "failed"})
    rows = table_rows(page)
    assert [row[1] for row in rows] == ["system 1"] * 5
    assert {row[4] for row in rows} == {"given up"}
    assert admin.get(LOG, {"subscription": "9" * 30, "state": "x"}).status_code == 200


def test_a_message_is_sent_again_by_hand(admin):
    subscription = make()
    delivery = Delivery.objects.create(subscription=subscription, topic="event.applied", state="failed", attempts=9)
    Attempt.objects.create(delivery=delivery, number=9, at="2026-05-14T09:00:00Z", milliseconds=7, error=HOSTILE)
    page = admin.get(reverse("admin:webhooks_delivery_change", args=[delivery.pk]))
    assert HOSTILE in page_text(page)
    admin.post(reverse("admin:webhooks_delivery_again", args=[delivery.pk]))
    delivery.refresh_from_db()
    assert delivery.state == "pending"


def test_what_was_typed_is_shown_as_text(admin):
    subscription = make(name=HOSTILE)
    for page in (admin.get(LIST), page_of(admin, subscription), admin.get(LOG)):
        assert b"<script>alert(1)" not in page.content
        assert b"14" not in page.content.split(b"alert(1)")[-1][:40]
