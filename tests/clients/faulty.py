"""What makes trouble for a client: a proxy that cuts connections, and a server that answers by script."""

import socket
import struct
import threading
from collections import deque
from contextlib import suppress
from enum import Enum, auto
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import urlsplit


class Fault(Enum):
    REFUSE = auto()  # the connection is cut before a byte of the request is passed on
    CUT_REQUEST = auto()  # half of the request's first bytes reach the server
    CUT_ANSWER = auto()  # the server has answered, and nothing of it reaches the client
    HALF_ANSWER = auto()  # the client gets half of what the server answered
    HOLD_ANSWER = auto()  # the server has answered, and the client waits for it in vain


class CuttingProxy:
    """Passes TCP connections on to `target`; each of `faults` happens once, in order, to what comes next."""

    def __init__(self, target: str) -> None:
        parts = urlsplit(target)
        self._target = (parts.hostname, parts.port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.faults: deque[Fault] = deque()
        self.connections = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                self.connections += 1
                if self._take(Fault.REFUSE):
                    reset(client)
                    continue
                server = socket.create_connection(self._target)
                threading.Thread(target=self._pass_requests, args=(client, server), daemon=True).start()
                threading.Thread(target=self._pass_answers, args=(client, server), daemon=True).start()

    def _take(self, *wanted: Fault) -> Fault | None:
        return self.faults.popleft() if self.faults and self.faults[0] in wanted else None

    def _pass_requests(self, client: socket.socket, server: socket.socket) -> None:
        with suppress(OSError):
            while data := client.recv(65_536):
                if self._take(Fault.CUT_REQUEST):
                    server.sendall(data[: len(data) // 2])
                    reset(server)
                    reset(client)
                    return
                server.sendall(data)
        with suppress(OSError):
            server.shutdown(socket.SHUT_WR)

    def _pass_answers(self, client: socket.socket, server: socket.socket) -> None:
        with suppress(OSError):
            while data := server.recv(65_536):
                match self._take(Fault.CUT_ANSWER, Fault.HALF_ANSWER, Fault.HOLD_ANSWER):
                    case Fault.CUT_ANSWER:
                        reset(client)
                        return
                    case Fault.HALF_ANSWER:
                        client.sendall(data[: len(data) // 2])
                        client.close()
                        return
                    case Fault.HOLD_ANSWER:
                        return
                client.sendall(data)
        with suppress(OSError):
            client.shutdown(socket.SHUT_RDWR)


def reset(connection: socket.socket) -> None:
    """Ends it as a crash does: with RST."""
    with suppress(OSError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.shutdown(socket.SHUT_RD)
    connection.close()


class ScriptedServer:
    """Answers with `answers` in order: (status, headers, body). Keeps the (method, path, headers, body) that it got."""

    def __init__(self, *answers: tuple[int, dict[str, str], bytes]) -> None:
        self.requests: list[tuple[str, str, dict[str, str], bytes]] = []
        script, requests = deque(answers), self.requests

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                requests.append((self.command, self.path, dict(self.headers), body))
                status, headers, content = script.popleft()
                self.send_response(status)
                for name, value in {**headers, "Content-Length": str(len(content))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = answer  # noqa: N815 - the names that http.server calls

            def log_message(self, *_: Any) -> None: ...

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
