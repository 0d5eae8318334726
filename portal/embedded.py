"""
A private PostgreSQL for a checkout without DATABASE_URL, on a Unix socket nobody else can reach.

Locks on three files hold the processes together; the kernel drops them when their holders die.
`lock`: while a server starts or stops. `alive`: inherited by the server and its children, so that
neither a stale postmaster.pid nor a process number used twice deceives. `users`: shared by those
who would miss the server; the last of them stops it.
"""

import argparse
import atexit
import fcntl
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

import psycopg

from portal import pg_programs
from portal.pg_errors import EmbeddedServerError, last_reason, one_clear_line, one_line
from portal.pg_folder import Folder, opened, try_lock
from portal.pg_programs import program_folders
from portal.pg_roles import ADMIN, APP, DATABASE, OWNER, prepare_once, prepare_roles

__all__ = [
    "ADMIN",
    "APP",
    "DATABASE",
    "OWNER",
    "EmbeddedServerError",
    "Server",
    "default_server",
    "prepare_roles",
    "program_folders",
    "urls",
]

PORT = 5432  # said in every address, so that PGPORT changes nothing
SOCKET = f".s.PGSQL.{PORT}"
START_SECONDS, MUTE_SECONDS, STOP_SECONDS = 120, 5, 60  # starting includes recovery
PROC = Path("/proc")
SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "port": PORT,
    "max_connections": 60,
    "shared_buffers": "64MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
}
if sys.platform == "linux":  # after a kill: one call instead of one for each of 2,000 files
    SETTINGS["recovery_init_sync_method"] = "syncfs"
FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class Server:
    """
    The server of one folder. Addresses are computed from the path alone; only `ensure` acts.

    Everything lives in `home`: `root`, or for the superuser a folder in its place (see `Folder`).
    """

    def __init__(self, root: Path, *, fast: bool = False):
        self.folder, self.fast = Folder(root), fast
        self._process: subprocess.Popen | None = None
        self._use: int | None = None

    @property
    def root(self) -> Path:
        return self.folder.root

    @property
    def home(self) -> Path:
        return self.folder.home

    @property
    def data(self) -> Path:
        return self.folder.data

    @property
    def socket_dir(self) -> Path:
        return self.folder.socket_dir

    def dsn(self, role: str = APP, database: str = DATABASE) -> str:
        return f"postgres://{role}@:{PORT}/{database}?host={quote(str(self.socket_dir))}"

    def is_running(self) -> bool:
        """Return whether a server, or what a killed one left behind, still holds the data."""
        return self.folder.is_held()

    def ensure(self, *, stop_at_exit: bool = False) -> bool:
        """
        Make the server answer, roles and database in it, and return whether this call started it.

        With `stop_at_exit` this process is a user of it until it ends; the last user to leave stops
        it. Without, a server started here stays until `stop`; one that runs keeps its own rule.

        :raises EmbeddedServerError: if it cannot be made to answer.
        """
        if stop_at_exit and self._use is None:
            atexit.register(self._leave, os.getpid())
        return self._join(keep=not stop_at_exit)

    @contextmanager
    def running(self) -> Iterator["Server"]:
        """Be a user of the server for the length of the block."""
        joins = self._use is None
        self._join(keep=False)
        try:
            yield self
        finally:
            if joins:
                self._leave(os.getpid())

    def was_killed(self) -> bool:
        """Return whether the server is gone and did not say goodbye: it left its pid file behind."""
        return not self.is_running() and (self.data / "postmaster.pid").exists()

    def revive(self) -> bool:
        """Start a killed server again for those who use it; as `ensure`, but none stays for it."""
        return self._join(keep=False)

    def stop(self) -> bool:
        """Stop the server, whoever uses it, and return whether there was one."""
        with one_clear_line(self.home, "stop"):
            if not self.is_running():
                return False
            with self.folder.locked():
                self._halt()
            return True

    def _join(self, *, keep: bool) -> bool:
        with one_clear_line(self.home, "start"):
            self.folder.make()
            with self.folder.locked():
                if started := not self._answers():
                    self._start(keep)
                prepare_once(self.dsn(ADMIN, ADMIN))
                if not keep and self._use is None:
                    self._use = os.open(self.home / "users", os.O_RDONLY)
                    fcntl.flock(self._use, fcntl.LOCK_SH)
        return started

    def _leave(self, joined_in: int) -> None:
        if self._use is None or os.getpid() != joined_in:  # a fork leaves with its parent
            return
        os.close(self._use)
        self._use = None
        if self.is_running():
            with (
                one_clear_line(self.home, "stop"),
                self.folder.locked(),
                opened(self.home / "users") as users,
            ):
                if try_lock(users, fcntl.LOCK_EX):
                    self._halt()

    def _answers(self) -> bool:
        """Return whether a server answers, after giving one that starts or ends time to do so."""
        listens = (self.socket_dir / SOCKET).exists()
        if not listens and not self.is_running():
            return False
        self.folder.make_private(self.socket_dir)
        patience = START_SECONDS if listens else MUTE_SECONDS
        if _wait(lambda: self._accepts() or not self.is_running(), patience):
            return self._accepts()
        self._halt()  # alive and mute, as when somebody emptied /tmp under its socket
        return False

    def _accepts(self) -> bool:
        with suppress(psycopg.OperationalError):
            psycopg.connect(self.dsn(ADMIN, ADMIN), connect_timeout=5).close()
            return True
        return False

    def _start(self, keep: bool) -> None:
        """Start, and once again after a failure: what a killed server left takes a moment to go."""
        programs = pg_programs.fitting(self.folder)
        if not self.data.exists():
            pg_programs.initialise(self.folder, programs, fast=self.fast)
        for last in (False, True):
            self._ended()  # reaps a killed one of ours: a zombie still has its number
            for stale in (self.data / "postmaster.pid", self.socket_dir / f"{SOCKET}.lock"):
                stale.unlink(missing_ok=True)  # nobody is alive
            self._launch(programs, keep)
            if _wait(lambda: self._ended() or self._accepts(), START_SECONDS) and self._accepts():
                return
            self._halt()
            if last:
                log = (self.home / "log").read_text(errors="replace")
                raise EmbeddedServerError(last_reason(log))
            if self.fast:  # written without fsync, and of no value
                shutil.rmtree(self.data)
                pg_programs.initialise(self.folder, programs, fast=self.fast)
            time.sleep(0.5)

    def _launch(self, programs: Path, keep: bool) -> None:
        options = SETTINGS | (FAST if self.fast else {})
        options["unix_socket_directories"] = self.socket_dir
        command = [programs / "postgres", "-D", self.data]
        command += [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        self.folder.make_private(self.socket_dir)
        log, users, alive = self.home / "log", self.home / "users", self.home / "alive"
        if log.exists():
            log.replace(self.home / "log.1")
        with log.open("wb") as output, opened(users) as in_use, opened(alive) as life:
            fcntl.flock(in_use, fcntl.LOCK_SH)
            fcntl.flock(life, fcntl.LOCK_EX)
            self._process = subprocess.Popen(  # noqa: S603  our own programs and paths
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C is for us
                pass_fds=(life, in_use) if keep else (life,),
                **self.folder.run_as(),
            )

    def _ended(self) -> bool:
        return self._process is not None and self._process.poll() is not None

    def _halt(self) -> None:
        """Stop what holds the data: SIGINT is the fast shutdown, SIGQUIT the immediate one."""
        for number in (signal.SIGINT, signal.SIGQUIT):
            with suppress(FileNotFoundError, ProcessLookupError, IndexError):  # it went by itself
                pid = int((self.data / "postmaster.pid").read_text().split()[0])
                if not PROC.exists() or (PROC / f"{pid}/comm").read_text().strip() == "postgres":
                    os.kill(pid, number)
            if _wait(lambda: not self.is_running(), STOP_SECONDS):
                self._ended()  # reaps our own child
                return
        raise EmbeddedServerError(f"end the processes that still use {self.data}")


def default_server(project_root: Path, fast: bool = False) -> Server:
    """Return the server of a checkout; the fast one, for tests, has a folder of its own."""
    return Server(project_root / "var" / ("pg-test" if fast else "pg"), fast=fast)


def urls(server: Server) -> dict[str, str]:
    return {"DATABASE_URL": server.dsn(APP), "DATABASE_OWNER_URL": server.dsn(OWNER)}


def _wait(condition: Callable[[], bool], seconds: float) -> bool:
    end = time.monotonic() + seconds
    while not (met := condition()) and time.monotonic() < end:
        time.sleep(0.02)
    return met


def main(arguments: list[str] | None = None) -> int:
    commands = ["start", "stop", "status", "psql-url", "prepare-roles"]
    parser = argparse.ArgumentParser(
        "python -m portal.embedded", description="A private PostgreSQL."
    )
    parser.add_argument("command", choices=commands)
    parser.add_argument("admin_dsn", nargs="?", default="", help="a superuser's, to prepare-roles")
    parser.add_argument("--test", action="store_true", help="the server of the tests")
    asked = parser.parse_args(arguments)
    server = default_server(Path(__file__).resolve().parents[1], fast=asked.test)
    try:
        line, code = _obey(asked.command, server, asked.admin_dsn)
    except (EmbeddedServerError, psycopg.Error) as error:
        line, code = one_line(error), 1
    sys.stdout.write(f"{line}\n")
    return code


def _obey(command: str, server: Server, admin_dsn: str) -> tuple[str, int]:
    match command:
        case "start":
            return f"{'Started' if server.ensure() else 'Already running'}: {server.home}", 0
        case "stop":
            return f"{'Stopped' if server.stop() else 'Not running'}: {server.home}", 0
        case "status":
            code = 0 if server.is_running() else 3
            return f"{'Not running' if code else 'Running'}: {server.home}", code
        case "psql-url":
            return server.dsn(OWNER), 0
    secrets = [os.environ.get(f"PORTAL_{role}_PASSWORD") for role in ("OWNER", "APP")]
    prepare_roles(admin_dsn, DATABASE, OWNER, APP, *secrets)
    return f"Prepared: database {DATABASE}, roles {OWNER} and {APP}", 0


if __name__ == "__main__":
    sys.exit(main())
