"""What a line of the log looks like, and what never stands in one."""

import json
import logging
import subprocess
import sys

import pytest

from config.environment import BASE_DIR
from config.logs import blank_secrets, is_not_unavailable

LOGGING_PROCESS = """
import logging.config, structlog
from config.environment import Environment
from config.logs import configure, logging_settings

logging.config.dictConfig(logging_settings(Environment()))
configure(Environment())
structlog.get_logger("events.inbox").info("batch.applied", events=3, token="abc")
logging.getLogger("somewhere").warning("%s of %s", 1, 2)
logging.getLogger("django.request").error("Service Unavailable", extra={"status_code": 503})
"""


def test_lines_are_json_when_nobody_sits_at_a_terminal_those_of_libraries_too():
    done = subprocess.run([sys.executable, "-c", LOGGING_PROCESS], cwd=BASE_DIR, capture_output=True, check=True)
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert all(line.pop("timestamp").endswith("Z") for line in lines)
    assert lines == [
        {"event": "batch.applied", "events": 3, "token": "…", "level": "info", "logger": "events.inbox"},
        {"event": "1 of 2", "level": "warning", "logger": "somewhere"},
    ]


def test_values_whose_names_speak_of_secrets_are_blanked():
    line = {"event": "signed in", "password": "1", "Authorization": "2", "api_key": "3", "rows": 4}
    blanked = {"event": "signed in", "password": "…", "Authorization": "…", "api_key": "…", "rows": 4}
    assert blank_secrets(logging.getLogger(), "info", line) == blanked


@pytest.mark.parametrize(("status", "is_logged"), [(500, True), (503, False)])
def test_a_database_that_is_away_is_not_logged_for_each_request(status, is_logged):
    record = logging.makeLogRecord({"status_code": status})
    assert is_not_unavailable(record) is is_logged
