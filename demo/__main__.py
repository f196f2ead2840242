"""`make demo`, that is `python -m demo`: a newcomer sees a shop's events become order histories and revenue.

1. uses the Orderloom that runs on PORT, or starts one (demo/stack.py);
2. makes keys and a console user, or takes those of an earlier run (demo/access.py, demo/memory.py);
3. imports the contacts and posts the shop's messages, each once (demo/posting.py);
4. compares what the API answers with what the shop's own notes add up to (demo/figures.py, demo/expectations.py);
5. prints it with the way on (demo/report.py), and stays until Ctrl-C.

`--check` stops after the comparison and exits with 0 only if every figure agrees.
"""

import argparse
import fcntl
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from orderloom_client import OrderloomError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from config.embedded import running_server
from config.environment import ENVIRONMENT
from demo.access import CONSOLE_USER, SOURCES, create_access
from demo.client import ShopClient
from demo.expectations import expect
from demo.figures import Comparison, compare, read_figures
from demo.memory import Memory, Secrets, load_memory, load_secrets, store_memory, store_secrets
from demo.posting import Poster, steps_of
from demo.record import Channel
from demo.report import print_comparison, print_way_on
from demo.shop import Shop, open_shop
from demo.stack import Stack, attach_or_start
from demo.trouble import DemoError


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """What a run of the demo works with once it is in."""

    client: ShopClient
    secrets: Secrets
    memory: Memory
    data_dir: Path


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code: 0 when every figure agrees."""
    options = _options(arguments)
    console = Console(width=120) if not sys.stdout.isatty() else Console()
    for name in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, signal.default_int_handler)  # stop as Ctrl-C does: the stack first
    try:
        return _run(console, is_check=options.check)
    except DemoError as error:
        console.print(f"✗ {error}", style="red", markup=False, highlight=False)
        return 1
    except OrderloomError as error:
        console.print(f"✗ {error}\n`make demo` goes on where this ended.", style="red", markup=False, highlight=False)
        return 1
    except KeyboardInterrupt:
        console.print("Stopped. `make demo` goes on where this ended.")
        return 130


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m demo", description="Posts a sample shop and checks its figures.")
    parser.add_argument("--check", action="store_true", help="stop after the comparison; exit with 0 only if it agrees")
    return parser.parse_args(arguments)


def _run(console: Console, *, is_check: bool) -> int:
    data_dir = _data_dir()
    stack = _bring_up(console, data_dir)
    try:
        with _alone(data_dir):
            visit = _enter(console, stack, data_dir)
            with closing(visit.client):
                comparison = _post_and_compare(console, visit)
        print_comparison(console, comparison)
        if not is_check:
            _stay(console, stack, visit)
        return 0 if comparison.agrees else 1
    finally:
        stack.stop()


def _data_dir() -> Path:
    try:
        ENVIRONMENT.data_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DemoError(f"DATA_DIR {ENVIRONMENT.data_dir} cannot be made: {error.strerror}.") from error
    return ENVIRONMENT.data_dir


def _bring_up(console: Console, data_dir: Path) -> Stack:
    host = "127.0.0.1" if ENVIRONMENT.host in ("0.0.0.0", "::") else ENVIRONMENT.host  # noqa: S104 compared, not bound
    with console.status(f"Starting Orderloom on port {ENVIRONMENT.port} with {data_dir} …"):
        stack = attach_or_start(host, ENVIRONMENT.port, data_dir)
    console.print(f"Orderloom {'was running' if stack.child is None else 'is up'} at {stack.url}", highlight=False)
    return stack


@contextmanager
def _alone(data_dir: Path) -> Iterator[None]:
    """Only one demo posts into a data directory at a time; the lock goes with the process, however it ends."""
    with (data_dir / "demo.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise DemoError(f"Another `make demo` is posting into {data_dir}: let it finish.") from error
        yield


def _enter(console: Console, stack: Stack, data_dir: Path) -> Visit:
    """With the keys and the memory of an earlier run where this database knows them, else with new ones."""
    secrets, memory = load_secrets(data_dir), load_memory(data_dir)
    if secrets is None or not _is_known(stack, secrets):
        with console.status("Making API keys and a console user …"):
            secrets = _create_access(stack, data_dir)
        store_secrets(data_dir, secrets)
    client = ShopClient(stack.url, secrets.keys)
    if memory is None or not _is_of_this_database(client, memory):
        memory = _new_memory(client)
        store_memory(data_dir, memory)
    return Visit(client=client, secrets=secrets, memory=memory, data_dir=data_dir)


def _create_access(stack: Stack, data_dir: Path) -> Secrets:
    """New keys that the stack knows. Commands and stack may work on two databases when somebody else started it."""
    elsewhere = f"The Orderloom at {stack.url} works on another database than DATA_DIR {data_dir}: give another PORT."
    if ENVIRONMENT.has_embedded_database and running_server(data_dir / "postgres") is None:
        raise DemoError(elsewhere)
    secrets = create_access()
    if not _is_known(stack, secrets):
        raise DemoError(elsewhere)
    return secrets


def _is_known(stack: Stack, secrets: Secrets) -> bool:
    with closing(ShopClient(stack.url, secrets.keys)) as client:
        return client.accepts(Channel.WEBSITE)


def _is_of_this_database(client: ShopClient, memory: Memory) -> bool:
    """Whether the first event that is remembered is there; a data directory may get a new database."""
    if not memory.event_ids:
        return True
    return client.source_of(Channel.ARCHIVE, memory.event_ids[0]) == SOURCES[Channel.ARCHIVE]


def _new_memory(client: ShopClient) -> Memory:
    """The shop's last day is yesterday in the account's time zone: nothing in it lies in the future."""
    today = datetime.now(UTC).date()
    zone = client.revenue(today, today).time_zone
    return Memory(anchor=datetime.now(ZoneInfo(zone)).date(), time_zone=zone)


def _post_and_compare(console: Console, visit: Visit) -> Comparison:
    shop = open_shop(visit.memory.anchor, ZoneInfo(visit.memory.time_zone), visit.memory.seed)
    poster = Poster(
        client=visit.client,
        sources=SOURCES,
        memory=visit.memory,
        remember=lambda: store_memory(visit.data_dir, visit.memory),
    )
    _post(console, poster, shop)
    expected = expect(message.act for message in shop.messages)
    with console.status("Waiting for the outcomes, and reading the figures …"):
        poster.wait_until_decided()
        return compare(expected, read_figures(visit.client, SOURCES, shop, visit.memory, expected))


def _post(console: Console, poster: Poster, shop: Shop) -> None:
    """Contacts, then events, each with a bar; what an earlier run has posted is done from the start."""
    steps = steps_of(shop)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress:
        contacts = progress.add_task("Importing contacts", total=len(shop.contacts))
        events = progress.add_task("Posting events", total=len(shop.messages), completed=len(poster.memory.event_ids))
        if poster.memory.contacts_posted:
            progress.update(contacts, completed=len(shop.contacts))
        for count in poster.post_contacts(shop):
            progress.advance(contacts, count)
        for count in poster.post_events(steps):
            progress.advance(events, count)


def _stay(console: Console, stack: Stack, visit: Visit) -> None:
    """Prints the way on and returns when the stack is to stop; one that somebody else runs goes on without us."""
    key = visit.secrets.keys[Channel.WEBSITE]
    print_way_on(console, stack.url, CONSOLE_USER, visit.secrets.password, key)
    if stack.child is None:
        console.print("Orderloom was running before and goes on.")
        return
    console.print("It stays running; Ctrl-C stops it.")
    with suppress(KeyboardInterrupt):
        stack.child.wait()
        raise DemoError(f"Orderloom ended by itself; see {stack.log}.")


if __name__ == "__main__":
    sys.exit(main())
