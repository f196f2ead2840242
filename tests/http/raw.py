"""HTTP as bytes, for requests that no client library would send."""

import socket
from collections.abc import Iterable
from dataclasses import dataclass, field

CRLF = b"\r\n"
BODY = b'{"eventTypeKey":"seen","keyValue":"k"}'


@dataclass(frozen=True)
class Answer:
    """What came back: `status` is 0 when nothing did, `interim` holds the 1xx before it."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    interim: tuple[int, ...] = ()
    version: str = ""


def send(port: int, parts: bytes | Iterable[bytes], seconds: float = 20.0) -> Answer:
    """Sends the bytes and reads until the server closes. A server that closes before all is sent is no error."""
    with socket.create_connection(("127.0.0.1", port), timeout=seconds) as connection:
        try:
            for part in [parts] if isinstance(parts, bytes) else parts:
                connection.sendall(part)
        except OSError:
            pass
        received = b""
        try:
            while chunk := connection.recv(65_536):
                received += chunk
        except ConnectionResetError:
            pass
    return read(received)


def read(received: bytes, interim: tuple[int, ...] = ()) -> Answer:
    if not received:
        return Answer()
    head, _, rest = received.partition(CRLF * 2)
    first, *lines = head.decode("latin-1").split("\r\n")
    version, status, *_ = first.split(" ")
    if status.startswith("1"):
        return read(rest, (*interim, int(status)))
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    return Answer(int(status), headers, rest, interim, version)


def request(
    method: str = "POST",
    target: str | bytes = "/api/v1/event",
    headers: Iterable[str | bytes] = (),
    body: bytes = b"",
    *,
    version: str = "1.1",
    length: bool = True,
) -> bytes:
    """A request as bytes, with Host, `Connection: close` and, unless told otherwise, its Content-Length."""
    address = target if isinstance(target, bytes) else target.encode()
    lines = [method.encode() + b" " + address + b" HTTP/" + version.encode()]
    if version == "1.1":
        lines += [b"Host: shop.example", b"Connection: close"]
    lines += [line if isinstance(line, bytes) else line.encode() for line in headers]
    if body and length:
        lines.append(b"Content-Length: %d" % len(body))
    return CRLF.join(lines) + CRLF * 2 + body
