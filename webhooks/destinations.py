"""Where a message may be sent: to public addresses by https, and into those private networks that the operator named.

A subscription's address is chosen by staff, and the server stands inside a network that its neighbours trust. So a name
is resolved and each of its addresses checked before anything is sent, and httpx-secure then holds the connection to the
address it has checked, whatever the name resolves to by then. Redirects are never followed.
"""

import asyncio
import socket
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from urllib.parse import SplitResult, urlsplit

from django.conf import settings

from webhooks.models import MAX_URL

type Address = IPv4Address | IPv6Address
type Network = IPv4Network | IPv6Network

PORTS = {"https": 443, "http": 80}


class DestinationError(Exception):
    """Nothing may be sent to this address; the message says why."""


def is_private_allowed(address: Address) -> bool:
    """Whether the operator has named a network that the address lies in (WEBHOOK_ALLOWED_NETWORKS)."""
    return any(address in network for network in settings.WEBHOOK_ALLOWED_NETWORKS)


def may_be_reached(address: Address, scheme: str) -> bool:
    """Public addresses by https only; allowed private ones by http, too."""
    if is_private_allowed(address):
        return True
    return scheme == "https" and address.is_global and not address.is_multicast


def find_url_fault(url: str) -> str:
    """Why this can never be a subscription's address, in a sentence; empty when it can. Resolves no name."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return "This is not a web address."
    if len(url) > MAX_URL or not url.isprintable() or " " in url:
        return f"An address has no blanks and no more than {MAX_URL:,} characters."
    if parts.scheme not in PORTS or not parts.hostname:
        return "Give a whole address, such as https://shop.example/orderloom."
    if parts.username is not None or parts.password is not None:
        return "Leave the user name and password out: messages prove where they come from by their signature."
    if parts.fragment:
        return "Leave out what follows the #: it is never sent."
    if port == 0:
        return "The port 0 cannot be reached."
    return _fault_of_host(parts)


def _fault_of_host(parts: SplitResult) -> str:
    try:
        address = ip_address(parts.hostname or "")
    except ValueError:
        if parts.scheme == "http" and not settings.WEBHOOK_ALLOWED_NETWORKS:
            return "Give an https address: over http anybody on the way can read what is sent."
        return ""
    if may_be_reached(address, parts.scheme):
        return ""
    if parts.scheme == "http" and address.is_global:
        return "Give an https address: over http anybody on the way can read what is sent."
    return f"{address} lies in a private network. The operator can allow it with WEBHOOK_ALLOWED_NETWORKS."


async def check_destination(url: str) -> None:
    """Raises DestinationError unless each address that the name stands for now may be reached."""
    parts = urlsplit(url)
    if fault := find_url_fault(url):
        raise DestinationError(fault)
    for address in await _resolve(parts.hostname or "", parts.port or PORTS[parts.scheme]):
        if not may_be_reached(address, parts.scheme):
            how = " by http" if address.is_global else ", which lies in a private network"
            raise DestinationError(f"{parts.hostname} stands for {address}{how}: nothing is sent there.")


async def _resolve(host: str, port: int) -> Sequence[Address]:
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (socket.gaierror, UnicodeError) as error:
        raise DestinationError(f"There is no server of the name {host}.") from error
    return [ip_address(str(entry[4][0]).partition("%")[0]) for entry in found]
