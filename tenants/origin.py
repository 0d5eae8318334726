"""Where a change comes from: a person's address, a job, or a console; the audit keeps it."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_origin: ContextVar[str] = ContextVar("origin", default="console")


def origin() -> str:
    return _origin.get()


@contextmanager
def coming_from(what: str) -> Iterator[None]:
    """Let the changes inside say that they came from `what`, at most 80 characters."""
    token = _origin.set(what[:80])
    try:
        yield
    finally:
        _origin.reset(token)
