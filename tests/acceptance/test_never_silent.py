"""Promise 3: every accepted event ends with an outcome, a reason, a sentence and the trace of its decision."""

from tests.acceptance.load import created, delivered, updated

WORKERS = 2
EXPLAINED_BY_PROBLEMS = {
    "missing_parameter",
    "invalid_parameter",
    "contact_identifier_missing",
    "contact_not_found",
}
EVERY_KIND = [
    (created("1"), "applied", None),
    (created("1"), "ignored", "order_exists"),
    (delivered("1"), "applied", None),
    (delivered("none"), "ignored", "order_not_found"),
    (updated("1", totalCost="-1"), "ignored", "invalid_parameter"),
    (updated("2", totalCost="5"), "ignored", "missing_parameter"),
    ({"eventTypeKey": "productViewed", "params": {"externalCustomerId": "C1"}}, "applied", None),
    ({"eventTypeKey": "productViewed", "params": {"email": "nobody@shop.example"}}, "applied", None),
]


def unknown(order_id: str, **identifiers: str) -> dict[str, object]:
    event = created(order_id)
    params = [pair for pair in event["params"] if pair["name"] != "externalCustomerId"]
    return {**event, "params": params + [{"name": name, "value": value} for name, value in identifiers.items()]}


def test_every_event_ends_with_its_reason_a_sentence_and_a_trace(stack, key):
    events = [
        *EVERY_KIND,
        (unknown("3", email="nobody@shop.example"), "ignored", "contact_not_found"),
        (unknown("4"), "ignored", "contact_identifier_missing"),
    ]
    with stack.client(key) as client:
        for event, outcome, reason in events:
            event_id = client.post("/api/v1/event", json=event).json()["id"]
            fate = client.get(f"/api/v1/events/{event_id}", params={"wait": "20"}).json()
            assert (fate["outcome"], fate["reason"]) == (outcome, reason), fate
            assert fate["message"].endswith(".")
            assert fate["trace"], fate
            assert fate["problems"] or reason not in EXPLAINED_BY_PROBLEMS, fate


def test_a_poisoned_event_ends_as_failed_with_its_traceback_and_holds_up_nobody(stack, key):
    with stack.client(key) as client:
        # No event is known that makes our code raise, so the database is made to refuse one.
        stack.query("ALTER TABLE orders_order ADD CONSTRAINT poison CHECK (external_order_id <> 'poison')")
        events = [created(f"beside-{number}") for number in range(50)]
        events[25] = created("poison")
        events += [delivered("poison"), *(delivered(f"beside-{number}") for number in range(50) if number != 25)]
        answer = client.post("/api/v1/events", json={"events": events}).json()
        stack.wait_until_nothing_waits()
        ids = [result["id"] for result in answer["results"]]
        poisoned = client.get(f"/api/v1/events/{ids[25]}").json()
        assert (poisoned["outcome"], poisoned["reason"]) == ("failed", "internal_error")
        assert client.get(f"/api/v1/events/{ids[50]}").json()["reason"] == "order_not_found"
        outcomes = stack.query(
            "SELECT status, traceback FROM events_outcome WHERE event_id = ANY(%s)", [list(map(int, ids))]
        )
        assert [status for status, _ in outcomes].count("applied") == 98
        [traceback] = [traceback for status, traceback in outcomes if status == "failed"]
        assert "poison" in traceback
        stack.query("ALTER TABLE orders_order DROP CONSTRAINT poison")
        assert stack.verify_ledger() == ""
