"""A PostgreSQL and a Redis of a proof's own, on an address of its own: they may be killed."""

import shutil
import signal
import subprocess
from pathlib import Path

import psycopg
import redis

from portal import pg_programs
from portal.pg_folder import Folder
from portal.pg_roles import ADMIN, APP, DATABASE, prepare_roles
from tests.processes import wait_for


class Postgres:
    """A cluster made for this proof; who speaks from its network is trusted."""

    def __init__(self, root: Path, address: str) -> None:
        self.folder, self.address = Folder(root), address
        self.process: subprocess.Popen | None = None
        self.folder.make()
        self.folder.make_private(self.folder.socket_dir)
        self.programs = installed() or pg_programs.fitting(self.folder)
        pg_programs.initialise(self.folder, self.programs, fast=False)
        with (self.folder.data / "pg_hba.conf").open("a") as rules:
            rules.write(f"host all all {address}/24 trust\n")
        self.start()
        prepare_roles(self.dsn(ADMIN, ADMIN))

    def dsn(self, role: str = APP, database: str = DATABASE) -> str:
        return f"postgres://{role}@{self.address}:5432/{database}"

    def start(self) -> None:
        options = {
            "listen_addresses": self.address,
            "unix_socket_directories": self.folder.socket_dir,
            "max_connections": 60,
        }
        command = [self.programs / "postgres", "-D", self.folder.data]
        command += [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        with (self.folder.home / "log").open("ab") as log:
            self.process = subprocess.Popen(
                command, stdout=log, stderr=log, start_new_session=True, **self.folder.run_as()
            )
        wait_for(self.answers, 60)

    def answers(self) -> bool:
        try:
            psycopg.connect(self.dsn(ADMIN, ADMIN), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def stop(self, how: int = signal.SIGINT) -> None:
        self.process.send_signal(how)
        self.process.wait(30)

    def ask(self, question: str, *values) -> list[tuple]:
        with psycopg.connect(self.dsn(ADMIN, DATABASE), autocommit=True) as connection:
            cursor = connection.execute(question, values or None)
            return cursor.fetchall() if cursor.description else []

    def end(self) -> None:
        if self.process and self.process.poll() is None:
            self.stop(signal.SIGQUIT)
        shutil.rmtree(self.folder.home, ignore_errors=True)


def installed() -> Path | None:
    """Return the programs of the newest PostgreSQL of the system, as a real host would have."""
    found = sorted(Path("/usr/lib/postgresql").glob("[0-9]*/bin"), key=lambda p: int(p.parent.name))
    return found[-1] if found else None


class Redis:
    """A broker that forgets everything when it dies."""

    def __init__(self, folder: Path, address: str) -> None:
        self.folder, self.address, self.url = folder, address, f"redis://{address}:6379/0"
        self.process: subprocess.Popen | None = None
        self.start()

    def start(self) -> None:
        command = ["redis-server", "--bind", self.address, "--port", "6379", "--save", "",
                   "--protected-mode", "no", "--dir", str(self.folder)]  # fmt: skip
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        wait_for(self.answers, 20)

    def answers(self) -> bool:
        try:
            return bool(redis.Redis.from_url(self.url).ping())
        except redis.exceptions.ConnectionError:
            return False

    def flush(self) -> None:
        redis.Redis.from_url(self.url).flushall()

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
