"""What stands in the way of a start is said in one sentence, without a traceback."""

import socket
import subprocess
import sys
from contextlib import closing

import pytest

from config import serve
from config.embedded import LONGEST_SOCKET_PATH, EmbeddedPostgres, socket_dir
from config.environment import BASE_DIR, Environment
from config.refusals import StartRefusedError
from tests.acceptance.stack import OURS, SECONDS_TO_START, SECRET_KEY, free_port


def start(**environment):
    """(exit status, standard error) of `python -m config.serve`, which is expected to refuse."""
    done = subprocess.run(
        [sys.executable, "-m", "config.serve"],
        cwd=BASE_DIR,
        env={name: value for name, value in serve.os.environ.items() if name not in OURS} | environment,
        capture_output=True,
        text=True,
        timeout=SECONDS_TO_START,
        check=False,
    )
    assert "Traceback" not in done.stderr
    return done.returncode, done.stderr.strip()


def test_a_port_that_is_taken(tmp_path):
    with closing(socket.socket()) as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        assert start(DATA_DIR=str(tmp_path), PORT=str(port)) == (
            1,
            f"orderloom: 127.0.0.1:{port} cannot be opened (Address already in use): "
            f"give another PORT, as in `make run PORT={port + 1}`.",
        )
    assert not (tmp_path / "postgres").exists()


def test_a_host_that_is_not_of_this_machine(tmp_path):
    status, sentence = start(DATA_DIR=str(tmp_path), PORT=str(free_port()), HOST="no.such.host.invalid")
    assert (status, sentence) == (1, "orderloom: HOST=no.such.host.invalid is not an address of this machine.")


def test_a_data_directory_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("in the way")
    folder = tmp_path / "file" / "data"
    assert start(DATA_DIR=str(folder)) == (
        1,
        f"orderloom: DATA_DIR {folder} cannot be written (Not a directory): give one that can.",
    )


def test_a_data_directory_of_another_postgresql(tmp_path):
    (tmp_path / "postgres").mkdir()
    (tmp_path / "postgres" / "PG_VERSION").write_text("16\n")
    status, sentence = start(DATA_DIR=str(tmp_path), PORT=str(free_port()))
    assert status == 1
    assert sentence.startswith(f"orderloom: {tmp_path}/postgres was made by PostgreSQL 16, and this Orderloom brings")


def test_a_folder_that_holds_something_else_is_left_as_it_is(tmp_path):
    (tmp_path / "postgres").mkdir()
    (tmp_path / "postgres" / "letters.txt").write_text("mine")
    status, sentence = start(DATA_DIR=str(tmp_path), PORT=str(free_port()))
    assert (status, sentence) == (
        1,
        f"orderloom: {tmp_path}/postgres is not a PostgreSQL cluster and not empty: use another DATA_DIR.",
    )
    assert (tmp_path / "postgres" / "letters.txt").read_text() == "mine"


def test_a_second_start_on_the_same_data_directory(running):
    status, sentence = start(DATA_DIR=str(running.data_dir), PORT=str(free_port()))
    assert (status, sentence) == (
        1,
        f"orderloom: Orderloom already runs on DATA_DIR {running.data_dir} (process {running.process.pid}): "
        f"stop it first, or give another DATA_DIR.",
    )
    assert running.is_healthy()


def test_a_database_that_does_not_answer():
    port = free_port()
    status, sentence = start(
        DATABASE_URL=f"postgresql://me:pa55word@127.0.0.1:{port}/shop", SECRET_KEY=SECRET_KEY, PORT=str(free_port())
    )
    assert status == 1
    assert sentence.startswith("orderloom: PostgreSQL of DATABASE_URL does not answer: connection to server")
    assert "pa55word" not in sentence


def test_a_postgresql_that_is_too_old(monkeypatch):
    monkeypatch.setattr(serve, "OLDEST_POSTGRESQL", 990000)
    with pytest.raises(StartRefusedError, match=r"^PostgreSQL \d+ is too old: Orderloom needs 15 or newer\.$"):
        serve.check_database(Environment())


def test_no_secret_key_beside_a_database_of_ones_own():
    status, sentence = start(DATABASE_URL="postgresql://me@127.0.0.1:1/shop", PORT=str(free_port()))
    assert status == 1
    assert sentence.startswith("orderloom: SECRET_KEY must be given together with DATABASE_URL")


def test_variables_that_are_not_allowed_are_all_named_with_what_is():
    assert start(PORT="x", LOG_FORMAT="xml", DATABASE_URL="mysql://me:pa55word@host/shop") == (
        2,
        "orderloom: DATABASE_URL is not allowed: must start with postgresql:// or postgres://.\n"
        "orderloom: PORT=x is not allowed: input should be a valid integer, unable to parse string as an integer.\n"
        "orderloom: LOG_FORMAT=xml is not allowed: input should be 'auto', 'console' or 'json'.",
    )


@pytest.mark.parametrize("command", [["check"], ["makemigrations", "--check", "--dry-run"]])
def test_commands_that_need_no_database_run_without_one(tmp_path, command):
    done = subprocess.run(
        [sys.executable, "manage.py", *command],
        cwd=BASE_DIR,
        env={name: value for name, value in serve.os.environ.items() if name not in OURS} | {"DATA_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_path_too_long_for_a_socket_gets_a_short_private_folder_that_goes_with_the_server(tmp_path):
    data_dir = tmp_path / ("long" * 25)
    data_dir.mkdir()
    server = EmbeddedPostgres(data_dir)
    server.start()
    sockets = socket_dir(server.cluster)
    try:
        assert len(str(sockets / ".s.PGSQL.5432")) < LONGEST_SOCKET_PATH
        assert sockets.stat().st_mode & 0o777 == 0o700
        assert (sockets / ".s.PGSQL.5432").is_socket()
    finally:
        server.stop()
    assert not sockets.exists()
