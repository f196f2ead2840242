"""Bad requests by their address: queries, paths and methods. Each gets its status, place and code, and changes nothing.

Those of bodies: tests/http/test_bad_bodies.py, and of events: tests/events/test_bad_input.py.
"""

import pytest

from tests.http.refusals import Caller, refused, row_counts

pytestmark = pytest.mark.django_db

# address: query → the parameters that are wrong and their codes, all of them, in their order.
QUERIES = {
    "/api/v1/events": {
        "outcome=sent": "outcome invalid_parameter",
        "outcome=": "outcome invalid_parameter",
        "outcome=applied&outcome=failed": "outcome repeated_parameter",
        "reason=nothing": "reason invalid_parameter",
        "warning=loud": "warning invalid_parameter",
        "contactId=0x1": "contactId invalid_parameter",
        "contactId=-1": "contactId invalid_parameter",
        "contactId=": "contactId invalid_parameter",
        "contactId=999999999999999999999999999999": "contactId invalid_parameter",
        "receivedFrom=yesterday": "receivedFrom invalid_parameter",
        "receivedFrom=2026-02-30": "receivedFrom invalid_parameter",
        "receivedTo=2026-05-14T25:00": "receivedTo invalid_parameter",
        "receivedFrom=1e3": "receivedFrom invalid_parameter",
        "eventTypeKey=": "eventTypeKey invalid_parameter",
        "keyValue=%00": "keyValue invalid_parameter",
        "source=%00": "source invalid_parameter",
        "externalOrderId=": "externalOrderId invalid_parameter",
        "limit=0": "limit invalid_parameter",
        "limit=501": "limit invalid_parameter",
        "limit=-1": "limit invalid_parameter",
        "limit=ten": "limit invalid_parameter",
        "limit=1.5": "limit invalid_parameter",
        "limit=%D9%A1": "limit invalid_parameter",
        "limit=": "limit invalid_parameter",
        "cursor=x": "cursor invalid_parameter",
        "cursor=": "cursor invalid_parameter",
        "cursor=bnVsbA": "cursor invalid_parameter",
        "cursor=WyItcmVjZWl2ZWRBdCIsZmFsc2UsIjEiLC0xXQ": "cursor invalid_parameter",
        "ordering=name": "ordering invalid_parameter",
        "ordering=--receivedAt": "ordering invalid_parameter",
        "ordering=": "ordering invalid_parameter",
        "eventtypekey=seen": "eventtypekey unknown_parameter",
        "page=2": "page unknown_parameter",
        "key=secret": "key unknown_parameter",
        "outcome=waiting&x=1&y=2": "x unknown_parameter; y unknown_parameter",
        "%00=1": "\0 unknown_parameter",
    },
    "/api/v1/orders": {
        "status=SENT": "status invalid_parameter",
        "status=delivered": "status invalid_parameter",
        "status=DELIVERED,": "status invalid_parameter",
        "status=,": "status invalid_parameter",
        "status=": "status invalid_parameter",
        "currency=uah": "currency invalid_parameter",
        "currency=XXZ": "currency invalid_parameter",
        "currency=UAHH": "currency invalid_parameter",
        "currency=": "currency invalid_parameter",
        "contactId=a": "contactId invalid_parameter",
        "contactId=1&contactId=2": "contactId repeated_parameter",
        "dateFrom=14.05.2026": "dateFrom invalid_parameter",
        "dateTo=2026-13-01": "dateTo invalid_parameter",
        "dateTo=2026-05-14T10:11:00%2B99:00": "dateTo invalid_parameter",
        "dateFrom=2026-05-14T10:11:00+03:00": "dateFrom invalid_parameter",
        "totalFrom=1,5": "totalFrom invalid_parameter",
        "totalFrom=1e3": "totalFrom invalid_parameter",
        "totalFrom=NaN": "totalFrom invalid_parameter",
        "totalTo=Infinity": "totalTo invalid_parameter",
        "totalTo=0x10": "totalTo invalid_parameter",
        "totalTo=1234567890123456789": "totalTo invalid_parameter",
        "warning=total": "warning invalid_parameter",
        "email=": "email invalid_parameter",
        "phone=%00": "phone invalid_parameter",
        "search=": "search invalid_parameter",
        "search=%00": "search invalid_parameter",
        "itemId=": "itemId invalid_parameter",
        "storeId=": "storeId invalid_parameter",
        "ordering=total": "ordering invalid_parameter",
        "ordering=-": "ordering invalid_parameter",
        "ordering=date,totalCost": "ordering invalid_parameter",
        "cursor=%FF": "cursor invalid_parameter",
        "limit=5e1": "limit invalid_parameter",
        "offset=10": "offset unknown_parameter",
        "status[]=DELIVERED": "status[] unknown_parameter",
        "source=": "source invalid_parameter",
    },
    "/api/v1/revenue": {
        "from=today": "from invalid_parameter",
        "from=2026-02-30": "from invalid_parameter",
        "from=2026-05-14T00:00:00": "from invalid_parameter",
        "to=": "to invalid_parameter",
        "to=2026-5-1": "to invalid_parameter",
        "by=year": "by invalid_parameter",
        "by=DAY": "by invalid_parameter",
        "by=": "by invalid_parameter",
        "currency=uah": "currency invalid_parameter",
        "currency=ABC": "currency invalid_parameter",
        "currency=UAH,EUR": "currency invalid_parameter",
        "from=2026-05-01&from=2026-05-02": "from repeated_parameter",
        "days=7": "days unknown_parameter",
        "from=x&to=y&by=z&currency=q": (
            "from invalid_parameter; to invalid_parameter; by invalid_parameter; currency invalid_parameter"
        ),
        "limit=5": "limit unknown_parameter",
    },
    "/api/v1/event-types": {
        "limit=0": "limit invalid_parameter",
        "ordering=x": "ordering unknown_parameter",
        "q=1": "q unknown_parameter",
        "cursor=zzz": "cursor invalid_parameter",
    },
    "/api/v1/stats": {
        "lane=1": "lane unknown_parameter",
    },
    "/api/v1/replays": {
        "limit=0": "limit invalid_parameter",
        "status=running": "status unknown_parameter",
        "cursor=abc": "cursor invalid_parameter",
    },
    "/api/v1/matching-rules": {
        "preview=true": "preview unknown_parameter",
        "x=1": "x unknown_parameter",
    },
    "/api/v1/orders/1": {
        "x=1": "x unknown_parameter",
    },
    "/api/v1/orders/1/changes": {
        "from=1": "from unknown_parameter",
    },
    "/api/v1/contacts": {
        "maxrows=501": "maxrows invalid_parameter",
        "maxrows=0": "maxrows invalid_parameter",
        "maxrows=x": "maxrows invalid_parameter",
        "startindex=-1": "startindex invalid_parameter",
        "startindex=x": "startindex invalid_parameter",
        "startindex=0": "startindex invalid_parameter",
        "email=": "email invalid_parameter",
        "x=1": "x unknown_parameter",
        "firstname=%00": "firstname invalid_parameter",
    },
    "/api/v1/events/1": {
        "wait=31": "wait invalid_parameter",
        "wait=-1": "wait invalid_parameter",
        "wait=1e1": "wait invalid_parameter",
        "wait=": "wait invalid_parameter",
        "wait=1&wait=2": "wait repeated_parameter",
        "wait=0.0001": "wait invalid_parameter",
        "x=1": "x unknown_parameter",
    },
}

NOWHERE = [
    "/api/v1/events/0",
    "/api/v1/events/-1",
    "/api/v1/events/x",
    "/api/v1/events/1.5",
    "/api/v1/events/" + "9" * 19,
    "/api/v1/events/%D9%A1",
    "/api/v1/orders/0",
    "/api/v1/orders/x",
    "/api/v1/orders/-1",
    "/api/v1/orders/" + "9" * 19,
    "/api/v1/orders/" + "9" * 400,
    "/api/v1/orders/0/changes",
    "/api/v1/orders/x/changes",
    "/api/v1/contact/0",
    "/api/v1/contact/x",
    "/api/v1/contact/-1",
    "/api/v1/contact/" + "9" * 19,
    "/api/v1/contact/1.0",
    "/api/v1/contact/%20",
    "/api/v1/replays/0",
    "/api/v1/replays/x",
    "/api/v1/importstatus/0",
    "/api/v1/importstatus/x",
    "/api/v1/contact/0/erasure",
    "/api/v2/orders",
    "/api/v1/order",
    "/api/v1",
    "/api",
]

METHODS = [
    ("PUT", "/api/v1/event"),
    ("GET", "/api/v1/event"),
    ("DELETE", "/api/v1/events"),
    ("PUT", "/api/v1/events/{event}"),
    ("GET", "/api/v1/events/validate"),
    ("PUT", "/api/v1/orders"),
    ("POST", "/api/v1/orders/1"),
    ("POST", "/api/v1/revenue"),
    ("DELETE", "/api/v1/matching-rules"),
    ("POST", "/api/v1/contact/{contact}"),
    ("PATCH", "/api/v1/contact/{contact}"),
    ("DELETE", "/api/v1/contacts"),
    ("POST", "/api/v1/stats"),
    ("POST", "/api/v1/groups"),
    ("POST", "/api/schema"),
]


@pytest.mark.parametrize(
    ("address", "query", "wrong"),
    [(address, query, wrong) for address, queries in QUERIES.items() for query, wrong in queries.items()],
)
def test_a_query_that_is_wrong_is_refused_with_each_parameter_that_is(caller: Caller, address, query, wrong):
    before = row_counts()
    assert refused(caller.send("GET", f"{address}?{query}")) == (400, wrong)
    assert row_counts() == before


@pytest.mark.parametrize("address", NOWHERE)
def test_an_address_of_nothing_is_a_404(caller: Caller, address):
    before = row_counts()
    assert refused(caller.send("GET", address)) == (404, "not_found")
    assert row_counts() == before


@pytest.mark.parametrize(("method", "address"), METHODS)
def test_a_method_that_is_not_taken_is_a_405_that_names_those_that_are(caller: Caller, method, address):
    before = row_counts()
    answer = caller.send(method, address, "{}")
    assert refused(answer) == (405, "method_not_allowed")
    assert method not in answer.headers["Allow"]
    assert "OPTIONS" in answer.headers["Allow"]
    assert row_counts() == before
