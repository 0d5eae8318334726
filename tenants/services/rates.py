"""
How many requests somebody made in the running window, over all processes and hosts.

A process counts by itself and tells the database every SHARE of the limit, after the request and
outside its transaction; the answer says what all processes have counted. So a request costs no
statement, no lock is waited for, and a refusal takes no count back. What may slip through is a SHARE
of the limit for each further process (ADR 15).
"""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from threading import Lock

from django.db import DatabaseError, connection

from tenants.services.throttles import Limit, key_of

log = logging.getLogger(__name__)
API = Limit("api", 0, timedelta(0))  # how many and how long is `API_RATE`'s affair
SHARE = 50  # a fiftieth of the limit
TELL = """
INSERT INTO tenants_throttle AS known (key, count, ends_at) VALUES (%s, %s, %s)
ON CONFLICT (key) DO UPDATE SET ends_at = excluded.ends_at,
count = excluded.count + CASE WHEN known.ends_at = excluded.ends_at THEN known.count ELSE 0 END
WHERE known.ends_at <= excluded.ends_at
RETURNING count
"""


@dataclass(slots=True)
class Tally:
    """One person's requests in one window: what all had counted, and ours that nobody knows yet."""

    ends_at: float
    known: int = 0
    untold: int = 0

    @property
    def total(self) -> int:
        return self.known + self.untold


@dataclass
class Rates:
    """The tallies of one process."""

    clock: Callable[[], float] = time.time
    tallies: dict[str, Tally] = field(default_factory=dict)
    lock: Lock = field(default_factory=Lock)

    def spend(self, who: str, most: int, seconds: int) -> float:
        """Count a request; return 0, or after how many seconds the next one is welcome."""
        with self.lock:
            tally = self._running(who, seconds)
            if tally.total >= most:
                return tally.ends_at - self.clock()
            tally.untold += 1
            return 0

    def tell(self, who: str, most: int) -> None:
        """Tell the database what it does not know, once that is a share of the limit."""
        with self.lock:
            tally = self.tallies.get(who)
            if tally is None or tally.untold < max(1, most // SHARE):
                return
            told, tally.untold = tally.untold, 0
            tally.known += told
        try:
            counted = tell(who, told, tally.ends_at)
        except DatabaseError as error:  # the request is answered: what it did must be said
            log.warning("Requests are not counted together: %s", type(error).__name__)
            return
        with self.lock:
            tally.known = max(tally.known, counted)

    def _running(self, who: str, seconds: int) -> Tally:
        """Return the tally of the window that runs; those of windows that are over go."""
        now = self.clock()
        found = self.tallies.get(who)
        if found is None or found.ends_at <= now:
            self.tallies = {key: t for key, t in self.tallies.items() if t.ends_at > now}
            found = self.tallies[who] = Tally(ends_at=(now // seconds + 1) * seconds)
        return found


def tell(who: str, count: int, ends_at: float) -> int:
    """Add to the count of all processes; return it, or 0 where a later window has begun."""
    key = key_of(API, who)
    with connection.cursor() as cursor:
        cursor.execute(TELL, [key, count, datetime.fromtimestamp(ends_at, UTC)])
        found = cursor.fetchone()
    return found[0] if found else 0


RATES = Rates()
