"""How each of the three apps is set up and started: the same Granian, the same Celery, the same contacts.

`Ours` and `Naive` have a template database each, migrated and filled with the same contacts; every measure works on a
copy of it. What differs between the apps is their code, never a setting.
"""

import os
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import redis
from celery import Celery

from benchmarks import payloads
from benchmarks.scales import Scale
from benchmarks.servers import (
    CELERY,
    GRANIAN,
    PYTHON,
    ROOT,
    START_SECONDS,
    Machine,
    Postgres,
    Process,
    answers,
    free_port,
    wait_until,
)

THREADS = 16  # of each web process; the same for all three apps
LANES, LANES_PER_WAKE_UP = 64, 16  # events/models.py and events/wake.py
REDIS_OF_OURS, REDIS_OF_NAIVE = 0, 1


@dataclass(frozen=True, slots=True)
class Web:
    port: int
    process: Process


def granian(application: str, workers: int, port: int) -> list[str]:
    """Granian as config/web.py starts it for ours: the same workers and threads, and its defaults otherwise."""
    return [
        *(GRANIAN, "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port)),
        *("--workers", str(workers), "--blocking-threads", str(THREADS), "--log-level", "error", application),
    ]


class App:
    """What is the same in ours and in the baseline: a template database, web processes and one worker."""

    name: str
    wsgi: str
    redis_database: int
    authorization: str

    def __init__(self, machine: Machine, scale: Scale) -> None:
        self.machine = machine
        self.scale = scale

    @property
    def template(self) -> str:
        return f"{self.name}_template"

    def environment(self, database: str) -> dict[str, str]:
        return {
            "DATABASE_URL": self.machine.postgres.url(database),
            "REDIS_URL": self.machine.redis_url(self.redis_database),
            "SECRET_KEY": "only-for-the-benchmark",
            "DATA_DIR": str(self.machine.home / "data"),
            "LOG_LEVEL": "WARNING",
            "DJANGO_SETTINGS_MODULE": "config.settings",
        }

    def fresh(self, database: str, template: str = "") -> str:
        """A new copy of the template, and an empty broker."""
        self.empty_broker()
        return self.machine.postgres.create(database, template or self.template)

    def empty_broker(self) -> None:
        self.broker().flushdb()

    @contextmanager
    def web(self, database: str, workers: int = 2) -> Iterator[Web]:
        """Web processes that answer; two of them, one for each core, unless a worker needs one of the cores."""
        port = free_port()
        environment = self.environment(database) | {"PORT": str(port), "WEB_WORKERS": str(workers)}
        with Process(self.web_command(workers, port), environment, self._log("web")) as process:
            wait_until(lambda: process.check() or answers(port, "/"), START_SECONDS, f"{self.name}: start of web")
            yield Web(port, process)

    @contextmanager
    def worker(self, database: str) -> Iterator[Process]:
        """One worker that works on one thing at a time, once it takes messages."""
        with Process(self.worker_command(), self.environment(database), self._log("worker")) as process:
            wait_until(
                lambda: process.check() or self._is_taking_messages(),
                START_SECONDS,
                f"{self.name}: start of the worker",
            )
            yield process

    def web_command(self, workers: int, port: int) -> list[str]:
        return granian(self.wsgi, workers, port)

    def worker_command(self) -> list[str]:
        raise NotImplementedError

    def _is_taking_messages(self) -> bool:
        """Whether somebody waits at a list of the broker, as Celery's consumers do."""
        clients = self.broker().client_list()
        return any(client["cmd"] == "brpop" and int(client["db"]) == self.redis_database for client in clients)

    def broker(self) -> redis.Redis:
        return redis.Redis.from_url(self.machine.redis_url(self.redis_database))

    def _log(self, role: str) -> Path:
        return self.machine.home / f"{self.name}-{role}.log"


CONTACTS_OF_OURS = """
    INSERT INTO contacts_contact (id, first_name, last_name, address, fields)
    SELECT n + 1, 'First', 'Last', '{}', '{}' FROM generate_series(%(first)s::bigint, %(last)s) AS n;
    INSERT INTO contacts_identifier (contact_id, kind, value, normalized)
    SELECT n + 1, 'externalCustomerId', value, value
      FROM generate_series(%(first)s::bigint, %(last)s) AS n,
           LATERAL (SELECT 'AV' || to_char(n, 'FM00000000') AS value);
    INSERT INTO contacts_identifier (contact_id, kind, value, normalized)
    SELECT n + 1, 'email', value, value
      FROM generate_series(%(first)s::bigint, %(last)s) AS n,
           LATERAL (SELECT 'contact' || to_char(n, 'FM00000000') || '@example.com' AS value);
    INSERT INTO contacts_identifier (contact_id, kind, value, normalized)
    SELECT n + 1, 'phone', value, '+' || value
      FROM generate_series(%(first)s::bigint, %(last)s) AS n, LATERAL (SELECT (%(phone)s + n)::text AS value);
    SELECT setval('contacts_contact_id_seq', %(last)s + 1);
"""
CONTACTS_OF_NAIVE = """
    INSERT INTO naive_contact (id, first_name, last_name, external_customer_id, email, phone)
    SELECT n + 1, 'First', 'Last', 'AV' || to_char(n, 'FM00000000'),
           'contact' || to_char(n, 'FM00000000') || '@example.com', (%(phone)s + n)::text
      FROM generate_series(0, %(last)s) AS n;
    SELECT setval('naive_contact_id_seq', %(last)s + 1);
"""


class Ours(App):
    name = "ours"
    wsgi = "config.wsgi:application"
    redis_database = REDIS_OF_OURS

    def prepare(self) -> None:
        """The template: migrations, a source with its key, contacts."""
        database = self.machine.postgres.create(self.template)
        self.manage(database, "migrate", "--verbosity", "0", "--skip-checks")
        key = self.manage(database, "create_source", "benchmark", "--kind", "backend").strip().splitlines()[-1]
        self.authorization = payloads.basic(key)
        _fill_contacts(self, CONTACTS_OF_OURS)

    def manage(self, database: str, *arguments: str) -> str:
        return run_command([PYTHON, str(ROOT / "manage.py"), *arguments], self.environment(database))

    def web_command(self, workers: int, port: int) -> list[str]:
        return [PYTHON, "-m", "config.serve", "web"]  # PORT and WEB_WORKERS stand in its environment

    def worker_command(self) -> list[str]:
        return [PYTHON, "-m", "config.serve", "worker"]

    @contextmanager
    def beat(self, database: str) -> Iterator[Process]:
        """What sweeps lanes and has marked days computed again."""
        command = [PYTHON, "-m", "config.serve", "beat"]
        with Process(command, self.environment(database), self._log("beat")) as process:
            yield process

    def wake_all(self) -> None:
        """Names every lane to the worker, as web does after it has stored events (events/wake.py)."""
        with Celery(broker=self.machine.redis_url(self.redis_database)) as sender:
            for first in range(0, LANES, LANES_PER_WAKE_UP):
                lanes = list(range(first, first + LANES_PER_WAKE_UP))
                sender.send_task("events.drain", args=[lanes, time.time()], queue="orderloom", ignore_result=True)


class Naive(App):
    name = "naive"
    wsgi = "benchmarks.naive.wsgi:application"
    redis_database = REDIS_OF_NAIVE

    def environment(self, database: str) -> dict[str, str]:
        return super().environment(database) | {"DJANGO_SETTINGS_MODULE": "benchmarks.naive.settings"}

    def prepare(self) -> None:
        """The template: migrations, a user with a token, contacts."""
        database = self.machine.postgres.create(self.template)
        environment = self.environment(database)
        run_command([PYTHON, "-m", "django", "migrate", "--verbosity", "0"], environment)
        run_command(
            [PYTHON, "-m", "django", "createsuperuser", "--noinput", "--username", "shop", "--email", "a@example.com"],
            environment | {"DJANGO_SUPERUSER_PASSWORD": "only-for-the-benchmark"},
        )
        token = run_command([PYTHON, "-m", "django", "drf_create_token", "shop"], environment).split()[2]
        self.authorization = f"Token {token}"
        _fill_contacts(self, CONTACTS_OF_NAIVE)

    def worker_command(self) -> list[str]:
        return [CELERY, "-A", "benchmarks.naive.celery", "worker", "--concurrency", "1", "--loglevel", "error"]


class Empty(App):
    """An empty view behind the middleware of `startproject`: no database and no worker, only web is ever started."""

    name = "empty"
    wsgi = "benchmarks.empty_view:application"
    redis_database = REDIS_OF_OURS
    authorization = payloads.basic("no key")

    def environment(self, database: str) -> dict[str, str]:
        return {"EMPTY_VIEW": self.name}


class Bare(Empty):
    """The same view without any middleware: what Granian and Django's handler cost alone."""

    name = "bare"


def _fill_contacts(app: App, statements: str) -> None:
    _insert_contacts(app.machine.postgres, app.template, statements, 0, app.scale.contacts)


def add_contacts(postgres: Postgres, database: str, number: int, wanted: int) -> None:
    """Adds contacts to a database of ours that has so many of them, up to the number that is wanted."""
    _insert_contacts(postgres, database, CONTACTS_OF_OURS, number, wanted)


def _insert_contacts(postgres: Postgres, database: str, statements: str, first: int, end: int) -> None:
    if first >= end:
        return
    with postgres.connect(database) as connection:
        cursor = connection.cursor()
        for statement in statements.split(";\n"):
            if statement.strip():
                cursor.execute(statement, {"first": first, "last": end - 1, "phone": payloads.FIRST_PHONE})
        cursor.execute("VACUUM ANALYZE")


def run_command(command: Sequence[str], environment: dict[str, str]) -> str:
    """The standard output of a command; when it fails, the error has what it wrote."""
    done = subprocess.run(
        command, cwd=ROOT, env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} failed:\n{done.stdout}\n{done.stderr}")
    return done.stdout
