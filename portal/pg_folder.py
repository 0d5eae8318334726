"""The folder of a private PostgreSQL: where it lies, whom it belongs to, and the locks in it."""

import fcntl
import hashlib
import os
import pwd
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from portal.pg_errors import EmbeddedServerError

FOR_ROOT = Path("/var/tmp")  # noqa: S108  another user must reach what root puts here
FOR_SOCKETS = Path("/tmp")  # noqa: S108  their path has 107 bytes at most
PLAIN_SHORT_PATH = re.compile(r"[\w./-]{1,80}", re.ASCII)
ENVIRONMENT = ("PATH", "LD_LIBRARY_PATH")  # the rest of ours may hold secrets


class Folder:
    """
    What one server has on disk. Its paths are computed from `root` alone.

    Everything lies in `home`, which is `root`. For the superuser, whom PostgreSQL refuses, a folder
    named after `root` under /var/tmp takes its place, and the server runs as `postgres` or
    `nobody`.
    """

    def __init__(self, root: Path):
        self.root = root.resolve()
        self._mark = hashlib.sha256(os.fsencode(self.root)).hexdigest()[:12]
        self.is_roots = os.geteuid() == 0
        self.home = FOR_ROOT / f"portal-{self._mark}" if self.is_roots else self.root
        self.data = self.home / "data"

    @property
    def socket_dir(self) -> Path:
        inside = self.home / "socket"
        short = FOR_SOCKETS / f"portal-{self._mark}-{os.geteuid()}"
        return inside if PLAIN_SHORT_PATH.fullmatch(str(inside)) else short

    def make(self) -> None:
        """Root keeps its folder to itself: the server's user may pass through, others may not."""
        self.home.parent.mkdir(parents=True, exist_ok=True)
        if self.is_roots:
            _make_private(self.home, (0, self._owner()[1]), mode=0o710)
        else:
            _make_private(self.home, self._owner())
        for name in ("lock", "alive", "users"):
            os.close(os.open(self.home / name, os.O_RDONLY | os.O_CREAT, 0o600))

    def make_private(self, path: Path) -> None:
        """Make a folder of the server's user, or see that nobody else made it."""
        _make_private(path, self._owner())

    def run_as(self) -> dict:
        """Return how a program runs: as the server's user, without our environment."""
        kept = {name: os.environ[name] for name in ENVIRONMENT if name in os.environ}
        arguments = {"env": kept | {"LC_ALL": "C"}, "cwd": "/", "umask": 0o077}
        if self.is_roots:
            uid, gid = self._owner()
            arguments |= {"user": uid, "group": gid, "extra_groups": []}
        return arguments

    def is_held(self) -> bool:
        """Return whether a server, or what a killed one left behind, still holds the data."""
        with suppress(FileNotFoundError), opened(self.home / "alive") as alive:
            free = try_lock(alive, fcntl.LOCK_SH)
            fcntl.flock(alive, fcntl.LOCK_UN)  # a fork of this moment keeps the file open
            return not free
        return False

    @contextmanager
    def locked(self) -> Iterator[None]:
        with opened(self.home / "lock") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _owner(self) -> tuple[int, int]:
        """Return whom the server runs as; data that exist keep their owner."""
        if not self.is_roots:
            return os.geteuid(), os.getegid()
        if self.data.exists():
            return self.data.stat().st_uid, self.data.stat().st_gid
        for name in ("postgres", "nobody"):
            with suppress(KeyError):
                return pwd.getpwnam(name)[2:4]
        raise EmbeddedServerError("PostgreSQL does not run as root: add a user `postgres`")


def _make_private(path: Path, owner: tuple[int, int], mode: int = 0o700) -> None:
    """Make the folder, or see that nobody else made it: /tmp and /var/tmp are open to all."""
    path.mkdir(mode=0o700, exist_ok=True)
    found = path.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in (os.geteuid(), owner[0]):
        raise EmbeddedServerError(f"{path} belongs to somebody else: move it away")
    if os.geteuid() == 0:
        os.chown(path, *owner)
    path.chmod(mode)


@contextmanager
def opened(path: Path) -> Iterator[int]:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def try_lock(descriptor: int, kind: int) -> bool:
    with suppress(BlockingIOError):
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
        return True
    return False
