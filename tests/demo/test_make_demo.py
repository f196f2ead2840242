"""`make demo` as a newcomer meets it: killed, begun again, run twice, followed by one more event, and stopped."""

import os
import re
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import msgspec
import pytest

from demo.access import CONSOLE_USER
from demo.memory import Memory, load_memory, load_secrets
from demo.record import Channel
from tests.acceptance.stack import NO_CERTIFICATES, free_port, wait_until

ROOT = Path(__file__).resolve().parents[2]
STEPS_BEFORE_THE_KILL = 4
SECONDS_OF_STANDING_STILL = 120.0


class Demo:
    """`python -m demo` in a data directory and on a port of its own."""

    def __init__(self, home: Path) -> None:
        self.data_dir = home / "data"
        self.port = free_port()
        self.output = home / "output.txt"
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def memory(self) -> Memory | None:
        return load_memory(self.data_dir)

    @property
    def text(self) -> str:
        return self.output.read_text()

    def start(self) -> None:
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "demo"], env=self._environment(), cwd=ROOT, stdout=output, stderr=output
            )

    def wait_until_through(self) -> None:
        """Waits as long as the demo goes on, however slow the machine; fails, with its words, once it stands still."""
        while "It stays running" not in self.text:
            seen = self._progress()
            try:
                wait_until(lambda seen=seen: self._progress() != seen, SECONDS_OF_STANDING_STILL)
            except AssertionError as error:
                raise AssertionError(f"the demo stands still after {seen}; it has said:\n{self.text}") from error

    def _progress(self) -> tuple[int, int, int | None]:
        """What changes while the demo goes on: its words, the steps that were accepted, and whether it has ended."""
        assert self.process is not None
        memory = self.memory
        return len(self.text), len(memory.accepted) if memory else 0, self.process.poll()

    def check(self) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "demo", "--check"],
            env=self._environment(),
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )

    def end(self, with_signal: signal.Signals) -> int:
        assert self.process is not None
        self.process.send_signal(with_signal)
        code = self.process.wait(30)
        wait_until(lambda: not self.is_listening(), what="the stack to be gone")
        return code

    def is_listening(self) -> bool:
        try:
            self._ask_for_health()
        except httpx.ConnectError:
            return False
        except httpx.TransportError:
            return True
        return True

    def is_ready(self) -> bool:
        return self.is_listening() and self._ask_for_health().status_code == 200

    def _ask_for_health(self) -> httpx.Response:
        return httpx.get(f"{self.url}/healthz", trust_env=False, verify=NO_CERTIFICATES)

    def client(self) -> httpx.Client:
        key = load_secrets(self.data_dir).keys[Channel.WEBSITE]
        return httpx.Client(base_url=self.url, headers={"Authorization": f"Bearer {key}"}, trust_env=False)

    def newest_event_id(self) -> int:
        with self.client() as client:
            return int(client.get("/api/v1/events", params={"limit": 1}).json()["results"][0]["id"])

    def _environment(self) -> dict[str, str]:
        others = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL")}
        return {**others, "DATA_DIR": str(self.data_dir), "PORT": str(self.port)}


@pytest.fixture
def demo(tmp_path):
    demo = Demo(tmp_path)
    yield demo
    if demo.process is not None and demo.process.poll() is None:
        demo.end(signal.SIGTERM)


def test_make_demo_killed_begun_again_run_twice_followed_by_an_event_and_stopped(demo):
    demo.start()
    wait_until(
        lambda: (memory := demo.memory) and len(memory.accepted) >= STEPS_BEFORE_THE_KILL, 240, "the posting to begin"
    )
    demo.end(signal.SIGKILL)
    begun = demo.memory

    demo.start()
    demo.wait_until_through()
    finished = demo.memory
    assert "Every figure is the expected one" in demo.text
    assert "✗" not in demo.text
    assert (finished.anchor, finished.accepted[: len(begun.accepted)]) == (begun.anchor, begun.accepted)
    assert len(set(finished.event_ids)) == len(finished.event_ids) > 5_500

    newest = demo.newest_event_id()
    again = demo.check()
    assert (again.returncode, "Every figure" in again.stdout) == (0, True)
    assert "Orderloom was running" in again.stdout
    assert demo.memory == finished
    assert demo.newest_event_id() == newest

    answer = post_the_line(demo.text)
    with demo.client() as client:
        fate = client.get(f"/api/v1/events/{answer['id']}", params={"wait": 10}).json()
        assert (fate["outcome"], [warning["code"] for warning in fate["warnings"]]) == ("applied", ["total_mismatch"])
        assert len(client.get(f"/api/v1/contact/{fate['contactId']}").json()["channels"]) == 1
    assert demo.check().returncode == 0

    assert sign_in(demo) == 302
    assert demo.end(signal.SIGINT) == 0


def post_the_line(text: str) -> dict[str, str]:
    """Posts what the printed curl line posts."""
    words = shlex.split(re.search(r"^curl .*$", text, re.MULTILINE)[0])
    assert words[:2] == ["curl", "-u"]
    key, header, body, address = words[2].removeprefix(":"), words[4], words[6], words[7]
    assert header == "Content-Type: application/json"
    answer = httpx.post(
        address, auth=("", key), content=body.encode(), headers={"Content-Type": "application/json"}, trust_env=False
    )
    assert answer.status_code == 200
    return msgspec.json.decode(answer.content)


def sign_in(demo: Demo) -> int:
    """The status that the console answers to the printed user and password: a redirect once they are right."""
    password = re.search(rf"user {CONSOLE_USER}   password (\S+)", demo.text)[1]
    with httpx.Client(base_url=demo.url, trust_env=False) as client:
        client.get("/admin/login/")
        form = {
            "username": CONSOLE_USER,
            "password": password,
            "next": "/admin/",
            "csrfmiddlewaretoken": client.cookies["csrftoken"],
        }
        return client.post("/admin/login/", data=form).status_code


def test_a_port_that_another_installation_holds_is_told_in_one_sentence(demo, tmp_path):
    demo.start()
    wait_until(demo.is_ready, 90, "the stack to be ready")
    other = Demo(tmp_path / "other")
    other.port = demo.port
    refused = other.check()
    assert refused.returncode == 1
    assert "works on another database than DATA_DIR" in refused.stdout
    assert demo.end(signal.SIGTERM) == 130
