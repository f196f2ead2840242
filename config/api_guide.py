"""What the OpenAPI document says before its first address: enough to succeed without another page."""

GUIDE = """\
Takes a shop's events and orders, and tells what became of each, what was bought and by whom.

**First call.** `manage.py create_source shop --kind backend` prints a key. Post an event to `/api/v1/event`, and read
`/api/v1/events/{id}?wait=5`: `outcome` is `applied`, `ignored` or `failed`, and `message`, `problems` and `trace` say
why. To see what an event would do, and store nothing, post it to `/api/v1/events/validate`.

**Keys.** HTTP Basic with any user name and the key as the password, or `Authorization: Bearer KEY`. Each operation
names the scope that its key needs. Who is signed in to the console may read what their permissions let them see.

**Bodies** are one JSON object in UTF-8, sent as `application/json`, with `Content-Encoding: gzip` if you like. Every
address works with and without a trailing slash. Members that nobody knows are passed over. Money is text or a number
and never passes through a float; moments are ISO 8601, without an offset in the account's time zone.

**Refusals** are `application/problem+json`, the same shape whatever the cause: `errors` lists every problem at once,
each with a JSON `pointer` into what was sent, or the query `parameter`. After a 503 or 429 send the same again when
`Retry-After` is over; any other refusal says what to mend.

**Retries.** An answer of 2xx is sent only when all is durably stored. Send an `Idempotency-Key` and the same request
again stores nothing twice.

**Lists** come in pages of `limit` rows; `next` and `previous` are the addresses of the pages beside. A parameter that
is unknown or cannot be read is a 400, never passed over.
"""

TAGS = [
    {
        "name": "events",
        "description": "Send what happens in the shop; ask what became of it; try, replay and render it.",
    },
    {"name": "orders", "description": "Add, read and delete orders. Events build the same orders."},
    {"name": "contacts", "description": "The people: one by one, in bulk, from forms; deleted and erased."},
    {"name": "insights", "description": "What orders, events and contacts say together: revenue, RFM, segments."},
    {"name": "settings", "description": "The matching rules: which parameter names a contact."},
    {"name": "account", "description": "Whose installation this is."},
    {"name": "about", "description": "This document, and the health of the installation."},
]
