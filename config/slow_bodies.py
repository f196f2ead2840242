"""Keeps slow senders from holding the threads that take events: a body that does not come is cut off.

A thread that reads a body waits for its sender, and the server knows no end to that: as many connections as there are
threads, each sending one byte now and then, would stop the intake. So reads are watched. One that takes long is left
alone while it is one of few; its connection is cut when nearly nothing comes for BODY_SECONDS, or when more than half
of the threads are held at once, which no shop's sender does by chance.

The server does not say which connection a request came by. It is found among the connections of the same address as the
one that has sent no answer and received next to nothing meanwhile; what is cut besides is idle, or waits (`?wait=`).
Works where there is /proc (Linux); elsewhere a proxy that holds bodies back has to do it.
"""

import os
import socket
import stat
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import structlog

log = structlog.get_logger(__name__)

TICK_SECONDS = 0.5
SLOW_SECONDS = 2.0  # a body that takes longer is watched; those of senders in a data centre take milliseconds
BODY_SECONDS = 30.0
LEAST_BYTES_PER_SECOND = 4_000  # below which a body does not come
CROWD_BYTES_PER_SECOND = 64_000  # the same while more than half of the threads are held
OPEN_FILES = Path("/proc/self/fd")
SENT_AND_RECEIVED = struct.Struct("=120xQQ")  # of Linux's tcp_info: tcpi_bytes_acked, tcpi_bytes_received


@dataclass(frozen=True, slots=True)
class Read:
    """A body that is being read: since when (monotonic), and from which address."""

    since: float
    address: str


@dataclass(frozen=True, slots=True)
class Connection:
    """A connection as it was at `at` (monotonic): bytes since it was opened."""

    address: str
    sent: int
    received: int
    at: float


type Connections = Mapping[int, Connection]  # by the inode of the socket


def choose(
    reads: Collection[Read], first: Connections, current: Connections, now: float, threads: int
) -> tuple[set[int], str]:
    """The connections to cut, and why. `first` is how each was when it was first seen since some read was slow."""
    slow = [read for read in reads if now - read.since >= SLOW_SECONDS]
    overdue = {read.address for read in slow if now - read.since >= BODY_SECONDS}
    stalled = {
        inode
        for inode in _without_progress(first, current, BODY_SECONDS - SLOW_SECONDS - 1, LEAST_BYTES_PER_SECOND)
        if current[inode].address in overdue
    }
    if len(slow) * 2 <= threads:
        return stalled, "too_slow"
    [(address, _)] = Counter(read.address for read in slow).most_common(1)
    held = _without_progress(first, current, SLOW_SECONDS - 1, CROWD_BYTES_PER_SECOND)
    return stalled | {inode for inode in held if current[inode].address == address}, "too_many"


def _without_progress(first: Connections, current: Connections, seconds: float, rate: int) -> Iterator[int]:
    """Those that were watched for so long, sent nothing meanwhile and received less than `rate` bytes a second."""
    for inode, now in current.items():
        before = first.get(inode)
        if before is None or before.address != now.address or now.at - before.at < seconds:
            continue
        if now.sent == before.sent and now.received - before.received < rate * (now.at - before.at):
            yield inode


class Guard:
    """The reads of one web process, and the thread that watches them."""

    def __init__(self, port: int, threads: int) -> None:
        self._port = port
        self._threads = threads
        self._reads: dict[int, Read] = {}
        self._numbers = count()
        self._first: dict[int, Connection] = {}

    def start(self) -> None:
        threading.Thread(target=self._run, name="slow-bodies", daemon=True).start()

    def begin(self, address: str) -> int:
        number = next(self._numbers)
        self._reads[number] = Read(time.monotonic(), address)
        return number

    def end(self, number: int) -> None:
        del self._reads[number]

    def _run(self) -> None:
        while True:
            time.sleep(TICK_SECONDS)
            self._look()

    def _look(self) -> None:
        now = time.monotonic()
        reads = list(self._reads.copy().values())
        addresses = {read.address for read in reads if now - read.since >= SLOW_SECONDS / 2}
        if not addresses:
            self._first.clear()
            return
        current = {inode: connection for inode, connection in self._connections(now) if connection.address in addresses}
        self._first = {inode: self._first.get(inode, connection) for inode, connection in current.items()}
        chosen, why = choose(reads, self._first, current, now, self._threads)
        if chosen:
            log.warning("bodies.cut_off", reason=why, connections=len(chosen), bodies=len(reads))
            self._cut(chosen)

    def _connections(self, now: float) -> Iterator[tuple[int, Connection]]:
        """Those of our own listener."""
        for inode, connection in _sockets():
            with suppress(OSError):
                if connection.getsockname()[1] != self._port:
                    continue
                info = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, SENT_AND_RECEIVED.size)
                sent, received = SENT_AND_RECEIVED.unpack(info)
                yield inode, Connection(connection.getpeername()[0], sent, received, now)

    def _cut(self, inodes: Iterable[int]) -> None:
        """Ends them in both directions; the server notices, closes them, and the read ends."""
        wanted = set(inodes)
        for inode, connection in _sockets():
            if inode in wanted:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
                self._first.pop(inode, None)


def _sockets() -> Iterator[tuple[int, socket.socket]]:
    """The TCP sockets of this process by their inodes, each through a descriptor of our own that lasts for one step.

    The inode is asked of that descriptor: the number in the list may belong to another file by then.
    """
    for name in os.listdir(OPEN_FILES):
        with suppress(OSError):
            descriptor = os.dup(int(name))
            status = os.fstat(descriptor)
            if not stat.S_ISSOCK(status.st_mode):
                os.close(descriptor)
                continue
            with socket.socket(fileno=descriptor) as connection:
                if connection.family in (socket.AF_INET, socket.AF_INET6) and connection.type == socket.SOCK_STREAM:
                    yield status.st_ino, connection


class _WatchedInput:
    """The body of a request, whose reads are told to the guard."""

    __slots__ = ("_address", "_guard", "_inner")

    def __init__(self, inner: Any, guard: Guard, address: str) -> None:
        self._inner, self._guard, self._address = inner, guard, address

    def read(self, *size: int) -> bytes:
        return self._watched(self._inner.read, *size)

    def readline(self, *size: int) -> bytes:
        return self._watched(self._inner.readline, *size)

    def _watched(self, read: Callable[..., bytes], *size: int) -> bytes:
        number = self._guard.begin(self._address)
        try:
            return read(*size)
        finally:
            self._guard.end(number)


def guarded(application: Any, port: int, threads: int) -> Any:
    """The WSGI application, the bodies of whose requests are watched."""
    if not OPEN_FILES.exists():
        return application
    guard = Guard(port, threads)
    guard.start()

    def call(environ: dict[str, Any], start_response: Any) -> Any:
        environ["wsgi.input"] = _WatchedInput(environ["wsgi.input"], guard, environ.get("REMOTE_ADDR", ""))
        return application(environ, start_response)

    return call
