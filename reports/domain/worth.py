"""What work is worth by the rate card, whatever was charged for it."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable
from datetime import datetime
from operator import attrgetter
from typing import NamedTuple, TypeVar

from tickets.domain.recurrence import worth_of

__all__ = ["Worked", "Worth", "added", "by_ticket", "total", "worth_of"]

Key = TypeVar("Key", bound=Hashable)


class Worked(NamedTuple):
    """
    A piece of a month's work; `kind` is what the charging made of it.

    `worth` is minor units by the rate card of its day, without multipliers, cut down to a whole
    unit for each piece; 0 where the card has no rate (`rated` is False).
    """

    ticket: str
    stream: str
    tier: str
    kind: str
    starts_at: datetime
    minutes: int
    worth: int
    rated: bool = True


class Worth(NamedTuple):
    minutes: int = 0
    worth: int = 0


def total(pieces: "Iterable[Worked | Worth]") -> Worth:
    """Return the minutes and the worth of all pieces."""
    minutes = worth = 0
    for piece in pieces:
        minutes, worth = minutes + piece.minutes, worth + piece.worth
    return Worth(minutes, worth)


def by_ticket(pieces: Iterable[Worked]) -> dict[str, Worth]:
    """Return the minutes and the worth of each ticket's work."""
    return added(pieces, attrgetter("ticket"))


def added(pieces: Iterable[Worked], key: Callable[[Worked], Key]) -> dict[Key, Worth]:
    """Return the minutes and the worth of the pieces that have the same key."""
    minutes: defaultdict[Key, int] = defaultdict(int)
    worth: defaultdict[Key, int] = defaultdict(int)
    for piece in pieces:
        at = key(piece)
        minutes[at] += piece.minutes
        worth[at] += piece.worth
    return {at: Worth(minutes[at], worth[at]) for at in minutes}
