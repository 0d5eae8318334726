"""What work is worth by the rate card, whatever was charged for it."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

MINUTES_OF_AN_HOUR = 60


@dataclass(frozen=True, slots=True)
class Worked:
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


@dataclass(frozen=True, slots=True)
class Worth:
    minutes: int = 0
    worth: int = 0

    def __add__(self, piece: "Worked | Worth") -> "Worth":
        return Worth(self.minutes + piece.minutes, self.worth + piece.worth)


def total(pieces: "Iterable[Worked | Worth]") -> Worth:
    """Return the minutes and the worth of all pieces."""
    found = Worth()
    for piece in pieces:
        found += piece
    return found


def by_ticket(pieces: Iterable[Worked]) -> dict[str, Worth]:
    """Return the minutes and the worth of each ticket's work."""
    found: defaultdict[str, Worth] = defaultdict(Worth)
    for piece in pieces:
        found[piece.ticket] += piece
    return dict(found)


def worth_of(minutes: int, rate: int) -> int:
    """Return minor units for `minutes` at a `rate` an hour, never rounded up."""
    return minutes * rate // MINUTES_OF_AN_HOUR
