"""Folds events in their order into decisions and orders: the one place where an event meets its order.

Processing, dry run, replay and verify_ledger all come through here. No I/O: orders and matches are passed in, and what
is to be written comes out.
"""

from collections.abc import Iterable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from contacts.matching import Match
from contract.parameters import Parameters
from contract.reasons import Caution, Status, WarningCode
from events.basis import DecisionBasis
from events.envelope import Envelope
from events.lanes import ClaimedEvent
from events.models import SourceKind
from orders.parameters import Reading
from orders.rules import ORDER_EVENT_TYPES, Decision, OrderEvent, decide
from orders.state import OrderState

UNLINKED = "It is kept without a contact: {}"


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownOrder:
    """A whole order as its door has read it, in this time zone: what need not be read once more to be applied."""

    envelope: Envelope
    reading: Reading
    time_zone: ZoneInfo


@dataclass(frozen=True, slots=True)
class ReadEvent:
    """A claimed event with its body read, and the contact it names."""

    event: ClaimedEvent
    envelope: Envelope
    match: Match
    reading: Reading | None = None  # of a whole order, when it has been read in the basis's time zone already
    violations: tuple[Caution, ...] = ()  # of the schema of its type (events/schemas.py)

    @property
    def parameters(self) -> Parameters:
        return self.envelope.parameters


@dataclass(frozen=True, slots=True)
class Decided:
    """An event and what becomes of it. `before` is the order as the event met it."""

    read: ReadEvent
    decision: Decision
    before: OrderState | None = None

    @property
    def warnings(self) -> tuple[Caution, ...]:
        return self.read.envelope.warnings + self.decision.warnings + self.read.violations

    @property
    def contact_id(self) -> int | None:
        """Whom the event belongs to: the contact it names, else that of the order it changed."""
        named, order = self.read.match.contact_id, self.decision.order
        if self.decision.deletes_order:
            order = self.before
        return order.contact_id if named is None and order is not None else named


def fold(events: Iterable[ReadEvent], orders: MutableMapping[str, OrderState], basis: DecisionBasis) -> list[Decided]:
    """Decides the events in the order given; `orders`, by external order id, is brought up to date on the way."""
    return [_decide_one(read, orders, basis) for read in events]


def _decide_one(read: ReadEvent, orders: MutableMapping[str, OrderState], basis: DecisionBasis) -> Decided:
    event = read.event
    if event.event_type_key not in ORDER_EVENT_TYPES:
        return Decided(read, _keep_custom_event(read.match))
    before = orders.get(event.order_key) if event.order_key else None
    decision = decide(
        OrderEvent(
            event_type_key=event.event_type_key,
            parameters=read.envelope.parameters,
            match=read.match,
            received_at=event.received_at,
            occurred_at=event.occurred_at,
            from_mobile_sdk=event.source_kind == SourceKind.MOBILE_SDK,
            time_zone=basis.time_zone,
            default_currency=basis.default_currency,
            reading=read.reading,
        ),
        before,
    )
    if decision.order is not None:
        orders[event.order_key] = decision.order
    elif decision.deletes_order:
        del orders[event.order_key]
    return Decided(read, decision, before)


def _keep_custom_event(match: Match) -> Decision:
    """A custom event is always kept, with the contact it names or without one (docs/rules.md, section 2)."""
    note = ""
    if not match.has_identifier:
        note = UNLINKED.format("no matching rule found its parameter in the event.")
    elif match.contact_id is None:
        note = UNLINKED.format("its identifiers belong to no contact.")
    return Decision(status=Status.APPLIED, note=note, warnings=conflict_warnings(match), changes={})


def conflict_warnings(match: Match) -> tuple[Caution, ...]:
    """The warning `identifier_conflict` where another present identifier names a different contact."""
    if match.contact_id is None or not match.conflicting:
        return ()
    others = ", ".join(f"{step.parameter} “{step.value}” names contact {step.contact_id}" for step in match.conflicting)
    return (
        Caution(code=WarningCode.IDENTIFIER_CONFLICT, detail=f"Contact {match.contact_id} was found, but {others}."),
    )


@dataclass(frozen=True, slots=True)
class FinalOrder:
    """What a batch comes to for one order: as its first applied event met it, and as the last one left it.

    `was_deleted`: it was deleted on the way; `after` is then None, or an order that was made anew.
    """

    before: OrderState | None
    after: OrderState | None
    was_deleted: bool


def final_orders(decided: Iterable[Decided]) -> Mapping[str, FinalOrder]:
    """The orders, by external order id, that applied events of the batch touched."""
    result: dict[str, FinalOrder] = {}
    for one in decided:
        after, deletes = one.decision.order, one.decision.deletes_order
        if after is not None or deletes:
            key = one.read.event.order_key
            first = result.get(key)
            result[key] = FinalOrder(
                before=first.before if first else one.before,
                after=after,
                was_deleted=deletes or (first is not None and first.was_deleted),
            )
    return result


def not_undone(decided: Sequence[Decided]) -> list[Decided]:
    """Those that no deletion of their order, in the same batch, has made past: they are of the order that is there."""
    deleted: set[str] = set()
    lasting: list[Decided] = []
    for one in reversed(decided):
        key = one.read.event.order_key
        if one.decision.deletes_order:
            deleted.add(key)
        if not deleted or key not in deleted:
            lasting.append(one)
    return lasting[::-1]
