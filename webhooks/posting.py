"""Posts signed messages, many at a time, and says what came of each. Knows nothing of the database.

Signed as Standard Webhooks has it (https://www.standardwebhooks.com): `webhook-id`, `webhook-timestamp` and
`webhook-signature`, of the library of that standard. Any 2xx means that the message was taken; everything else is a
failure, redirects included. What is answered is not read.
"""

import asyncio
import ssl
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache

import httpx
from httpx_secure import SSRFProtectionError, httpx_ssrf_protection
from standardwebhooks.webhooks import Webhook

from webhooks.destinations import Address, DestinationError, check_destination, may_be_reached
from webhooks.exchange import AT_ONCE, Answer, Message

CONNECT_SECONDS = 5.0
ANSWER_SECONDS = 10.0
WHOLE_SECONDS = 15.0
MAX_ERROR = 200  # characters
USER_AGENT = "Orderloom-Webhooks/1"


def post_messages(messages: Sequence[Message]) -> list[Answer]:
    """Posts all of them, AT_ONCE at a time, each within WHOLE_SECONDS."""
    return asyncio.run(_post_all(messages)) if messages else []


async def _post_all(messages: Sequence[Message]) -> list[Answer]:
    turns = asyncio.Semaphore(AT_ONCE)
    async with _client("https") as secure, _client("http") as plain:
        clients = {"https": secure, "http": plain}

        async def post(message: Message) -> Answer:
            async with turns:
                return await _post(clients[message.url.partition(":")[0].lower()], message)

        return await asyncio.gather(*(post(message) for message in messages))


def _client(scheme: str) -> httpx.AsyncClient:
    """A client that connects to addresses only that may be reached by this scheme."""

    def may_connect(_host: str, address: Address, _port: int) -> bool:
        return may_be_reached(address, scheme)

    client = httpx.AsyncClient(
        timeout=httpx.Timeout(ANSWER_SECONDS, connect=CONNECT_SECONDS),
        limits=httpx.Limits(max_connections=AT_ONCE, max_keepalive_connections=AT_ONCE),
        headers={"User-Agent": USER_AGENT, "Content-Type": "application/json"},
        follow_redirects=False,
        trust_env=False,
        verify=_authorities(),
    )
    return httpx_ssrf_protection(client, check_globally_reachable=False, custom_validator=may_connect, dns_cache_ttl=0)


@cache
def _authorities() -> ssl.SSLContext:
    """Whose certificates are believed. Read once: that takes longer than posting a message."""
    return httpx.create_ssl_context(trust_env=False)


async def _post(client: httpx.AsyncClient, message: Message) -> Answer:
    at, started = datetime.now(UTC), time.perf_counter()
    status, error = None, ""
    try:
        async with asyncio.timeout(WHOLE_SECONDS):
            await check_destination(message.url)
            headers = signed_headers(message, at)
            async with client.stream("POST", message.url, content=message.body, headers=headers) as answer:
                status = answer.status_code
        error = _fault_of(status)
    except (DestinationError, SSRFProtectionError) as refusal:
        error = str(refusal)
    except (TimeoutError, httpx.TimeoutException):
        error = "There was no answer in time."
    except (httpx.HTTPError, httpx.InvalidURL) as failure:
        error = f"No connection: {failure}" if str(failure) else f"No connection: {type(failure).__name__}"
    milliseconds = round((time.perf_counter() - started) * 1_000)
    return Answer(message.delivery_id, at, milliseconds, status, error[:MAX_ERROR])


def _fault_of(status: int) -> str:
    if 200 <= status < 300:
        return ""
    if 300 <= status < 400:
        return f"It was answered with {status}: redirects are not followed."
    return f"It was answered with {status}."


def signed_headers(message: Message, at: datetime) -> dict[str, str]:
    """The headers of Standard Webhooks for a message that is sent at this moment (UTC)."""
    signatures = [Webhook(secret).sign(message.message_id, at, message.body) for secret in message.secrets]
    return {
        "webhook-id": message.message_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(signatures),
    }
