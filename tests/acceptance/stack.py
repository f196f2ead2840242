"""A whole Orderloom of its own, started as users start it, whose parts a test can kill, freeze, stop and start again.

    with Stack(tmp_path, redis=True, workers=4) as stack:      # real processes, all of them
        key = stack.create_source("shop")
        with stack.client(key) as shop:
            shop.post("/api/v1/event", json={…})
        stack.kill("worker")                                    # SIGKILL; the supervisor starts it again
        stack.redis.stop(); stack.redis.start()
        stack.postgres.restart()
        stack.wait_until_nothing_waits()
        assert stack.verify_ledger() == ""

Without `redis` everything but PostgreSQL runs in the web process, as `make run` does. PostgreSQL belongs to the test
(`stack.postgres`) unless `embedded=True`, which leaves it to the supervisor. Durability is on, as shipped.
Nothing outlives the test's process, even when that is killed.
"""

import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx
import psutil
import psycopg

from config.embedded import EmbeddedPostgres
from config.environment import BASE_DIR, Environment
from config.parents import ending_with_parent

SECRET_KEY = "a key that only tests sign with, and that is as long as it should be"
OURS = {name.upper() for name in Environment.model_fields}  # of the environment; a stack takes none of the test's own
SECONDS_TO_START = 180.0  # a start on a machine that does much else; what hangs, hangs longer
SECONDS_TO_STOP = 40.0
# All is plain HTTP. Without this each client reads the certificates of the world, which takes longer than a request.
NO_CERTIFICATES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def wait_until[T](condition: Callable[[], T], seconds: float = 90.0, what: str = "") -> T:
    """The first true value of `condition`, which is asked every 50 ms; fails the test after `seconds`."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds:g} s: {what or condition}")
        time.sleep(0.05)
    return value


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Postgres:
    """A PostgreSQL 18 of the test's own in `home`, durable as shipped."""

    def __init__(self, home: Path) -> None:
        home.mkdir(parents=True, exist_ok=True)
        self._server = EmbeddedPostgres(home)
        self.url = self._server.url

    @property
    def pid(self) -> int:
        """Of the postmaster."""
        assert self._server.process is not None
        return self._server.process.pid

    def start(self) -> None:
        self._server.start()

    def stop(self) -> None:
        """A fast shutdown: open connections are cut."""
        self._server.stop()

    def restart(self) -> None:
        self.stop()
        self.start()

    def kill(self) -> None:
        """SIGKILL of the postmaster: the next start recovers from the write-ahead log."""
        assert self._server.process is not None
        self._server.process.kill()
        self._server.process.wait()


class Redis:
    """A redis-server of the test's own that keeps nothing on disk; its port stays the same over restarts."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        program = shutil.which("redis-server")
        assert program, "redis-server is not installed (Debian: apt-get install redis-server)"
        self.home.mkdir(parents=True, exist_ok=True)
        with (self.home / "redis.log").open("ab") as log:
            self._process = subprocess.Popen(
                [program, "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"],
                cwd=self.home,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=ending_with_parent(signal.SIGKILL),
            )
        wait_until(self.is_answering, what="redis answers")

    def is_answering(self) -> bool:
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
        return False

    def stop(self) -> None:
        """Gone, with everything in it."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def flush(self) -> None:
        with socket.create_connection(("127.0.0.1", self.port), timeout=5) as connection:
            connection.sendall(b"FLUSHALL\r\n")
            assert connection.recv(16).startswith(b"+OK")

    def freeze(self) -> None:
        """It keeps its connections and answers nothing."""
        os.kill(self.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        os.kill(self.pid, signal.SIGCONT)


class Stack:
    """One installation in `home`. A context manager: started on entering, stopped on leaving."""

    def __init__(
        self,
        home: Path,
        *,
        redis: bool = False,
        embedded: bool = False,
        workers: int = 1,
        web_workers: int = 1,
        environment: dict[str, str] | None = None,
    ) -> None:
        self.home = home
        self.data_dir = home / "data"
        self.log = home / "stack.log"
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.process: subprocess.Popen[bytes] | None = None
        self._redis = Redis(home / "redis") if redis else None
        self._postgres = None if embedded else Postgres(home / "database")
        self.database_url = self._postgres.url if self._postgres else EmbeddedPostgres(self.data_dir).url
        self.environment = {name: value for name, value in os.environ.items() if name not in OURS} | {
            "DATA_DIR": str(self.data_dir),
            "PORT": str(self.port),
            "WORKER_PROCESSES": str(workers),
            "WEB_WORKERS": str(web_workers),
            "LOG_FORMAT": "json",
        }
        if self._postgres:
            self.environment |= {"DATABASE_URL": self._postgres.url, "SECRET_KEY": SECRET_KEY}
        if self._redis:
            self.environment["REDIS_URL"] = self._redis.url
        self.environment |= environment or {}

    # ---- the whole

    def __enter__(self) -> Self:
        try:
            if self._redis:
                self._redis.start()
            if self._postgres:
                self._postgres.start()
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        if error is not None:
            error.add_note(f"The stack's output ends with:\n{self.output()[-4000:]}")
        self.close()

    def close(self) -> None:
        """Ends everything, however it is."""
        if self.process is not None and self.process.poll() is None:
            for process in self.all_processes():
                with suppress(psutil.NoSuchProcess):
                    process.resume()
            self.process.terminate()
            try:
                self.process.wait(SECONDS_TO_STOP)
            except subprocess.TimeoutExpired:
                self.kill_everything()
        if self._postgres:
            self._postgres.stop()
        if self._redis:
            self._redis.stop()

    def start(self, wait: bool = True) -> None:
        """`python -m config.serve`; returns when /healthz is 200, unless told not to wait."""
        self.home.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "config.serve", "--end-with-parent"],
                cwd=BASE_DIR,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        if wait:
            self.wait_until_ready()

    def stop(self) -> int:
        """SIGTERM to the supervisor; its exit status, once it and all its children are gone."""
        assert self.process is not None
        processes = self.all_processes()
        self.process.terminate()
        status = self.process.wait(SECONDS_TO_STOP)
        psutil.wait_procs(processes, timeout=5)
        assert not [process for process in processes if is_alive(process)], "a process outlived its supervisor"
        return status

    def kill_supervisor(self) -> list[psutil.Process]:
        """SIGKILL to the supervisor alone, as a crash would; the processes that it had, which end by themselves."""
        assert self.process is not None
        processes = self.all_processes()
        self.process.kill()
        self.process.wait()
        return processes

    def kill_everything(self) -> None:
        """SIGKILL to every process at once, PostgreSQL included when it is embedded: the power cut."""
        processes = self.all_processes()
        for process in processes:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        assert self.process is not None
        self.process.wait()
        psutil.wait_procs(processes, timeout=10)

    def wait_until_ready(self, seconds: float = SECONDS_TO_START) -> None:
        """Until /healthz is 200; fails at once when the supervisor has ended."""

        def is_ready() -> bool:
            assert self.process is not None
            assert self.process.poll() is None, f"the stack ended with {self.process.returncode}:\n{self.output()}"
            return self.is_healthy()

        wait_until(is_ready, seconds, "the stack is ready for events")

    def is_healthy(self) -> bool:
        try:
            return httpx.get(f"{self.url}/healthz", timeout=2, verify=NO_CERTIFICATES).status_code == 200
        except httpx.HTTPError:
            return False

    def output(self) -> str:
        """What the supervisor and its children have written to standard output and error."""
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    # ---- its parts

    @property
    def redis(self) -> Redis:
        assert self._redis, "this stack was made without redis=True"
        return self._redis

    @property
    def postgres(self) -> Postgres:
        assert self._postgres, "this stack's PostgreSQL belongs to its supervisor (embedded=True)"
        return self._postgres

    def all_processes(self) -> list[psutil.Process]:
        """The supervisor and everything below it."""
        assert self.process is not None
        try:
            supervisor = psutil.Process(self.process.pid)
            return [supervisor, *supervisor.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []

    def parts(self, role: str) -> list[psutil.Process]:
        """The processes of a role (role_of), oldest first, without their children."""
        return [process for process in self.all_processes() if is_alive(process) and role_of(process) == role]

    def kill(self, role: str, index: int = 0) -> int:
        """SIGKILL to one part and all its children at once; its pid. The supervisor starts another."""
        return self._signal_part(role, index, signal.SIGKILL)

    def freeze(self, role: str, index: int = 0) -> int:
        """SIGSTOP to one part and its children: it holds its connections and locks and does nothing. Its pid."""
        return self._signal_part(role, index, signal.SIGSTOP)

    def thaw(self, pid: int) -> None:
        """Let a frozen part go on."""
        for process in [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]:
            process.resume()

    def wait_until_running(self, role: str, count: int = 1, seconds: float = 30.0) -> None:
        wait_until(lambda: len(self.parts(role)) >= count, seconds, f"{count} × {role} running")

    def _signal_part(self, role: str, index: int, with_signal: signal.Signals) -> int:
        part = self.parts(role)[index]
        for process in [*part.children(recursive=True), part]:
            with suppress(psutil.NoSuchProcess):
                process.send_signal(with_signal)
        return part.pid

    # ---- what one does with it

    def manage(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """`manage.py …` for this installation, while it runs or not."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=BASE_DIR,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert not check or done.returncode == 0, f"manage.py {' '.join(arguments)}:\n{done.stdout}{done.stderr}"
        return done

    def create_source(self, name: str, kind: str = "backend") -> str:
        """The API key of a new source."""
        return self.manage("create_source", name, "--kind", kind).stdout.strip()

    def client(self, key: str, timeout: float = 30.0) -> httpx.Client:
        """An HTTP client that calls as this key; its addresses start with /api/…"""
        headers = {"Authorization": f"Bearer {key}"}
        return httpx.Client(base_url=self.url, headers=headers, timeout=timeout, verify=NO_CERTIFICATES)

    def query(self, statement: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """The rows of a statement, asked of the database directly and committed."""
        with psycopg.connect(self.database_url, connect_timeout=5) as connection:
            cursor = connection.execute(statement.encode(), parameters)
            return cursor.fetchall() if cursor.description else []

    def waiting_count(self) -> int:
        """How many events have no outcome yet."""
        return int(self.query("SELECT count(*) FROM events_waiting")[0][0])

    def wait_until_nothing_waits(self, seconds: float = 30.0) -> None:
        wait_until(lambda: self.waiting_count() == 0, seconds, "no event waits")

    def verify_ledger(self) -> str:
        """What `manage.py verify_ledger` found wrong: nothing, when the orders are the fold of their events."""
        done = self.manage("verify_ledger", check=False)
        return "" if done.returncode == 0 else done.stdout + done.stderr


def is_alive(process: psutil.Process) -> bool:
    """False for one that has ended and waits for its parent to notice, too."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def role_of(process: psutil.Process) -> str:
    """What a part of ours is started as ("web", …), "postgres" for a postmaster, "" for their children and others."""
    try:
        command, parent = process.cmdline(), process.parent()
        inherited = parent is not None and parent.cmdline() == command  # Granian forks its workers
    except psutil.Error:
        return ""
    if inherited or not command:
        return ""
    if "config.serve" in command and command[-1] in ("web", "worker", "background", "beat"):
        return command[-1]
    return "postgres" if Path(command[0]).name == "postgres" and "-D" in command else ""
