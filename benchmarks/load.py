"""The load generator: one thread, keep-alive sockets, prebuilt bytes, so that the servers get the machine's two cores.

Its own CPU time is measured and reported with every figure; ours, the naive app and the empty view get the same one.
An answer that is not 200 ends the run: a rate of refusals is no rate.
"""

import select
import socket
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

READ_BYTES = 1 << 18
ANSWER_SECONDS = 60


class UnexpectedAnswerError(Exception):
    """The server answered something other than 200; the message has the head of its answer."""


@dataclass(slots=True)
class Load:
    """What was answered in one go. `latencies` are seconds, in the order in which the answers came."""

    seconds: float = 0.0
    answers: int = 0
    cpu_seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)

    @property
    def rate(self) -> float:
        return self.answers / self.seconds

    def percentile(self, share: float) -> float:
        return percentile(self.latencies, share)


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which `share` (0 to 1) of the values lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


class _Connection:
    """One keep-alive connection with at most one request under way."""

    __slots__ = ("_received", "sent_at", "socket")

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=ANSWER_SECONDS)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sent_at = 0.0
        self._received = b""

    def send(self, data: bytes, sent_at: float) -> None:
        self.sent_at = sent_at
        self.socket.sendall(data)

    def read_answer(self) -> bytes | None:
        """The body of the answer once all of it is there, else None."""
        data = self.socket.recv(READ_BYTES)
        if not data:
            raise UnexpectedAnswerError("the server closed the connection")
        data = self._received + data
        body = _body(data)
        if body is None:
            self._received = data
            return None
        self._received = b""
        if data[9:12] != b"200":
            raise UnexpectedAnswerError(data[:2_000].decode(errors="replace"))
        return body


LAST_CHUNK = b"0\r\n\r\n"


def _body(data: bytes) -> bytes | None:
    """The body when the whole answer is there, with its length in front or in chunks."""
    head, separator, body = data.partition(b"\r\n\r\n")
    if not separator:
        return None
    head = head.lower()
    start = head.find(b"content-length:")
    if start < 0:
        return _joined(body) if body.endswith(LAST_CHUNK) else None
    length = int(head[start + 15 :].split(b"\r\n", 1)[0])
    return body if len(body) >= length else None


def _joined(body: bytes) -> bytes:
    """The content of all the chunks."""
    content = b""
    while body != LAST_CHUNK:
        size, _, rest = body.partition(b"\r\n")
        length = int(size, 16)
        content += rest[:length]
        body = rest[length + 2 :]
    return content


class Client:
    """A fixed number of connections to one server; use it as a context manager."""

    def __init__(self, port: int, connections: int) -> None:
        self._connections = [_Connection(port) for _ in range(connections)]
        self._by_fd = {connection.socket.fileno(): connection for connection in self._connections}
        self._poll = select.epoll()
        for fd in self._by_fd:
            self._poll.register(fd, select.EPOLLIN)

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: object) -> None:
        self._poll.close()
        for connection in self._connections:
            connection.socket.close()

    def closed_loop(self, requests: Iterable[bytes], seconds: float = float("inf")) -> Load:
        """Each connection sends its next request when its last one is answered, until time or requests are used up."""
        load, pending, under_way = Load(), iter(requests), 0
        cpu, start = time.process_time(), time.perf_counter()
        stop = start + seconds
        for connection in self._connections:
            under_way += self._send_next(connection, pending, stop)
        while under_way:
            for fd, _ in self._poll.poll(ANSWER_SECONDS):
                connection = self._by_fd[fd]
                if connection.read_answer() is None:
                    continue
                load.latencies.append(time.perf_counter() - connection.sent_at)
                under_way += self._send_next(connection, pending, stop) - 1
        load.seconds, load.answers = time.perf_counter() - start, len(load.latencies)
        load.cpu_seconds = time.process_time() - cpu
        return load

    @staticmethod
    def _send_next(connection: _Connection, pending: Iterator[bytes], stop: float) -> int:
        now = time.perf_counter()
        data = next(pending, None) if now < stop else None
        if data is None:
            return 0
        connection.send(data, now)
        return 1

    def open_loop(
        self, requests: Sequence[bytes], per_second: float, on_answer: Callable[[float, bytes], None] | None = None
    ) -> Load:
        """Sends at a fixed rate whatever the answers do; `on_answer` gets (when it was due, body).

        Latency counts from the moment at which a request was due, so a server that stalls is charged for all that
        had to wait behind it.
        """
        load, idle = Load(), deque(self._connections)  # in turn: the server closes what is idle for seconds
        cpu, start = time.process_time(), time.perf_counter()
        due = deque((start + index / per_second, data) for index, data in enumerate(requests))
        while len(load.latencies) < len(requests):
            while due and idle and due[0][0] <= time.perf_counter():
                due_at, data = due.popleft()
                idle.popleft().send(data, due_at)
            pause = max(0.0, due[0][0] - time.perf_counter()) if due and idle else ANSWER_SECONDS
            for fd, _ in self._poll.poll(pause):
                connection = self._by_fd[fd]
                body = connection.read_answer()
                if body is None:
                    continue
                load.latencies.append(time.perf_counter() - connection.sent_at)
                idle.append(connection)
                if on_answer is not None:
                    on_answer(connection.sent_at, body)
        load.seconds, load.answers = time.perf_counter() - start, len(load.latencies)
        load.cpu_seconds = time.process_time() - cpu
        return load
