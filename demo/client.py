"""What the sample shop's systems ask of Orderloom: the Python client, one for the key of each source."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import urllib3
from orderloom_client import ApiError, AuthenticationError, Client, NotFoundError, Retries

from demo.record import Channel
from demo.trouble import DemoError


@dataclass(frozen=True, slots=True, kw_only=True)
class RevenueRow:
    """One period and currency as GET /api/v1/revenue answers it."""

    period: date
    currency: str
    revenue: Decimal
    orders: int
    sdk_initialized: Decimal
    sdk_initialized_orders: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RevenueAnswer:
    time_zone: str
    rows: tuple[RevenueRow, ...]


class ShopClient:
    """Calls the API at `base_url`. Raises DemoError for events that are refused, and the errors of the client."""

    def __init__(
        self,
        base_url: str,
        keys: Mapping[Channel, str],
        retries: Retries | None = None,
        pool: urllib3.PoolManager | None = None,
    ) -> None:
        self._clients = {
            channel: Client(base_url, key, timeout=60.0, retries=retries, pool=pool) for channel, key in keys.items()
        }

    def close(self) -> None:
        for client in self._clients.values():
            client.close()

    def accepts(self, channel: Channel) -> bool:
        """Whether the API knows the key of this channel: whether it is the installation that issued it."""
        try:
            self._clients[channel].get("/api/v1/revenue")
        except ApiError as error:
            return not isinstance(error, AuthenticationError)
        return True

    def post_contact(self, contact: Mapping[str, Any]) -> None:
        self._clients[Channel.ARCHIVE].save_contact(contact)

    def post_events(self, channel: Channel, bodies: Sequence[bytes]) -> list[int]:
        """Posts events in bulk. Returns their ids in the order given; one that is refused is an error."""
        results = self._clients[channel].post_events(bodies)
        refused = [result for result in results if not result.is_accepted]
        if refused:
            raise DemoError(f"The API refused {len(refused)} of {len(bodies)} events, first: {refused[0]}")
        return [int(result.id) for result in results if result.id]

    def post_event(self, channel: Channel, api_version: int, body: bytes) -> int:
        return int(self._clients[channel].post_event(body, api_version=api_version))

    def events_of(self, channel: Channel, source: str) -> Iterator[dict[str, Any]]:
        """The events of a source, newest first, page by page."""
        yield from self._clients[channel].pages("/api/v1/events", source=source)

    def source_of(self, channel: Channel, event_id: int) -> str | None:
        """The name of the source of an event; None when there is no such event."""
        try:
            return str(self._clients[channel].get_event(event_id).raw["source"])
        except NotFoundError:
            return None

    def newest_waiting(self, channel: Channel, source: str) -> int | None:
        """The id of the source's newest event without an outcome; None when all have theirs."""
        found = self._clients[channel].get("/api/v1/events", source=source, outcome="waiting", limit=1)["results"]
        return int(found[0]["id"]) if found else None

    def wait_for(self, channel: Channel, event_id: int, seconds: float) -> None:
        """Returns when the event has its outcome. Raises OutcomeTimeoutError after so many seconds."""
        self._clients[channel].wait_for_outcome(event_id, timeout=seconds)

    def orders(self) -> Iterator[dict[str, Any]]:
        yield from self._clients[Channel.WEBSITE].get_orders()

    def revenue(self, first: date, last: date) -> RevenueAnswer:
        """By month, for orders dated from `first` to `last`, both included."""
        answer = self._clients[Channel.WEBSITE].get("/api/v1/revenue", **{"from": first, "to": last, "by": "month"})
        return RevenueAnswer(time_zone=answer["timeZone"], rows=tuple(_revenue_row(row) for row in answer["results"]))


def _revenue_row(row: Mapping[str, Any]) -> RevenueRow:
    return RevenueRow(
        period=date.fromisoformat(row["period"]),
        currency=row["currency"],
        revenue=Decimal(row["revenue"]),
        orders=row["orders"],
        sdk_initialized=Decimal(row["mobileSdkInitializedRevenue"]),
        sdk_initialized_orders=row["mobileSdkInitializedOrders"],
    )
