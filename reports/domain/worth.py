"""What work is worth by the rate card, whatever was charged for it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from tickets.domain.recurrence import worth_of

__all__ = ["Worked", "Worth", "by_ticket", "total", "worth_of"]


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


@dataclass(frozen=True, slots=True)
class Worth:
    minutes: int = 0
    worth: int = 0

    def __add__(self, piece: "Worked | Worth") -> "Worth":
        return Worth(self.minutes + piece.minutes, self.worth + piece.worth)


def total(pieces: "Iterable[Worked | Worth]") -> Worth:
    """Return the minutes and the worth of all pieces."""
    minutes = worth = 0
    for piece in pieces:
        minutes, worth = minutes + piece.minutes, worth + piece.worth
    return Worth(minutes, worth)


def by_ticket(pieces: Iterable[Worked]) -> dict[str, Worth]:
    """Return the minutes and the worth of each ticket's work."""
    found: dict[str, Worth] = {}
    for piece in pieces:
        ticket = piece.ticket
        found[ticket] = (
            found[ticket] + piece if ticket in found else Worth(piece.minutes, piece.worth)
        )
    return found
