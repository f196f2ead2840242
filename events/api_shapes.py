"""The shapes of the event endpoints, for the OpenAPI document (docs/api.md, Shapes)."""

from typing import Any, Literal, NotRequired, TypedDict

from contract.openapi import ProblemShape
from orders.presentation import OrderStateShape

Decided = Literal["applied", "ignored", "failed"]
Outcome = Literal["waiting", "applied", "ignored", "failed"]

PARAMETERS = {
    "description": "A list of name/value pairs, or an object.",
    "oneOf": [
        {
            "type": "array",
            "maxItems": 1000,
            "items": {
                "type": "object",
                "required": ["name"],
                "properties": {"name": {"type": "string", "minLength": 1, "maxLength": 255}, "value": {}},
            },
        },
        {"type": "object", "maxProperties": 1000},
        {"type": "null"},
    ],
}
EVENT_TO_SEND: dict[str, Any] = {
    "type": "object",
    "required": ["eventTypeKey"],
    "properties": {
        "eventTypeKey": {
            "type": "string",
            "minLength": 1,
            "maxLength": 255,
            "description": "What happened. A name never seen before makes a new event type.",
        },
        "keyValue": {
            "type": ["string", "null"],
            "maxLength": 255,
            "description": "Absent or empty: an order event takes its externalOrderId, any other the first present of "
            "contactId, externalCustomerId, email, phone and pushToken.",
        },
        "params": PARAMETERS,
        "occurred": {
            "type": ["string", "null"],
            "description": "When it happened: a date or a date-time of ISO 8601, without an offset in the account's "
            "time zone. An event of an order that occurred before the last one applied to it is ignored as `stale`.",
        },
    },
}
EVENT_IN_A_LIST: dict[str, Any] = {
    **EVENT_TO_SEND,
    "properties": {
        **EVENT_TO_SEND["properties"],
        "idempotencyKey": {
            "type": ["string", "null"],
            "minLength": 1,
            "maxLength": 255,
            "description": "As the header Idempotency-Key, for this event alone.",
        },
    },
}
EVENTS_TO_SEND: dict[str, Any] = {
    "type": "object",
    "required": ["events"],
    "properties": {"events": {"type": "array", "minItems": 1, "maxItems": 1000, "items": EVENT_IN_A_LIST}},
}


class AcceptedShape(TypedDict):
    id: str
    status: Literal["accepted"]


class BulkEntryShape(TypedDict):
    """`id` of an event that was stored, or `errors` of one that is malformed, with pointers into that event.

    `idempotentReplayed` is there when an earlier event of the same idempotencyKey has the id.
    """

    index: int
    id: NotRequired[str]
    idempotentReplayed: NotRequired[bool]
    errors: NotRequired[list[ProblemShape]]


class BulkAnswerShape(TypedDict):
    accepted: int
    rejected: int
    results: list[BulkEntryShape]


class EventWarningShape(TypedDict):
    """`pointer` names the place in the event, where the warning is about one."""

    code: str
    detail: str
    pointer: NotRequired[str]


class EventProblemShape(TypedDict):
    pointer: str
    code: str
    detail: str
    found: str
    expected: str


class TraceStepShape(TypedDict):
    parameter: str
    kind: str
    value: str | None
    contactId: int | None
    decided: bool


class EventShape(TypedDict):
    """An event as it was sent, and what became of it. Moments are in the account's time zone."""

    id: str
    eventTypeKey: str
    keyValue: str
    params: Any
    occurred: str | None
    receivedAt: str
    source: str
    outcome: Outcome
    reason: str | None
    message: str
    warnings: list[EventWarningShape]
    problems: list[EventProblemShape]
    trace: list[TraceStepShape]
    contactId: int | None
    orderId: int | None
    externalOrderId: str | None
    attempts: int
    decidedAt: str | None


class EarlierAttemptShape(TypedDict):
    """What became of an event before it was replayed. `replayId` is null when it was replayed by its own id."""

    attempt: int
    outcome: Decided
    reason: str | None
    message: str
    problems: list[EventProblemShape]
    trace: list[TraceStepShape]
    decidedAt: str
    replayedAt: str
    replayId: str | None


class EventInDetailShape(EventShape):
    """An event with what only the reading of one tells: its history, and the variables for messages by their names."""

    earlierAttempts: list[EarlierAttemptShape]
    variables: dict[str, str]


class RenderedShape(TypedDict):
    """`missing` has the names that were not found, each once; they stand in the text as they were written."""

    text: str
    missing: list[str]


class OrderEffectShape(TypedDict):
    """null where there is no order; `after` equals `before` when the event would change nothing."""

    before: OrderStateShape | None
    after: OrderStateShape | None


class DryRunShape(TypedDict):
    """What would become of an event now: as an Event, without `id` and `decidedAt`; `receivedAt` is null.

    `variables` are those of a message, as far as the event would find them; the event's own id is not among them.
    """

    eventTypeKey: str
    keyValue: str
    params: Any
    occurred: str | None
    receivedAt: None
    source: str
    outcome: Decided
    reason: str | None
    message: str
    warnings: list[EventWarningShape]
    problems: list[EventProblemShape]
    trace: list[TraceStepShape]
    contactId: int | None
    orderId: int | None
    externalOrderId: str | None
    attempts: int
    order: OrderEffectShape
    variables: dict[str, str]


class ReplayedShape(TypedDict):
    """`replayed` is false for an event that is applied, or waits already; `outcome` is where it stands."""

    id: str
    replayed: bool
    outcome: Outcome


class CountedShape(TypedDict):
    """The answer to a dry run: how many events would be replayed now."""

    matched: int


class OutcomeCountsShape(TypedDict):
    applied: int
    ignored: int
    failed: int


class ReplayShape(TypedDict):
    """A replay by filter: what it is about, how far it is, and what became of the events so far.

    `replayed` were handed to the workers; `waiting` of them have no outcome yet, and `outcomes` counts the others.
    `status` is running, cancelled or finished; it is cancelled from then on, also while events still wait.
    """

    id: str
    status: str
    filters: dict[str, str]
    matched: int
    replayed: int
    waiting: int
    outcomes: OutcomeCountsShape
    reasons: dict[str, int]
    startedBy: str
    startedAt: str
    cancelledBy: str | None
    cancelledAt: str | None
    endedAt: str | None


class MatchingRuleShape(TypedDict):
    """“Parameter X identifies a contact by kind Y.” With an event type: the rule which that type tries first."""

    parameter: str
    kind: str
    enabled: bool
    eventTypeKey: str | None


class RuleListShape(TypedDict):
    """The rules in the order in which they are walked; `version` changes with whatever they say."""

    version: str
    rules: list[MatchingRuleShape]


class DecidingStepShape(TypedDict):
    """The contact that is found, and the rule and value that find it."""

    contactId: int
    parameter: str
    kind: str
    value: str


class RuleExampleShape(TypedDict):
    """null where nobody is found."""

    eventId: str
    eventTypeKey: str
    before: DecidingStepShape | None
    after: DecidingStepShape | None


class RuleEffectGroupShape(TypedDict):
    """How many events, and the latest of them."""

    count: int
    examples: list[RuleExampleShape]


class RuleEffectOfTypeShape(TypedDict):
    eventTypeKey: str
    examined: int
    rescued: int
    newlyMatched: int
    newlyUnmatched: int
    movedToAnotherContact: int
    unchanged: int


class RuleEffectShape(TypedDict):
    """What a change of the rules would do to the latest events, at most `eventsOfAType` of each type.

    `rescued` were ignored for want of a contact, and a replay after the change would find one; `newlyMatched` found
    none either but were not ignored for it. `replayable` were ignored for want of a contact that the rules as they
    stand would find now: for these no change is needed.
    """

    examined: int
    eventsOfAType: int
    rescued: RuleEffectGroupShape
    newlyMatched: RuleEffectGroupShape
    newlyUnmatched: RuleEffectGroupShape
    movedToAnotherContact: RuleEffectGroupShape
    unchanged: int
    replayable: int
    eventTypes: list[RuleEffectOfTypeShape]
