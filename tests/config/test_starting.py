"""Starting, stopping and starting again, with real processes: docs/operations.md."""

import os
import signal
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import httpx
import psutil
import psycopg
import pytest

from config.environment import BASE_DIR
from events.lanes import ADVISORY_SPACE
from tests.acceptance.stack import Stack, is_alive, wait_until

EVENT = {"eventTypeKey": "visited", "keyValue": "somebody", "params": {"page": "/sale"}}


def post_event(stack, key):
    """The id of one more event, sent again while the answer is 503, as a sender would."""
    with stack.client(key) as shop:

        def accepted():
            answer = shop.post("/api/v1/event", json=EVENT)
            assert answer.status_code in (200, 503), answer.text
            return answer if answer.status_code == 200 else None

        return wait_until(accepted).json()["id"]


def fate(stack, key, event_id):
    with stack.client(key) as shop:
        return shop.get(f"/api/v1/events/{event_id}", params={"wait": "10"}).json()["outcome"]


def test_a_first_start_needs_nothing_and_says_how_to_make_the_first_console_user(running):
    assert httpx.get(f"{running.url}/healthz").status_code == 200
    assert f"DATA_DIR={running.data_dir} .venv/bin/python manage.py createsuperuser" in running.output()
    wait_until(lambda: f"Ready for events at {running.url}/api/" in running.output(), what="it says where it is")


def test_static_files_are_served_without_a_step_of_their_own(running):
    answer = httpx.get(f"{running.url}/static/admin/css/base.css")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/css")


def test_the_embedded_way_is_a_supervisor_a_web_process_and_postgresql(running):
    assert [len(running.parts(role)) for role in ("postgres", "web", "worker", "beat")] == [1, 1, 0, 0]


def test_the_embedded_server_keeps_durability_as_postgresql_ships_it(running):
    names = ("fsync", "synchronous_commit", "full_page_writes", "listen_addresses", "max_connections")
    values = [running.query(f"SHOW {name}")[0][0] for name in names]
    assert values == ["on", "on", "on", "", "100"]


def test_the_generated_secret_key_is_for_the_owner_only(running):
    path = running.data_dir / "secret_key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(path.read_text()) > 60


def test_a_management_command_works_while_it_runs_and_prints_the_key_alone(running):
    done = running.manage("create_source", "shop of the command line", "--kind", "backend")
    key = done.stdout.strip()
    assert "\n" not in key
    assert fate(running, key, post_event(running, key)) == "applied"


def test_what_came_from_an_event_is_no_part_of_the_servers_log(running):
    with pytest.raises(Exception, match="null value"):
        running.query("INSERT INTO account_account (id, name) VALUES (2, 'Somebody Private')")
    log = (running.data_dir / "postgres.log").read_text()
    assert "null value in column" in log
    assert "Somebody Private" not in log


def test_a_stop_leaves_no_process_and_a_new_start_has_everything(breakable):
    stack = breakable
    key = stack.create_source("shop that is stopped")
    event_id = post_event(stack, key)
    secret = (stack.data_dir / "secret_key").read_text()
    assert stack.stop() == 0

    refused = stack.manage("create_source", "too late", check=False)
    assert refused.returncode == 1
    assert refused.stdout == ""
    assert f"orderloom: The PostgreSQL of DATA_DIR {stack.data_dir} does not run" in refused.stderr
    assert "Traceback" not in refused.stderr

    stack.start()
    assert fate(stack, key, event_id) == "applied"
    assert (stack.data_dir / "secret_key").read_text() == secret


def test_a_start_waits_for_the_one_that_is_stopping(breakable):
    stack = breakable
    key = stack.create_source("shop that is started again at once")
    event_id = post_event(stack, key)
    stopping = stack.process
    stopping.send_signal(signal.SIGTERM)
    stack.start(wait=False)
    assert stopping.wait(60) == 0
    stack.wait_until_ready()
    assert stack.process.poll() is None
    assert fate(stack, key, event_id) == "applied"


def test_a_stop_answers_the_requests_that_wait_for_an_outcome(breakable):
    stack = breakable
    key = stack.create_source("shop that waits")
    looks = "SELECT 1 FROM pg_stat_activity WHERE strpos(query, 'FROM events_outcome') > 1 AND pid <> pg_backend_pid()"
    with (
        psycopg.connect(stack.database_url) as holder,
        stack.client(key, timeout=60) as shop,
        ThreadPoolExecutor() as pool,
    ):
        holder.execute("SELECT pg_advisory_lock(%s, lane) FROM generate_series(0, 63) AS lane", [ADVISORY_SPACE])
        address = shop.post("/api/v1/event", json=EVENT).headers["Location"]
        held = pool.submit(shop.get, address, params={"wait": "30"})
        wait_until(lambda: stack.query(looks), what="the request is held")
        stack.process.send_signal(signal.SIGTERM)
        answer = held.result()
    assert (answer.status_code, answer.json()["outcome"]) == (200, "waiting")
    assert stack.process.wait(30) == 0


def test_a_killed_supervisor_leaves_no_process_and_a_new_start_loses_nothing(breakable):
    stack = breakable
    key = stack.create_source("shop that is killed")
    event_id = post_event(stack, key)
    left = stack.kill_supervisor()
    stack.start()  # at once: the old server may still be stopping
    assert fate(stack, key, event_id) == "applied"
    wait_until(lambda: not any(is_alive(process) for process in left), what="the old processes have ended")


ORPHAN = """
import signal
from config.web import load_application
signal.signal(signal.SIGTERM, lambda *_: None)  # as Granian's main process has it, which this one is forked from
load_application(parent=999_999_999)
print("goes on")
"""


def test_a_web_process_whose_parent_ends_while_it_loads_ends_too():
    result = subprocess.run([sys.executable, "-c", ORPHAN], cwd=BASE_DIR, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stdout) == (-signal.SIGTERM, ""), result.stderr


def test_a_power_cut_loses_nothing_and_needs_no_manual_step(breakable):
    stack = breakable
    key = stack.create_source("shop that is cut")
    event_ids = [post_event(stack, key) for _ in range(3)]
    stack.kill_everything()
    assert (stack.data_dir / "postgres" / "postmaster.pid").exists()
    stack.start()
    assert [fate(stack, key, event_id) for event_id in event_ids] == ["applied"] * 3


def test_stale_files_are_no_obstacle_even_when_their_number_belongs_to_another_process(breakable):
    stack = breakable
    stack.kill_everything()
    pid_file = stack.data_dir / "postgres" / "postmaster.pid"
    lines = pid_file.read_text().splitlines()
    pid_file.write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n")
    lock = stack.data_dir / "postgres" / ".s.PGSQL.5432.lock"
    if lock.exists():
        lock.write_text(f"{os.getpid()}\n")
    half_made = stack.data_dir / "postgres.unfinished-1"
    half_made.mkdir()
    stack.start()
    assert psutil.pid_exists(os.getpid())
    assert len(stack.parts("postgres")) == 1


def test_a_part_that_dies_is_started_again(breakable):
    stack = breakable
    key = stack.create_source("shop of the parts")
    for role in ("web", "postgres"):
        before = stack.kill(role)
        wait_until(lambda role=role, before=before: before not in [part.pid for part in stack.parts(role)])
        stack.wait_until_ready()
        assert fate(stack, key, post_event(stack, key)) == "applied"


def test_with_redis_web_worker_and_beat_are_processes_that_are_kept_running_and_stopped(tmp_path):
    with Stack(tmp_path, embedded=True, redis=True, workers=2) as stack:
        stack.wait_until_running("worker", 2)
        stack.wait_until_running("background")
        stack.wait_until_running("beat")
        key = stack.create_source("shop")
        assert fate(stack, key, post_event(stack, key)) == "applied"
        for role in ("worker", "background", "beat"):
            before = stack.kill(role)
            wait_until(lambda role=role, before=before: before not in [part.pid for part in stack.parts(role)])
        stack.wait_until_running("worker", 2)
        stack.wait_until_running("beat")
        assert fate(stack, key, post_event(stack, key)) == "applied"
        assert stack.stop() == 0
