"""No key, password, header, cookie or value that was sent stands in a log, an answer or the event store.

All of Orderloom runs on LOG_LEVEL=DEBUG with its worker as a process of Celery's, and is made to fail at every
place where a failure is told: in a request, in the committer of events, in a batch and in the task around it.
"""

import base64
import json

import httpx
import pytest

from tests.acceptance.stack import Stack, wait_until

PASSWORD = "pa55word-of-the-console"
WRONG_PASSWORD = "gue55ed-password"
VALUES = ("Vera-Valueova", "vera.valueova@example.com", "4242-4242-4242", "Valuetown")
WRONG_SECRET = "Wr0ngSecretWr0ngSecretWr0ngSecretWr0ngSecre"


def event(**members):
    first, email, card, town = VALUES
    params = {"firstName": first, "email": email, "card": card, "address": {"town": town}}
    return {"eventTypeKey": "seen", "keyValue": first, "params": params, **members}


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """What was written and answered while everything was tried; the secrets by what they are; and the stack."""
    home = tmp_path_factory.mktemp("secrets")
    with Stack(home, embedded=True, redis=True, environment={"LOG_LEVEL": "DEBUG"}) as stack:
        key = stack.create_source("shop")
        secrets = {"key": key, "the key's secret": key.split("_", 2)[2]}
        answers = [*call_with_keys(stack, key, secrets), *sign_in(stack, secrets), *break_things(stack, key)]
        yield stack, answers, secrets


def call_with_keys(stack, key, secrets):
    """Each way to send a key, right and wrong, also in the wrong places."""
    wrong = f"{key[:17]}{WRONG_SECRET}"
    basic = base64.b64encode(f"user:{key}".encode()).decode()
    secrets |= {"the wrong key's secret": WRONG_SECRET, "the Basic credentials": basic}
    headers = [
        {"Authorization": f"Bearer {key}"},
        {"Authorization": f"Basic {basic}"},
        {"Authorization": f"Bearer {wrong}"},
        {"Authorization": f"Token {key}"},
        {"Authorization": f"Bearer {key}", "X-Request-ID": key},
        {"Authorization": f"Bearer {key}", "Idempotency-Key": "once", "Cookie": f"sessionid={WRONG_SECRET}"},
    ]
    with httpx.Client(base_url=stack.url) as client:
        for each in headers:
            yield client.post("/api/v1/event", json=event(), headers=each)
            yield client.post(
                "/api/v1/events", json={"events": [event(), {**event(), "eventTypeKey": 1}]}, headers=each
            )
            yield client.post("/api/v1/contact", json={"firstName": VALUES[0], "channels": []}, headers=each)
            yield client.post("/api/v1/event", content=b"{", headers=each)
            yield client.get("/api/v1/orders", params={"search": VALUES[1], "key": key}, headers=each)
            yield client.get(f"/api/v1/{key}", headers=each)


def sign_in(stack, secrets):
    """The console with a wrong and the right password, and a page with the cookie of the session."""
    stack.environment |= {"DJANGO_SUPERUSER_PASSWORD": PASSWORD}
    stack.manage("createsuperuser", "--noinput", "--username", "admin", "--email", "admin@shop.example")
    del stack.environment["DJANGO_SUPERUSER_PASSWORD"]
    with httpx.Client(base_url=stack.url) as client:
        form = client.get("/admin/login/")
        for password in (WRONG_PASSWORD, PASSWORD):
            fields = {"username": "admin", "password": password, "csrfmiddlewaretoken": form.cookies["csrftoken"]}
            client.post("/admin/login/?next=/admin/", data=fields, headers={"Referer": f"{stack.url}/admin/login/"})
        assert client.get("/admin/events/event/").status_code == 200
        secrets["the session's cookie"] = client.cookies["sessionid"]
        secrets["the CSRF cookie"] = form.cookies["csrftoken"]
    secrets |= {"the password": PASSWORD, "the wrong password": WRONG_PASSWORD}
    return []


def break_things(stack, key):
    """500s of single and many events, of a contact and of a list, and a batch that fails as a whole in the worker."""
    stack.wait_until_nothing_waits()
    with stack.client(key) as shop:
        with renamed(stack, "events_event", "body"):
            broken = [
                shop.post("/api/v1/event", json=event()),
                shop.post("/api/v1/events", json={"events": [event()]}),
                shop.get("/api/v1/events", params={"keyValue": VALUES[0]}),
            ]
        with renamed(stack, "contacts_contact", "first_name"):
            channels = [{"type": "email", "value": VALUES[1]}]
            broken.append(shop.post("/api/v1/contact", json={"firstName": VALUES[0], "channels": channels}))
        assert [answer.status_code for answer in broken] == [500] * 4
        with renamed(stack, "events_outcome", "note"):
            answer = shop.post("/api/v1/event", json=event())
            wait_until(lambda: '"celery.app.trace"' in stack.output(), what="the task has failed")
        stack.wait_until_nothing_waits()
    return [*broken, answer]


class renamed:  # noqa: N801 - reads as what it does
    """While it lasts the column has another name, and every statement about it fails."""

    def __init__(self, stack, table, column):
        self.stack, self.table, self.names = stack, table, (column, f"{column}_away")

    def __enter__(self):
        self.stack.query(f"ALTER TABLE {self.table} RENAME COLUMN {self.names[0]} TO {self.names[1]}")

    def __exit__(self, *_):
        self.stack.query(f"ALTER TABLE {self.table} RENAME COLUMN {self.names[1]} TO {self.names[0]}")


def logs_of(stack):
    return stack.output() + (stack.data_dir / "postgres.log").read_text()


def test_the_failures_were_told_at_all(told):
    stack, _, _ = told
    kinds = {json.loads(line)["event"] for line in stack.output().splitlines() if line.startswith("{")}
    assert {"request", "inbox.group_failed", "batch.failed", "batch.applied"} <= kinds
    assert "UndefinedColumn" in stack.output()
    assert "events/inbox.py" in stack.output()
    assert '"status":500' in stack.output()


def test_no_key_password_header_or_cookie_stands_in_a_log(told):
    stack, _, secrets = told
    written = logs_of(stack)
    assert [what for what, secret in secrets.items() if secret in written] == []


def test_no_value_that_was_sent_stands_in_a_log(told):
    stack, _, _ = told
    written = logs_of(stack).lower()
    assert [value for value in VALUES if value.lower() in written] == []


def test_no_answer_tells_a_secret(told):
    _, answers, secrets = told
    for answer in answers:
        text = answer.text + str(answer.headers)
        assert [what for what, secret in secrets.items() if secret in text] == []


def test_an_error_of_ours_tells_nothing_of_what_was_sent_or_of_itself(told):
    _, answers, _ = told
    for answer in (answer for answer in answers if answer.status_code == 500):
        assert [value for value in (*VALUES, "Traceback", "column", "SELECT") if value in answer.text] == []
        assert answer.headers["content-type"] == "application/problem+json"


def test_no_key_password_or_header_stands_in_any_table(told):
    stack, _, secrets = told
    tables = [name for (name,) in stack.query("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]
    wanted = {what: secret for what, secret in secrets.items() if "cookie" not in what}
    for table in tables:
        for what, secret in wanted.items():
            statement = f'SELECT count(*) FROM "{table}" AS t WHERE strpos(t::text, %s) > 0'  # noqa: S608
            ((rows,),) = stack.query(statement, [secret])
            assert rows == 0, (table, what)


def test_the_events_that_were_taken_meanwhile_are_there(told):
    """The proof that the search above could have found something."""
    stack, _, _ = told
    ((rows,),) = stack.query("SELECT count(*) FROM events_event AS t WHERE strpos(t::text, %s) > 0", [VALUES[0]])
    assert rows > 5


def test_each_line_is_json_and_each_request_has_one(told):
    stack, answers, _ = told
    requests = [json.loads(line) for line in stack.output().splitlines() if '"event":"request"' in line]
    ids = [line["request_id"] for line in requests]
    assert len(ids) == len(set(ids))
    assert {answer.headers["x-request-id"] for answer in answers} <= set(ids)
