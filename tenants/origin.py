"""Where a change comes from: a person's address, a job, or a console; the audit keeps it."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from django.conf import settings
from django.http import HttpRequest

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


def address_of(request: HttpRequest) -> str:
    """
    Return the address the request came from.

    Behind the proxy it is the last one of X-Forwarded-For, which the proxy itself wrote: what stands
    before it anybody may have invented.
    """
    if settings.SECURE_PROXY_SSL_HEADER:
        named = request.headers.get("X-Forwarded-For", "").rsplit(",", 1)[-1].strip()
        if named:
            return named
    return request.META.get("REMOTE_ADDR", "")
