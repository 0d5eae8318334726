"""From when to when an incident kept its system down, as the audit trail tells it."""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple


class Turned(StrEnum):
    """The steps after which a system is back, or down again."""

    RESTORED = "ticket.restored"
    RESOLVED = "ticket.resolved"
    RECOVERED = "ticket.recovered"
    AUTO_CLOSED = "ticket.auto_closed"
    CANCELLED = "ticket.cancelled"
    MERGED = "ticket.merged"
    REOPENED = "ticket.reopened"


class Turn(NamedTuple):
    """One such step; a recovery that was noticed later tells its own `ended_at`."""

    step: Turned
    at: datetime
    ended_at: datetime | None = None


Stretch = tuple[datetime, datetime | None]
NEVER_DOWN = (Turned.CANCELLED, Turned.MERGED)  # no fault, or another ticket tells of it


def stretches(received_at: datetime, turns: Iterable[Turn]) -> list[Stretch]:
    """
    Return the times in which service was down, the last without an end where it still is.

    It is down from the incident's beginning until service is restored, at the latest until the
    ticket is resolved. A reopened ticket is down again only where the resolution alone had ended
    it: service that was restored before stays restored.
    """
    found: list[Stretch] = []
    since: datetime | None = received_at
    with_resolution = False
    for turn in turns:
        if turn.step in NEVER_DOWN:
            return []
        if turn.step is Turned.REOPENED:
            if since is None and with_resolution:
                since = turn.at
        elif since is not None:
            found.append((since, max(since, turn.ended_at or turn.at)))
            since, with_resolution = None, turn.step is not Turned.RESTORED
    return found if since is None else [*found, (since, None)]
