"""Takes people out of stored events, lane by lane: docs/rules.md, section 6.

A lane is held while its events are written, so no worker decides one of them from a text that is about to change, and
the order in which they apply stays what it was. An event that waits is treated like any other, and then applied as it
stands: without identifiers it finds nobody, and an order that is there still gets its money and its status.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import partial

from django.db import connection, transaction
from django.db.models import F

from contacts.erasure_values import ErasedPerson, Finder, Seen
from contacts.identifiers import CONTACT_KEY, EMAIL, EMAIL_FORM, EXTERNAL_CUSTOMER_ID, PHONE, PHONE_FORM, PUSH_TOKEN
from contacts.matching import Rule
from contacts.models import Erasure
from events.basis import basis_to_try, from_settings
from events.erasure_body import Erased, StoredText, erase_mentions, erase_own, is_named_in
from events.erasure_orders import erase_in_orders
from events.erasure_outcomes import Account, erase_account
from events.erasure_rows import ErasedEvent, StoredEvent, load_events, store_events
from events.lanes import wait_for_lane
from events.models import Basis
from events.wake import wake_lanes

LANE_SECONDS = 10.0  # that a lane is waited for; who holds one longer is met again by the next try
EVENTS_AT_ONCE = 500  # in one transaction that holds a lane: some 100 ms
BYTES_AT_ONCE = 16_000_000  # of their bodies

# What names a contact whatever staff have made of the rules: the names of the contract.
ALWAYS_NAMING = (
    Rule("externalCustomerId", EXTERNAL_CUSTOMER_ID, "exact"),
    Rule("email", EMAIL, EMAIL_FORM),
    Rule("phone", PHONE, PHONE_FORM),
    Rule("pushToken", PUSH_TOKEN, "exact"),
    Rule("contactKey", CONTACT_KEY, "exact"),
)


@dataclass(frozen=True, slots=True)
class Search:
    """Who is looked for, and by which rules: those that hold and all that ever held, for events of their times."""

    people: Sequence[ErasedPerson]
    rules: Sequence[Rule]
    region: str


def search_for(people: Sequence[ErasedPerson]) -> Search:
    """Three queries."""
    now = basis_to_try()
    bases = [from_settings(None, settings) for settings in Basis.objects.values_list("settings", flat=True)]
    rules = {
        (rule.parameter.casefold(), rule.kind, rule.normal_form): rule
        for basis in [now, *bases]
        for rule in (*basis.rules.general, *basis.rules.by_event_type.values())
    }
    return Search(people, [*ALWAYS_NAMING, *rules.values()], now.phone_region)


def mentions_somebody(body: str, search: Search) -> bool:
    """Whether an event may have to be written anew; False for nearly all, after a look at the text alone."""
    seen = Seen(body)
    return any(
        person.identifying.may_be_seen_in(seen)
        or (person.may_be_named_in(seen) and is_named_in(body, person, search.rules, search.region))
        for person in search.people
    )


LANES_OF = """
    SELECT lane, id, octet_length(body) FROM events_event WHERE id = ANY(%(ids)s) ORDER BY lane, id
"""


def erase_in_events(event_ids: Collection[int], search: Search) -> None:
    """Takes the people out of these events, their outcomes and their orders: one transaction for each lane, or some.

    Raises LaneBusyError when a lane was held for too long; what is done by then stays done, and may be done again.
    """
    for lane, chunks in _by_lane(event_ids).items():
        keys: set[str] = set()
        for chunk in chunks:
            with transaction.atomic():
                wait_for_lane(lane, LANE_SECONDS)
                keys |= _erase_in_held_lane(chunk, search)
                if chunk is chunks[-1] and keys:
                    _count(search, orders=erase_in_orders(keys, search.people))
                transaction.on_commit(partial(wake_lanes, [lane]))  # who met the held lock went away


def _by_lane(event_ids: Collection[int]) -> dict[int, list[list[int]]]:
    """The events by lane, in parts that one transaction can hold in memory."""
    with connection.cursor() as cursor:
        cursor.execute(LANES_OF, {"ids": list(event_ids)})
        by_lane: dict[int, list[list[int]]] = {}
        size = 0
        for lane, event_id, length in cursor.fetchall():
            chunks = by_lane.setdefault(lane, [])
            size += length
            if not chunks or len(chunks[-1]) == EVENTS_AT_ONCE or size > BYTES_AT_ONCE:
                chunks.append([])
                size = length
            chunks[-1].append(event_id)
    return by_lane


def _erase_in_held_lane(event_ids: Sequence[int], search: Search) -> set[str]:
    """Writes the events anew; the keys of the orders that they are about, of those in which something was changed."""
    erased = [_erase_event(event, search) for event in load_events(event_ids)]
    changed = [one for one in erased if (one.text, one.account) != (one.before.text, one.before.account)]
    store_events(erased)
    if changed:
        _count(search, events=len(changed))
    return {one.before.text.order_key for one in changed if one.before.order_id is not None}


def _erase_event(event: StoredEvent, search: Search) -> ErasedEvent:
    text, account, attempts = event.text, event.account, list(event.attempts)
    # An order is known by its id; so is one that waits to be made, and one that was made and deleted.
    keeps_order_key = event.order_id is not None or event.status in (None, "applied")
    for person in search.people:
        is_own = _is_own(event, text, person, search)
        erased = (
            erase_own(text, person, keeps_order_key=keeps_order_key)
            if is_own
            else erase_mentions(text, person, search.rules, search.region, keeps_order_key=keeps_order_key)
        )
        finder = person.own if is_own else person.identifying
        account = _erase_account(account, erased, finder, is_own=is_own)
        attempts = [
            replace(one, account=_erase_account(one.account, erased, finder, is_own=is_own)) for one in attempts
        ]
        text = erased.text
    return ErasedEvent(before=event, text=text, account=account, attempts=attempts)


def _erase_account(account: Account, erased: Erased, finder: Finder, *, is_own: bool) -> Account:
    return erase_account(account, erased.places, erased.names, finder, is_own=is_own)


def _is_own(event: StoredEvent, text: StoredText, person: ErasedPerson, search: Search) -> bool:
    """Whether an event is the person's own: of their order, else found for them, else naming them and nobody else."""
    if event.order_id is not None and event.order_contact_id is not None:
        return event.order_contact_id == person.contact_id
    if event.contact_id is not None:
        return event.contact_id == person.contact_id
    return is_named_in(text.body, person, search.rules, search.region)


def _count(search: Search, *, events: int = 0, orders: int = 0) -> None:
    """Notes what was done, in the transaction that does it. Of several people, all are told the same."""
    ids = [person.contact_id for person in search.people]
    Erasure.objects.filter(pk__in=ids).update(events=F("events") + events, orders=F("orders") + orders)
