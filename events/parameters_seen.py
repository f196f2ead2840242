"""Which parameters the events of a type carry: from a bounded sample of the log, read when it is asked for.

The sample is the newest events of the type, the oldest, and some spread evenly between them, so that a parameter that
came or went is seen. How often a parameter is present is told of the newest ones alone. Examples are values of events
that are in the log now, so what was erased there is nowhere else. Two statements, by event_by_type; the sample ends
where its bodies together are too long.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import connection

from account.current import current_account
from contract import json_values
from contract.json_values import JsonValue
from events.envelope import EnvelopeError, parse_envelope
from events.schema_check import type_of

NEWEST, OLDEST, BETWEEN = 200, 50, 50
MAX_BYTES = 2_000_000  # of the bodies of the sample
MAX_PARAMETERS = 200  # that are told; an event has up to 1,000
MAX_EXAMPLES, EXAMPLE_LENGTH = 3, 80


@dataclass(frozen=True, slots=True, kw_only=True)
class SampledEvent:
    event_id: int
    received_at: datetime
    is_new: bool  # one of the newest, of which shares are told
    body: str


@dataclass(slots=True, kw_only=True)
class SeenParameter:
    """`present` counts the newest events that have it; `types` all of the sample, by JSON Schema's names."""

    name: str
    first_seen_at: datetime
    first_event_id: int
    last_seen_at: datetime
    last_event_id: int
    present: int = 0
    types: Counter[str] = field(default_factory=Counter)
    new_types: Counter[str] = field(default_factory=Counter)
    examples: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """The parameters, those present most often first. `events` were read, of which `newest` are the newest ones."""

    events: int
    newest: int
    parameters: Sequence[SeenParameter]
    more_parameters: int


# One look-up for each place between the first and the last id; a type with few events gives the same ones again.
SAMPLE_IDS = """
    WITH newest AS (
        SELECT id FROM events_event WHERE event_type_id = %(type)s ORDER BY id DESC LIMIT %(newest)s
    ), oldest AS (
        SELECT id FROM events_event WHERE event_type_id = %(type)s ORDER BY id LIMIT %(oldest)s
    ), bounds AS (
        SELECT (SELECT max(id) FROM oldest) AS low, (SELECT min(id) FROM newest) AS high
    ), between AS (
        SELECT found.id
          FROM bounds
         CROSS JOIN generate_series(1, %(between)s) AS place
         CROSS JOIN LATERAL (
                   SELECT id
                     FROM events_event
                    WHERE event_type_id = %(type)s AND id >= low + (high - low) * place / %(between)s
                    ORDER BY id
                    LIMIT 1
               ) AS found
         WHERE high > low
    ), wanted AS (
        SELECT id, true AS is_new FROM newest
         UNION ALL
        SELECT id, false FROM (SELECT id FROM oldest UNION SELECT id FROM between) AS others
         WHERE id NOT IN (SELECT id FROM newest)
    ), sized AS (
        SELECT e.id, e.received_at, is_new, e.body,
               sum(octet_length(e.body)) OVER (ORDER BY is_new DESC, e.id DESC) AS bytes,
               row_number() OVER (ORDER BY is_new DESC, e.id DESC) AS place
          FROM wanted
          JOIN events_event AS e ON e.id = wanted.id
    )
    SELECT id, received_at, is_new, body FROM sized WHERE bytes <= %(bytes)s OR place = 1 ORDER BY id DESC
"""


def load_sample(event_type_id: int) -> list[SampledEvent]:
    """Some events of the type, the newest first: one statement."""
    parameters = {
        "type": event_type_id,
        "newest": NEWEST,
        "oldest": OLDEST,
        "between": BETWEEN,
        "bytes": MAX_BYTES,
    }
    with connection.cursor() as cursor:
        cursor.execute(SAMPLE_IDS, parameters)
        return [
            SampledEvent(event_id=event_id, received_at=received_at, is_new=is_new, body=body)
            for event_id, received_at, is_new, body in cursor.fetchall()
        ]


def seen_in(sample: Iterable[SampledEvent]) -> Sample:
    """What parameters the events of a sample carry, newest events first."""
    seen: dict[str, SeenParameter] = {}
    events = list(sample)
    account = current_account()
    for event in events:
        try:
            envelope = parse_envelope(event.body, account)
        except EnvelopeError:  # an erasure may leave an event without what it was found by: nothing to tell of it
            continue
        for name, parameter in envelope.parameters.items():
            _note(seen, event, name, parameter.value)
    ordered = sorted(seen.values(), key=lambda each: (-each.present, each.name))
    return Sample(
        events=len(events),
        newest=sum(event.is_new for event in events),
        parameters=ordered[:MAX_PARAMETERS],
        more_parameters=max(0, len(ordered) - MAX_PARAMETERS),
    )


def _note(seen: dict[str, SeenParameter], event: SampledEvent, name: str, value: JsonValue) -> None:
    found = seen.get(name)
    if found is None:
        found = seen[name] = SeenParameter(
            name=name,
            first_seen_at=event.received_at,
            first_event_id=event.event_id,
            last_seen_at=event.received_at,
            last_event_id=event.event_id,
        )
    found.first_seen_at, found.first_event_id = event.received_at, event.event_id  # they come newest first
    kind = type_of(value)
    found.types[kind] += 1
    if event.is_new:
        found.present += 1
        found.new_types[kind] += 1
    if len(found.examples) < MAX_EXAMPLES and value is not None:
        example = shown(value)
        if example not in found.examples:
            found.examples.append(example)


def shown(value: JsonValue) -> str:
    """A value as a short text: a text as it is, all else as JSON."""
    text = value[: EXAMPLE_LENGTH + 1] if isinstance(value, str) else json_values.encode(value)
    return text if len(text) <= EXAMPLE_LENGTH else f"{text[: EXAMPLE_LENGTH - 1]}…"
