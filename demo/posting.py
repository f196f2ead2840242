"""Posts the sample shop step by step, each step once, however often the demo is interrupted.

A step is one request: up to CHUNK_SIZE events of one source in bulk (all of them stored in one transaction, or none),
or a single event. A connection that breaks is the client's affair, which sends the step again with the same idempotency
key. That key is gone with the process, so the first step of a run, which an earlier one may have posted without noting
the answer, is asked for before it is posted: the source's events that are newer than the last remembered one are that
step's, or there are none. Only the demo posts with these sources until it is through.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, takewhile

from orderloom_client import ConnectionFailedError, OutcomeTimeoutError

from demo.client import ShopClient
from demo.memory import Memory
from demo.record import Channel
from demo.shop import Message, Shop
from demo.trouble import DemoError

CHUNK_SIZE = 250  # some 120 kB; small enough for the progress bar to move
PATIENCE_SECONDS = 90.0  # for all outcomes; a few seconds are usual


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One request; `api_version` 0 is the bulk call."""

    channel: Channel
    api_version: int
    messages: tuple[Message, ...]


def steps_of(shop: Shop) -> list[Step]:
    """The shop's messages as requests, in their order."""
    steps = []
    for (channel, version), group in groupby(
        shop.messages, key=lambda message: (message.act.channel, message.api_version)
    ):
        messages, size = tuple(group), CHUNK_SIZE if version == 0 else 1
        steps += [
            Step(channel=channel, api_version=version, messages=messages[start : start + size])
            for start in range(0, len(messages), size)
        ]
    return steps


@dataclass(frozen=True, slots=True, kw_only=True)
class Poster:
    """`sources` are the names of the demo's sources; `remember` stores the memory after each answer."""

    client: ShopClient
    sources: Mapping[Channel, str]
    memory: Memory
    remember: Callable[[], None]

    def post_contacts(self, shop: Shop) -> Iterator[int]:
        """Imports the contacts, yielding after each. Posting one again updates it with the same values."""
        if self.memory.contacts_posted:
            return
        for contact in shop.contacts:
            self.client.post_contact(contact)
            yield 1
        self.memory.contacts_posted = True
        self.remember()

    def post_events(self, steps: Sequence[Step]) -> Iterator[int]:
        """Posts the steps that were not answered yet, yielding the number of events after each."""
        is_doubtful = True  # the earlier run may have ended between an answer and its note
        for step in steps[len(self.memory.accepted) :]:
            self.memory.accepted.append(self._post(step, is_doubtful))
            self.remember()
            is_doubtful = False
            yield len(step.messages)

    def _post(self, step: Step, is_doubtful: bool) -> list[int]:
        try:
            if is_doubtful and (taken := self._taken_already(step)):
                return taken
            return self._send(step)
        except ConnectionFailedError as error:
            raise DemoError(f"The connection to Orderloom broke. {error}") from error

    def _send(self, step: Step) -> list[int]:
        bodies = [message.body for message in step.messages]
        if step.api_version == 0:
            return self.client.post_events(step.channel, bodies)
        return [self.client.post_event(step.channel, step.api_version, bodies[0])]

    def _taken_already(self, step: Step) -> list[int]:
        """The ids of a step that was stored though its answer is not remembered; none when it was not stored."""
        newest_known = max(self.memory.event_ids, default=0)
        events = self.client.events_of(step.channel, self.sources[step.channel])
        taken = sorted(takewhile(lambda event_id: event_id > newest_known, (int(event["id"]) for event in events)))
        if len(taken) not in (0, len(step.messages)):
            raise DemoError(
                f"The source “{self.sources[step.channel]}” has {len(taken)} events that the demo does not remember. "
                "Something else posted to it, or demo-shop.json in DATA_DIR is an older one: use a new DATA_DIR."
            )
        return taken

    def wait_until_decided(self) -> None:
        """Returns when none of the demo's events waits any more. Raises DemoError when that takes too long."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        for channel, source in self.sources.items():
            while (event_id := self.client.newest_waiting(channel, source)) is not None:
                try:
                    self.client.wait_for(channel, event_id, max(0.0, deadline - time.monotonic()))
                except OutcomeTimeoutError as error:
                    raise DemoError(
                        f"Event {event_id} still waits after {PATIENCE_SECONDS:.0f} s: is a worker running?"
                    ) from error
