"""Whatever is posted or put, the answer is a contact or a refusal that says why, and what was refused left no trace."""

import json

from django.test import Client
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from contacts.models import Contact, Group, Identifier, Membership
from events.keys import issue_key
from events.models import Source

texts = st.text(max_size=20) | st.sampled_from(["", "a@b.c", "A@B.C", "0501234567", "+380501234567", "x" * 2_000, "1"])
scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts
values = scalars | st.lists(scalars, max_size=2) | st.dictionaries(texts, scalars, max_size=2)
channel_types = st.sampled_from(["email", "sms", "mobilepush", "webpush"])
channels = st.fixed_dictionaries({"type": channel_types | values, "value": texts | values})
fields = st.fixed_dictionaries({}, optional={"id": values, "name": texts | values, "value": values})
payloads = st.fixed_dictionaries(
    {},
    optional={
        "id": values,
        "firstName": values,
        "lastName": values,
        "externalCustomerId": values,
        "contactKey": values,
        "channels": values | st.lists(channels, max_size=4),
        "fields": values | st.lists(fields, max_size=3),
        "groups": values | st.lists(values | fields, max_size=3),
        "address": values,
    },
)


class AnyPayloadTest(TestCase):
    @settings(deadline=None)
    @given(st.lists(payloads, min_size=1, max_size=4))
    def test_any_contacts_are_taken_or_refused(self, sent):
        client = Client(headers={"Authorization": f"Bearer {issue_key(Source.objects.create(name='shop'))}"})
        for payload in sent:
            before = rows()
            answer = client.post("/api/v1/contact", json.dumps(payload), "application/json")
            assert answer.status_code in (200, 400, 409), answer.content
            if answer.status_code != 200:
                assert answer.json()["errors"]
                assert rows() == before
                continue
            address = f"/api/v1/contact/{answer.json()['id']}"
            shown = client.get(address).json()
            again = client.put(address, json.dumps(shown), "application/json")
            assert (again.status_code, again.json()) == (200, shown)


def rows():
    contacts = Contact.objects.order_by("pk").values_list("pk", "first_name", "last_name", "fields", "address")
    groups = Membership.objects.order_by("pk").values_list("contact_id", "group__name")
    return (
        list(contacts),
        list(groups),
        Group.objects.count(),
        list(Identifier.objects.order_by("pk").values_list("contact_id", "kind_id", "value")),
    )
