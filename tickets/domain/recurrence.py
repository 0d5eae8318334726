"""
Recurring incidents: which incidents are one fault, what it costs to leave it, and what to end it.

Two incidents of one system are one fault if their words are the same once folded, or alike and
naming nothing different (`tickets.domain.wording`). A new wording joins the fault whose wording it
is most like; what it was recognised by never changes, so the order of arrival decides and a later
incident moves none.
"""

from collections import OrderedDict
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from statistics import median_high
from typing import Generic, TypeVar

from tickets.domain.wording import ALIKE, Wording, alike, differ, folded, wording

PATTERN_AT_LEAST = 5  # incidents that make a pattern
TYPICAL_AT_LEAST = 3  # fixes that make a typical one
MOST_WORDINGS = 2_000  # of a system that are compared with a new one, the last met
MINUTES_OF_AN_HOUR = 60

Fault = TypeVar("Fault", bound=Hashable)
Row = TypeVar("Row")


def told(title: str, symptom: str = "") -> str:
    """Return the words by which an incident is recognised; an empty one is no fault of a kind."""
    return " / ".join(part for part in (title.strip(), symptom.strip()) if part)


@dataclass(slots=True)
class Known(Generic[Fault]):
    """
    The wordings of one system's faults, each with the fault that it was recognised as.

    It holds `most` of them: the one that was not met for longest goes, and is forgotten.
    """

    most: int = MOST_WORDINGS
    _faults: OrderedDict[str, tuple[Wording, Fault]] = field(default_factory=OrderedDict)

    def learn(self, text: str, fault: Fault) -> None:
        read = wording(text)
        self._faults[read.text] = (read, fault)
        self._faults.move_to_end(read.text)
        if len(self._faults) > self.most:
            self._faults.popitem(last=False)

    def fault_of(self, text: str) -> Fault | None:
        """Return the fault of the same words, else of those most alike, the first met of equals."""
        if (same := self._faults.get(folded(text))) is not None:
            self._faults.move_to_end(folded(text))
            return same[1]
        best, most_alike, read = None, 0.0, wording(text)
        for other, fault in self._faults.values():
            if read.codes and other.codes and read.codes != other.codes:
                continue  # most of a log's rows end here
            likeness = alike(read, other)
            if likeness >= ALIKE and likeness > most_alike and not differ(read, other):
                best, most_alike = fault, likeness
        return best


def faults(rows: Iterable[tuple[str, str, Row]]) -> Iterator[tuple[tuple[str, int], Row]]:
    """
    Yield each row, given with its system and its words, with the fault that it is: (system, number).

    Memory holds the last wordings of each system, however many rows come.
    """
    systems: dict[str, Known[int]] = {}
    count = 0
    for system, text, row in rows:
        known = systems.setdefault(system, Known())
        if (fault := known.fault_of(text)) is None:
            fault = count = count + 1
        known.learn(text, fault)
        yield (system, fault), row


# --- what it costs ---


def worth_of(minutes: int, rate: int) -> int:
    """Return minor units for `minutes` at a `rate` an hour, never rounded up."""
    return minutes * rate // MINUTES_OF_AN_HOUR


@dataclass(frozen=True, slots=True)
class Fix:
    """
    What a permanent fix costs; `source` says how that is known.

    `estimate`: the price of the estimate that is on the pattern's tickets. `typical`: the middle of
    what maintenance worked on a ticket, over `sample` tickets. `unknown`: too few of them.
    """

    source: str
    amount: int | None
    minutes: int | None
    sample: int
    estimate: str = ""


def typical_fix(same: Sequence[tuple[int, int]], others: Sequence[tuple[int, int]] = ()) -> Fix:
    """
    Return the middle of what fixes took, (worth, minutes) each: those of the system, else of any.

    `others` are the fixes of all systems, those of `same` among them.
    """
    sample = same if len(same) >= TYPICAL_AT_LEAST else others
    if len(sample) < TYPICAL_AT_LEAST:
        return Fix("unknown", None, None, len(sample))
    worth, minutes = median_high(sorted(sample))
    return Fix("typical", worth, minutes, len(sample))


def pays_back(fix: Fix, lost: int) -> int | None:
    """Return how many stretches like the one in which `lost` was lost the fix costs, rounded up."""
    return -(-fix.amount // lost) if fix.amount and lost else None


# --- did it come back? ---


@dataclass(frozen=True, slots=True)
class Since:
    """What came after the fix: `count` of the incidents, `before` as many, the last of them."""

    fixed_at: datetime
    before: int
    count: int
    last_at: datetime | None


def since_fix(received: Iterable[datetime], fixed_at: datetime | None) -> Since | None:
    """Return what came back after the fix, None before there is one; at that instant is after it."""
    if fixed_at is None:
        return None
    times = list(received)
    after = [at for at in times if at >= fixed_at]
    return Since(fixed_at, len(times) - len(after), len(after), max(after, default=None))
