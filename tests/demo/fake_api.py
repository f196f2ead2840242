"""An API in memory for the demo's client: it keeps what is posted, and can lose an answer or refuse a connection."""

import gzip
import json
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any
from urllib.parse import parse_qs, urlsplit

import urllib3
from orderloom_client import Retries

from demo.client import ShopClient
from demo.record import Channel

SOURCES = {channel: f"Demo {channel.value}" for channel in Channel}
KEYS = {channel: f"key-of-{channel.value}" for channel in Channel}
PATH_OF_LIST = "/api/v1/events"


@dataclass(slots=True)
class FakeApi:
    """`events` are (source, envelope) in order of acceptance; an event's id is its place, from 1."""

    events: list[tuple[str, dict]] = field(default_factory=list)
    contacts: list[dict] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    answers: dict[str, dict] = field(default_factory=dict)  # by idempotency key
    answers_to_lose: int = 0  # that many posts are stored, and then the connection breaks
    posts_to_refuse: int = 0  # that many posts break before anything is stored

    def client(self) -> ShopClient:
        retries = Retries(attempts=5, first_pause_seconds=0)
        return ShopClient("http://api.test", KEYS, retries, pool=Wire(self))

    def answer(self, method: str, url: str, headers: dict[str, str], body: bytes | None) -> dict:
        parts = urlsplit(url)
        self.requests.append(f"{method} {parts.path}")
        source = next(SOURCES[channel] for channel in Channel if headers["Authorization"] == f"Bearer {KEYS[channel]}")
        if method == "GET":
            return self._list(url, source)
        if self.posts_to_refuse:
            self.posts_to_refuse -= 1
            raise urllib3.exceptions.ProtocolError("refused")
        plain = gzip.decompress(body) if headers.get("Content-Encoding") == "gzip" else body
        answer = self._take_once(headers["Idempotency-Key"], parts.path, json.loads(plain), source)
        if self.answers_to_lose:
            self.answers_to_lose -= 1
            raise urllib3.exceptions.ProtocolError("connection lost")
        return answer

    def _take_once(self, key: str, path: str, body: dict, source: str) -> dict:
        if key not in self.answers:
            self.answers[key] = self._take(path, body, source)
        return self.answers[key]

    def _take(self, path: str, body: dict, source: str) -> dict:
        if path == "/api/v1/contact":
            self.contacts.append(body)
            return {"id": len(self.contacts)}
        envelopes = body["events"] if path == PATH_OF_LIST else [body]
        first = len(self.events) + 1
        self.events += [(source, envelope) for envelope in envelopes]
        ids = [str(first + offset) for offset in range(len(envelopes))]
        if path == PATH_OF_LIST:
            return {"results": [{"index": i, "id": id_} for i, id_ in enumerate(ids)]}
        return {"id": ids[0], "status": "accepted"}

    def _list(self, url: str, source: str) -> dict:
        query = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        assert query["source"] == source
        ids = [number for number, (owner, _) in enumerate(self.events, start=1) if owner == source]
        start, limit = int(query.get("cursor", 0)), int(query["limit"])
        newest_first = ids[::-1]
        following = f"{PATH_OF_LIST}?source={source}&limit={limit}&cursor={start + limit}"
        return {
            "results": [{"id": str(event_id)} for event_id in newest_first[start : start + limit]],
            "next": following.replace(" ", "%20") if start + limit < len(ids) else None,
        }


class Wire(urllib3.PoolManager):
    """Connections to a FakeApi."""

    def __init__(self, api: FakeApi) -> None:
        super().__init__()
        self._api = api

    def request(self, method: str, url: str, *, body: bytes | None, headers: dict[str, str], **_: Any) -> Any:
        content = json.dumps(self._api.answer(method, url, headers, body)).encode()
        return urllib3.HTTPResponse(BytesIO(content), status=200)
