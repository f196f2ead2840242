"""The curl line of an event: a shell takes it as it is, whatever the event holds."""

import json
import shlex
import subprocess

import pytest

from events.curl import KEY, MOST_BYTES, curl_line

ADDRESS = "https://orders.example.com/api/v1/event"
HOSTILE = [
    "'; touch /tmp/x; echo '",
    '$(id) `id` ${HOME} \\ " ! # \n \t',
    "<script>alert(1)</script>{{ 7|add:7 }}",
    "\u202egnp.exe \u2028 \x7f \x9b201~ \U000e0041",
    "=cmd|' /C calc'!A0",
    "Замовлення",
]


def arguments(line: str) -> list[str]:
    """The arguments that a real shell hands to curl."""
    script = 'curl() { for given in "$@"; do printf "%s\\0" "$given"; done; }\n' + line
    done = subprocess.run(["/bin/sh", "-c", script], capture_output=True, check=True)
    return done.stdout.decode().split("\0")[:-1]


@pytest.mark.parametrize("text", HOSTILE)
def test_the_shell_hands_over_the_event_as_it_was_sent(text):
    body = json.dumps({"eventTypeKey": text, "params": [{"name": text, "value": text}]}, ensure_ascii=False)
    given = arguments(curl_line(ADDRESS, body, "event-1.json"))
    assert given[:3] == ["-X", "POST", ADDRESS]
    assert given[3:7] == ["-H", f"Authorization: Bearer {KEY}", "-H", "Content-Type: application/json"]
    assert given[7] == "-d"
    assert json.loads(given[8]) == json.loads(body)


def test_nothing_in_the_line_acts_on_a_terminal():
    line = curl_line(
        ADDRESS, json.dumps({"a": "".join(HOSTILE)}, ensure_ascii=False, indent=2) + "\r\n", "event-1.json"
    )
    assert [char for char in line if not char.isprintable() and char != "\n"] == []
    assert line.count("\n") == 3


def test_a_body_that_is_too_long_for_a_line_comes_from_a_file():
    given = arguments(curl_line(ADDRESS, json.dumps({"a": "x" * MOST_BYTES}), "event-1.json"))
    assert given[7:] == ["--data-binary", "@event-1.json"]


def test_the_line_can_be_read_as_words():
    assert shlex.split(curl_line(ADDRESS, "{}", "f"))[-1] == "{}"
