"""Where a claim starts to look in a lane, so that a long read elsewhere cannot make the queue crawl.

While any transaction holds an old snapshot, the rows that were taken out of the queue stay in its index, and a claim
from the lane's beginning would walk over all of them. What was the first waiting position a while ago is a safe place
to start: whatever is lower has been applied since, for positions are given out ascending and the transactions that
stored lower ones have ended. Only one that was stopped for longer than SETTLED_SECONDS can still bring a lower one;
the thorough sweep, which starts at zero, finds it.

Kept in the memory of a process: a new process starts at zero and learns.
"""

from collections import deque

SETTLED_SECONDS = 60.0  # far longer than storing events takes; the inbox gives up after half of it
SAMPLE_SECONDS = 5.0


class Floors:
    """For each lane, samples of its first waiting position, taken while the lane was held."""

    def __init__(self) -> None:
        self._samples: dict[int, deque[tuple[float, int]]] = {}

    def saw_first(self, lane: int, position: int, now: float) -> None:
        """Notes that `position` was the first waiting one at `now` (monotonic seconds)."""
        samples = self._samples.setdefault(lane, deque())
        if not samples or now - samples[-1][0] >= SAMPLE_SECONDS:
            samples.append((now, position))

    def floor(self, lane: int, now: float) -> int:
        """The position from which the lane is read at `now`; 0 while nothing is known for long enough."""
        samples = self._samples.get(lane)
        if not samples:
            return 0
        while len(samples) > 1 and now - samples[1][0] >= SETTLED_SECONDS:
            samples.popleft()
        moment, position = samples[0]
        return position if now - moment >= SETTLED_SECONDS else 0
