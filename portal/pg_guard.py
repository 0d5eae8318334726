"""
Bring the private PostgreSQL back when somebody kills it.

PostgreSQL itself recovers from the death of a backend. When its first process is killed, nobody is
left to do so but us. A server that was stopped on purpose took its `postmaster.pid` along and is
left alone.
"""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from portal.embedded import EmbeddedServerError, Server

LOOK_SECONDS, REST_SECONDS = 0.2, 5

log = logging.getLogger(__name__)


@contextmanager
def guarded(server: Server) -> Iterator[Server]:
    """Be a user of the server for the length of the block, and start it again if it is killed."""
    over = threading.Event()
    with server.running():
        watch = threading.Thread(target=_watch, args=(server, over), daemon=True, name="pg-guard")
        watch.start()
        try:
            yield server
        finally:
            over.set()
            watch.join()


def _watch(server: Server, over: threading.Event) -> None:
    while not over.wait(LOOK_SECONDS):
        if not server.was_killed():
            continue
        try:
            server.revive()
        except EmbeddedServerError as refusal:
            log.error("%s", refusal)
            over.wait(REST_SECONDS)
