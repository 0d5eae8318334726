"""
One file that holds everything, and the way back.

A backup is a tar of `manifest.json`, the database (`pg_dump`, custom format) and the attached files.
The manifest's counts are read in the very snapshot that is dumped, so that a restore can prove that nothing
is missing. The chain of the audit and the hashes of the reports are verified by their own consoles.
"""

import json
import os
import shutil
import subprocess
import tarfile
import tempfile
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import psycopg
from django.conf import settings
from psycopg import sql

from portal import pg_programs
from tenants.waiting_files import FOLDER as WAITING

MANIFEST, DUMP, FILES = "manifest.json", "database.dump", "attachments"


class BackupError(Exception):
    """Why there is no backup, or nothing was restored, in one line for the console."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """`rows` are counts by table; `files` is how many attached files the tar holds."""

    made_at: str
    server: int
    rows: dict[str, int]
    files: int = 0


def connect() -> psycopg.Connection:
    """
    Connect as the owner, who reads every client's rows.

    :raises BackupError: if no owner is named, or the database does not answer.
    """
    if "owner" not in settings.DATABASES:
        raise BackupError("Name the owner of the database in DATABASE_OWNER_URL.")
    try:
        return psycopg.connect(**parameters())
    except psycopg.OperationalError as error:
        raise BackupError(f"The database does not answer: {error}".strip()) from error


def parameters() -> dict[str, str]:
    told = settings.DATABASES["owner"]
    names = {
        "host": "HOST",
        "port": "PORT",
        "user": "USER",
        "password": "PASSWORD",
        "dbname": "NAME",
    }
    return {name: str(told[key]) for name, key in names.items() if told.get(key)}


def counts(connection: psycopg.Connection) -> dict[str, int]:
    """Return how many rows each table holds, in the connection's snapshot."""
    tables = connection.execute(
        "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
        " ORDER BY relname"
    ).fetchall()
    return {
        name: connection.execute(
            sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(name))
        ).fetchone()[0]
        for (name,) in tables
    }


def write_backup(target: Path, now: datetime) -> Manifest:
    """
    Write the whole portal into `target`; it gets its name last, so a half one is never there.

    :raises BackupError: if the database does not answer, or `pg_dump` says no.
    """
    with tempfile.TemporaryDirectory(dir=target.parent) as folder, connect() as connection:
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        (snapshot,) = connection.execute("SELECT pg_export_snapshot()").fetchone()
        rows = counts(connection)
        server = connection.info.server_version // 10000
        dump = Path(folder) / DUMP
        run("pg_dump", server, ["--format=custom", f"--snapshot={snapshot}", f"--file={dump}"])
        files = attached_files()
        manifest = Manifest(now.astimezone(UTC).isoformat(), server, rows, len(files))
        (Path(folder) / MANIFEST).write_text(json.dumps(asdict(manifest), indent=1))
        draft = Path(folder) / "draft.tar"
        with tarfile.open(draft, "w") as tar:
            tar.add(Path(folder) / MANIFEST, MANIFEST)
            tar.add(dump, DUMP)
            for path in files:
                tar.add(path, f"{FILES}/{path.relative_to(settings.ATTACHMENTS_DIR)}")
        draft.chmod(0o600)  # it is every client's everything
        draft.replace(target)
    return manifest


def attached_files() -> list[Path]:
    """Return the files that rows name; what waits for a proof of its person is nobody's yet."""
    waiting = settings.ATTACHMENTS_DIR / WAITING
    found = sorted(p for p in settings.ATTACHMENTS_DIR.rglob("*") if p.is_file())
    return [path for path in found if waiting not in path.parents]


def restore(source: Path) -> Manifest:
    """
    Put a backup into an empty database and the folder of attached files; return what it must hold.

    :raises BackupError: if the file is no backup, or the database holds something.
    """
    with tempfile.TemporaryDirectory() as folder:
        try:
            with tarfile.open(source) as tar:
                tar.extractall(folder, filter="data")
            manifest = Manifest(**json.loads((Path(folder) / MANIFEST).read_text()))
        except (OSError, tarfile.TarError, ValueError, TypeError) as error:
            raise BackupError(f"{source} is no backup of the portal: {error}") from error
        with connect() as connection:
            if any(counts(connection).values()):
                raise BackupError("The database is not empty: restore into a new one.")
            server = connection.info.server_version // 10000
        run(
            "pg_restore",
            server,
            ["--exit-on-error", "--single-transaction", "--no-owner", "--no-comments"],
            Path(folder) / DUMP,
        )
        if (Path(folder) / FILES).exists():
            shutil.copytree(Path(folder) / FILES, settings.ATTACHMENTS_DIR, dirs_exist_ok=True)
    return manifest


def differences(manifest: Manifest) -> list[str]:
    """Return one sentence for each table that holds another number of rows than the backup did."""
    with connect() as connection:
        now = counts(connection)
    return [
        f"{table}: {now.get(table, 0)} rows, the backup held {rows}."
        for table, rows in manifest.rows.items()
        if now.get(table, 0) != rows
    ]


def run(program: str, server: int, arguments: list[str], *paths: Path) -> None:
    """Run a program of PostgreSQL at least as new as the server; the password goes unseen."""
    told = parameters()
    environment = {**os.environ, "PGPASSWORD": told.pop("password", "")}
    where = [
        f"--{name}={value}" if name != "user" else f"--username={value}"
        for name, value in told.items()
    ]
    command = [str(found(program, server)), *where, "--no-password", *arguments, *map(str, paths)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        raise BackupError(f"{program}: {done.stderr.strip()}")


def found(program: str, server: int) -> Path:
    """
    Return the oldest of the installed programs that is not older than the server.

    :raises BackupError: if there is none.
    """
    fitting = {}
    for folder in pg_programs.program_folders():
        if (path := folder / program).exists() and (major := major_of(path)) >= server:
            fitting.setdefault(major, path)
    if not fitting:
        raise BackupError(f"No {program} of PostgreSQL {server} or newer is installed here.")
    return fitting[min(fitting)]


def major_of(path: Path) -> int:
    told = subprocess.run([str(path), "--version"], capture_output=True, text=True, check=False)  # noqa: S603
    digits = "".join(c if c.isdigit() else " " for c in told.stdout).split()
    return int(digits[0]) if digits else 0
