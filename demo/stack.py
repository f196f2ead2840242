"""The Orderloom that the demo talks to: the one that runs on PORT already, or one that it starts and keeps running."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import urllib3

from config.parents import ending_with_parent
from demo.trouble import DemoError

START_SECONDS = 90.0  # making a new PostgreSQL cluster and migrating it included; some 10 s are usual
STOP_SECONDS = 30.0
LOOK_SECONDS = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """`child` is None for a stack that somebody else runs: it is used and left as it is."""

    url: str
    log: Path
    child: subprocess.Popen[bytes] | None = None

    def stop(self) -> None:
        """Asks the child to stop and waits until it has."""
        if self.child is None or self.child.poll() is not None:
            return
        self.child.send_signal(signal.SIGTERM)
        try:
            self.child.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired as error:
            raise DemoError(f"The stack did not stop within {STOP_SECONDS:.0f} s; see {self.log}.") from error


def attach_or_start(host: str, port: int, data_dir: Path) -> Stack:
    """A stack that answers /healthz. Raises DemoError with the reason when it does not come up."""
    url = f"http://{host}:{port}"
    log = data_dir / "demo-serve.log"
    if is_healthy(url):
        return Stack(url=url, log=log)
    stack = Stack(url=url, log=log, child=_start(log))
    try:
        _wait_until_healthy(stack)
    except BaseException:
        stack.stop()
        raise
    return stack


def is_healthy(url: str) -> bool:
    try:
        return urllib3.request("GET", f"{url}/healthz", timeout=2.0, retries=False).status == 200
    except urllib3.exceptions.HTTPError:
        return False


def _start(log: Path) -> subprocess.Popen[bytes]:
    """`python -m config.serve` with this process's environment; what it says goes to the log, not into our tables."""
    with log.open("wb") as output:
        return subprocess.Popen(
            [sys.executable, "-m", "config.serve"],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=os.environ.copy(),
            cwd=Path(__file__).resolve().parent.parent,
            start_new_session=True,  # Ctrl-C in the terminal is ours to handle: a stop asked for twice is a hard one
            preexec_fn=ending_with_parent(signal.SIGTERM),
        )


def _wait_until_healthy(stack: Stack) -> None:
    assert stack.child is not None
    deadline = time.monotonic() + START_SECONDS
    while not is_healthy(stack.url):
        if stack.child.poll() is not None:
            raise DemoError(f"Orderloom did not start:\n{_last_lines(stack.log)}")
        if time.monotonic() > deadline:
            raise DemoError(f"Orderloom was not ready after {START_SECONDS:.0f} s:\n{_last_lines(stack.log)}")
        time.sleep(LOOK_SECONDS)
    if stack.child.poll() is not None:  # it was another one that answered
        raise DemoError(f"Orderloom did not start:\n{_last_lines(stack.log)}")


def _last_lines(log: Path, count: int = 5) -> str:
    return "\n".join(log.read_text(errors="replace").strip().splitlines()[-count:])
