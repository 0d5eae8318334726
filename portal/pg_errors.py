"""What the private PostgreSQL says when it cannot serve, and in one line."""

import errno
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

OLDEST_MAJOR = 15
HINTS = {
    errno.EACCES: "use a folder this user may write",
    errno.EPERM: "run this as an ordinary user",
    errno.EROFS: "use a disk that can be written",
    errno.ENOSPC: "free some space",
}


class EmbeddedServerError(RuntimeError):
    """The private server cannot serve; the message is one line that says what to do."""


@contextmanager
def one_clear_line(home: Path, verb: str) -> Iterator[None]:
    """Turn what goes wrong in the block into a refusal that names the folder and the way out."""
    try:
        yield
    except (EmbeddedServerError, OSError, psycopg.Error) as error:
        reason = one_line(error).rstrip(".")
        hints = [f" ({hint})" for code, hint in HINTS.items() if os.strerror(code) in reason]
        raise EmbeddedServerError(
            f"The private PostgreSQL in {home} cannot {verb}: {reason}{''.join(hints)};"
            f" or set DATABASE_URL to a server of PostgreSQL {OLDEST_MAJOR}+."
        ) from error


def one_line(error: Exception) -> str:
    return re.sub(r"\[Errno \d+\] ", "", " ".join(str(error).split()))


def last_reason(output: str) -> str:
    """Return the last line in which a program says why it gave up, not why a client must wait."""
    telling = re.findall(r"(?:FATAL|PANIC|error):\s+(?!the database system is)(.+)", output)
    return (telling or output.split("\n"))[-1] or "it had no room to say why: free some space"
