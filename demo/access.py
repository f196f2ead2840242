"""Makes what the demo needs to get in: its sources with their API keys, and the console user `demo`.

Through manage.py, as an operator would: it finds the running PostgreSQL by DATA_DIR or DATABASE_URL.
"""

import json
import os
import secrets
import subprocess
import sys
from pathlib import Path

from demo.memory import Secrets
from demo.record import Channel
from demo.trouble import DemoError

CONSOLE_USER = "demo"
SOURCES = {
    Channel.ARCHIVE: "Demo archive",
    Channel.APP: "Demo app",
    Channel.WEBSITE: "Demo website",
}
MANAGE = Path(__file__).resolve().parent.parent / "manage.py"

# One process for all of it: Django's start is most of what a command costs, and setting a password must ask nothing.
CREATE_ACCESS = """
import io, json, os
from django.contrib.auth import get_user_model
from django.core.management import call_command

wanted = json.loads(os.environ["DEMO_ACCESS"])
keys = {}
for kind, name in wanted["sources"].items():
    output = io.StringIO()
    call_command("create_source", name, kind=kind, stdout=output, stderr=io.StringIO())
    keys[kind] = output.getvalue().strip()
user, _ = get_user_model().objects.get_or_create(username=wanted["user"])
user.is_staff = user.is_superuser = user.is_active = True
user.set_password(wanted["password"])
user.save()
print(json.dumps(keys))
"""


def create_access() -> Secrets:
    """New keys for the demo's sources and a new password for its console user. Raises DemoError with the reason."""
    password = secrets.token_urlsafe(12)
    sources = {channel.value: name for channel, name in SOURCES.items()}
    wanted = {"sources": sources, "user": CONSOLE_USER, "password": password}
    # By the environment and not as arguments: those are for all users of the machine to read.
    output = _run_in_shell(CREATE_ACCESS, DEMO_ACCESS=json.dumps(wanted))
    keys = {Channel(kind): key for kind, key in json.loads(output).items()}
    return Secrets(keys=keys, password=password)


def _run_in_shell(script: str, **environment: str) -> str:
    """What the script prints, run by `manage.py shell`."""
    done = subprocess.run(  # noqa: S603 our own command with our own script
        [sys.executable, str(MANAGE), "shell", "--no-imports", "--command", script],
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1].strip()
        raise DemoError(f"Making API keys and a console user failed: {reason}")
    return done.stdout
