"""`python -m config.serve`: starts everything, keeps it running and stops it, in the foreground.

Decides what runs in which process (docs/architecture.md):

    supervisor ─┬─ postgres            without DATABASE_URL: the server of DATA_DIR
                ├─ web                 Granian; without REDIS_URL also the workers and beat, as threads
                ├─ worker              with REDIS_URL: WORKER_PROCESSES times
                ├─ background          with REDIS_URL: the worker of what may take its time
                └─ beat                with REDIS_URL

A part that ends is started again, later each time it keeps ending. SIGTERM and SIGINT stop all parts in order: first
what takes events, then what applies them, the database last. Each part ends by itself when the supervisor is killed
(config/parents.py), so a new start never meets an old part.
"""

import argparse
import http.client
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import nullcontext, suppress

from config.data_dir import HeldFolder, hold
from config.embedded import EmbeddedPostgres
from config.environment import BASE_DIR, ENVIRONMENT, Environment
from config.parents import end_with_parent
from config.refusals import StartRefusedError
from config.secret_key import require_secret_key

SUPERVISOR_VARIABLE = "ORDERLOOM_SUPERVISOR"  # tells a part whose child it is
SECONDS_FOR_A_FREE_PORT = 6.0  # the web process of a killed supervisor finishes its requests first
SECONDS_TO_STOP = 8.0  # for each group of parts, before SIGKILL
LONGEST_BACKOFF_SECONDS = 10.0
SECONDS_UNTIL_STEADY = 30.0  # a part that ran this long starts again without a pause
TICK_SECONDS = 0.2
OLDEST_POSTGRESQL = 150000


class Signals:
    """SIGTERM, SIGINT and SIGHUP as a wish to stop, and a wait that every signal ends."""

    def __init__(self) -> None:
        self.stops_wanted = 0
        self._read, write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(write, warn_on_full_buffer=False)
        for name in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            if name != signal.SIGHUP or signal.getsignal(name) != signal.SIG_IGN:  # nohup asks to ignore that one
                signal.signal(name, self._want_stop)
        signal.signal(signal.SIGCHLD, lambda *_: None)

    def _want_stop(self, *_: object) -> None:
        self.stops_wanted += 1

    @property
    def is_stop_wanted(self) -> bool:
        return self.stops_wanted > 0

    def wait(self, seconds: float) -> None:
        """Return after `seconds`, or as soon as a signal came."""
        select.select([self._read], [], [], seconds)
        with suppress(BlockingIOError):
            os.read(self._read, 4096)


class Part:
    """One child process that is kept running: `python -m config.serve <role>`."""

    def __init__(self, role: str) -> None:
        self.role = role
        self.process: subprocess.Popen[bytes] | None = None
        self._ends_in_a_row = 0
        self._started_at = 0.0
        self._due_at = 0.0

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def keep_running(self) -> None:
        """Start it if it does not run and its pause is over. The pause doubles while it keeps ending early."""
        if self.is_running:
            return
        now = time.monotonic()
        if self.process is not None:
            self._note_end(self.process.returncode, now)
        if now >= self._due_at:
            self._started_at = now
            self.process = subprocess.Popen(  # noqa: S603
                [sys.executable, "-m", "config.serve", self.role],
                env=os.environ | {SUPERVISOR_VARIABLE: str(os.getpid())},
                stdin=subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C in the terminal is the supervisor's to handle
            )

    def _note_end(self, status: int, now: float) -> None:
        self.process = None
        was_steady = now - self._started_at > SECONDS_UNTIL_STEADY
        self._ends_in_a_row = 1 if was_steady else self._ends_in_a_row + 1
        pause = 0.0 if was_steady else min(LONGEST_BACKOFF_SECONDS, 0.1 * 2**self._ends_in_a_row)
        self._due_at = now + pause
        warn(f"{self.role} ended ({_describe(status)}); it is started again in {pause:.1f} s.")

    def send(self, with_signal: signal.Signals) -> None:
        if self.process is not None and self.process.poll() is None:
            # Its whole group: Granian's own processes must not be left when their parent is gone.
            with suppress(ProcessLookupError):
                (os.killpg if with_signal == signal.SIGKILL else os.kill)(self.process.pid, with_signal)


class Supervisor:
    """Everything of one installation on one machine."""

    def __init__(self, environment: Environment, signals: Signals, folder: HeldFolder | None) -> None:
        self.environment = environment
        self.signals = signals
        self.folder = folder
        self.postgres: EmbeddedPostgres | None = None
        if environment.has_embedded_database:
            self.postgres = EmbeddedPostgres(environment.data_dir, lambda: self.signals.is_stop_wanted)
        roles = ["web"]
        if environment.redis_url:
            roles += ["worker"] * environment.worker_processes + ["background", "beat"]
        self.parts = [Part(role) for role in roles]
        self._is_ready = False

    def run(self) -> None:
        """Until a signal asks to stop. Raises StartRefusedError when something outside stands in the way."""
        require_secret_key(self.environment)
        require_free_port(self.environment, self.signals)
        try:
            self._start_database()
            prepare_database()
            while not self.signals.is_stop_wanted:
                self._keep_running()
                self.signals.wait(TICK_SECONDS)
        except StartRefusedError:
            if not self.signals.is_stop_wanted:  # else it was the stop that ended the start
                raise
        finally:
            self._stop()

    def _start_database(self) -> None:
        if self.postgres is not None:
            self.postgres.start()
        check_database(self.environment)

    def _keep_running(self) -> None:
        if self.postgres is not None and not self.postgres.is_running:
            warn("PostgreSQL ended; it is started again.")
            self.postgres.start()
        for part in self.parts:
            part.keep_running()
        if not self._is_ready and answers(self.environment):
            self._is_ready = True
            address = f"http://{local_host(self.environment)}:{self.environment.port}"
            say(f"Ready for events at {address}/api/ with the console at {address}/admin/. Ctrl-C stops everything.")

    def _stop(self) -> None:
        if self.folder is not None:
            self.folder.say_stopping()
        for roles in (("web",), ("worker", "background", "beat")):
            self._stop_parts([part for part in self.parts if part.role in roles])
        if self.postgres is not None:
            self.postgres.stop()

    def _stop_parts(self, parts: list[Part]) -> None:
        """SIGTERM, and SIGKILL for what takes too long or when the wish to stop is repeated."""
        for part in parts:
            part.send(signal.SIGTERM)
        deadline = time.monotonic() + SECONDS_TO_STOP
        while any(part.is_running for part in parts):
            if time.monotonic() > deadline or self.signals.stops_wanted > 1:
                for part in parts:
                    part.send(signal.SIGKILL)
            self.signals.wait(TICK_SECONDS)


def require_free_port(environment: Environment, signals: Signals) -> None:
    """Raises StartRefusedError when HOST and PORT stay in use for longer than an earlier web process takes to end."""
    deadline = time.monotonic() + SECONDS_FOR_A_FREE_PORT
    while not signals.is_stop_wanted:
        try:
            family, kind, protocol, _, address = socket.getaddrinfo(
                environment.host, environment.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
            )[0]
            with socket.socket(family, kind, protocol) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(address)
                return
        except socket.gaierror:
            raise StartRefusedError(f"HOST={environment.host} is not an address of this machine.") from None
        except OSError as error:
            where = f"{environment.host}:{environment.port}"
            if error.errno == 13:
                raise StartRefusedError(f"{where} may not be opened by this user: give a PORT above 1023.") from None
            if time.monotonic() > deadline:
                raise StartRefusedError(
                    f"{where} cannot be opened ({os.strerror(error.errno or 0)}): give another PORT, as in "
                    f"`make run PORT={environment.port + 1}`."
                ) from None
        signals.wait(TICK_SECONDS)


def check_database(environment: Environment) -> None:
    """Raises StartRefusedError unless PostgreSQL answers and is new enough."""
    import psycopg

    from config.database import CONNECT_SECONDS, embedded_url, reason_of

    url = environment.database_url or embedded_url(environment)
    try:
        with psycopg.connect(url, connect_timeout=CONNECT_SECONDS) as connection:
            version = connection.info.server_version
    except psycopg.Error as error:
        raise StartRefusedError(f"PostgreSQL of DATABASE_URL does not answer: {reason_of(error)}") from None
    if version < OLDEST_POSTGRESQL:
        raise StartRefusedError(f"PostgreSQL {version // 10000} is too old: Orderloom needs 15 or newer.")


def prepare_database() -> None:
    """Apply what migrations are missing, and say how to make the first console user while there is none."""
    import django

    django.setup()
    from django.contrib.auth import get_user_model
    from django.core.management import call_command
    from django.db import connections

    from config.migration_turn import turn_to_migrate

    with turn_to_migrate():
        call_command("migrate", verbosity=0, interactive=False)
    if not get_user_model()._default_manager.filter(is_superuser=True).exists():
        say(f"No console user yet. Make the first one with:\n  {management_command(ENVIRONMENT)} createsuperuser")
    connections.close_all()


def management_command(environment: Environment) -> str:
    """How to call manage.py for this installation, from the project's folder."""
    is_elsewhere = environment.has_embedded_database and environment.data_dir != BASE_DIR / "var"
    return (f"DATA_DIR={environment.data_dir} " if is_elsewhere else "") + ".venv/bin/python manage.py"


def local_host(environment: Environment) -> str:
    """The name under which this machine reaches its own web process."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(environment.host, environment.host)  # noqa: S104
    return f"[{host}]" if ":" in host else host


def answers(environment: Environment) -> bool:
    """Whether /healthz says that events can be taken."""
    web = http.client.HTTPConnection(local_host(environment).strip("[]"), environment.port, timeout=1)
    try:
        web.request("GET", "/healthz")
        return web.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        web.close()


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def warn(text: str) -> None:
    sys.stderr.write(f"orderloom: {text}\n")
    sys.stderr.flush()


def _describe(status: int) -> str:
    return f"exit status {status}" if status >= 0 else signal.Signals(-status).name


def supervise() -> None:
    """Everything, until a wish to stop. Raises StartRefusedError."""
    signals = Signals()
    held = hold(ENVIRONMENT.data_dir, lambda: signals.is_stop_wanted) if ENVIRONMENT.has_embedded_database else None
    with held or nullcontext() as folder:
        Supervisor(ENVIRONMENT, signals, folder).run()


def run_part(role: str) -> None:
    """Become one part of the supervisor that started this process, or of none. Raises StartRefusedError."""
    if parent := os.environ.get(SUPERVISOR_VARIABLE):
        end_with_parent(int(parent))
    if role == "web":
        from config.web import run_web

        require_secret_key(ENVIRONMENT)
        run_web()
        return
    import django

    django.setup()
    from config.workers import run_background, run_beat, run_worker

    {"worker": run_worker, "background": run_background, "beat": run_beat}[role]()


def main(arguments: Sequence[str]) -> int:
    """The exit status: 0 after a wish to stop, 1 after a refusal, whose sentence is on standard error."""
    parser = argparse.ArgumentParser(prog="python -m config.serve", description="Starts Orderloom in the foreground.")
    parser.add_argument("role", nargs="?", choices=["web", "worker", "background", "beat"], help="start this part only")
    parser.add_argument("--end-with-parent", action="store_true", help="stop when the process that started this ends")
    options = parser.parse_args(arguments)
    if options.end_with_parent:
        end_with_parent(os.getppid())
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    try:
        run_part(options.role) if options.role else supervise()
    except StartRefusedError as refusal:
        warn(str(refusal))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
