"""The life of a ticket until the month's end: its steps, its verdicts, and who held it."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from tickets.domain.passing import Happened, Holding, Step, Turn

__all__ = ["PENDING", "Happened", "Holding", "Life", "Step", "Verdict"]

PENDING = "pending"


class Verdict(NamedTuple):
    """A stored decision; `outcome` is `pending` while a fact is missing."""

    at: datetime
    stage: int
    outcome: str
    clause: str
    activity: str
    priority: str
    system: str
    kind: str = "rule"
    cause: str = ""


@dataclass(slots=True)
class Life:
    """
    A ticket until the month's end, its rows in the order they were written. Nothing changes it; it is
    not frozen because a month makes ten thousand, and a frozen one takes three times as long.

    It counts from `since`: the month's start, or for one that was written down too late for the
    month it was received in, the day it was received (`registered_late`).
    """

    key: str
    type: str
    symptom: str
    received_at: datetime
    since: datetime
    received: bool
    registered_late: bool
    happened: tuple[Happened, ...] = ()
    verdicts: tuple[Verdict, ...] = ()
    holdings: tuple[Holding, ...] = ()
    slow: bool = False
    told: tuple[datetime, list[Turn]] | None = field(
        default=None, init=False, repr=False, compare=False
    )
    waited: tuple[datetime, int, int] | None = field(
        default=None, init=False, repr=False, compare=False
    )

    def verdict(self) -> Verdict | None:
        """Return the last verdict of the month, or the one it began with."""
        return self.verdicts[-1] if self.verdicts else None

    def steps(self, step: Step) -> int:
        return sum(h.step is step and h.at >= self.since for h in self.happened)

    def verdict_before(self) -> Verdict | None:
        """Return the verdict as the month began; None for a ticket of this month."""
        earlier = [v for v in self.verdicts if v.at < self.since]
        return earlier[-1] if earlier and not self.received else None


def steps_of(lives: Iterable[Life]) -> Counter[Step]:
    """Count the steps of the month."""
    return Counter(each.step for life in lives for each in life.happened if each.at >= life.since)
