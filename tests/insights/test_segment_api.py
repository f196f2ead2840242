"""GET /api/v1/segments and /segments/{id}/contacts."""

import pytest
from django.test import Client

from account.current import forget_account
from contacts.deletion import delete_contacts
from events.keys import forget_keys, issue_key
from insights.segments.models import Segment, SegmentMember
from tests.events.building import make_source
from tests.factories import make_contact

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop():
    """A client with a key that reads."""
    forget_account()
    forget_keys()
    return Client(headers={"Authorization": f"Bearer {issue_key(make_source())}"})


@pytest.fixture
def segment():
    """A segment of five people, among others."""
    made = Segment.objects.create(name="Buyers", conditions={"orders": {}}, created_by="user olha")
    other = Segment.objects.create(name="Others", conditions={"not": {"orders": {}}}, created_by="user olha")
    for number in range(5):
        SegmentMember.objects.create(segment=made, contact=make_contact(external_customer_id=f"C{number}"))
        SegmentMember.objects.create(segment=other, contact=make_contact())
    return made


def test_the_segments_are_listed_with_their_conditions(shop, segment):
    found = shop.get("/api/v1/segments").json()
    assert [each["name"] for each in found["results"]] == ["Buyers", "Others"]
    assert found["results"][0] == {
        "id": segment.pk,
        "name": "Buyers",
        "conditions": {"orders": {}},
        "refreshedEveryMinutes": 60,
        "size": None,
        "refreshedAt": None,
        "problem": None,
    }


def test_the_people_of_a_segment_come_in_pages_without_who_is_gone(shop, segment, django_assert_max_num_queries):
    ids = sorted(segment.segmentmember_set.values_list("contact_id", flat=True))
    seen, address = [], f"/api/v1/segments/{segment.pk}/contacts?limit=2"
    while address:
        with django_assert_max_num_queries(9):
            page = shop.get(address).json()
        seen += [each["id"] for each in page["results"]]
        address = page["next"]
    assert seen == ids
    delete_contacts(ids[:1], "user olha")
    assert [each["id"] for each in shop.get(f"/api/v1/segments/{segment.pk}/contacts").json()["results"]] == ids[1:]
    assert page["results"][0]["externalCustomerId"] == "C4"
    back = shop.get(page["previous"]).json()
    assert [each["id"] for each in back["results"]] == ids[2:4]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("segments?page=2", 400),
        ("segments?limit=0", 400),
        ("segments/0/contacts", 404),
        ("segments/99999999999999999999/contacts", 404),
        ("segments/x/contacts", 404),
    ],
)
def test_what_is_not_there_is_told(path, status, shop):
    assert shop.get(f"/api/v1/{path}").status_code == status


def test_a_console_user_needs_both_permissions_to_read_people(segment, staff):
    client = staff("insights.view_segment")
    assert client.get("/api/v1/segments").status_code == 200
    assert client.get(f"/api/v1/segments/{segment.pk}/contacts").status_code == 403


def test_a_console_user_with_both_reads_them(segment, staff):
    client = staff("insights.view_segment", "contacts.view_contact")
    assert len(client.get(f"/api/v1/segments/{segment.pk}/contacts").json()["results"]) == 5
