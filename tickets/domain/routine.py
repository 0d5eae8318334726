"""
When a routine task is due: its rhythm on the calendar, moved off closed days as agreed.

Days and times are those of the contract's zone. A day is closed when the named hours open no window
on it. Two dates that a shift moves onto one day are one run: nobody does a backup twice.
"""

from calendar import monthrange
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)
FARTHEST = 31  # days that a shift may look for an open one; then the date stays as it is
LAST_OF_MONTH = 31

IsOpen = Callable[[date], bool]


class Every(StrEnum):
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


class Shift(StrEnum):
    """What happens to a date that falls on a closed day."""

    KEEP = "keep"
    BEFORE = "before"
    AFTER = "after"
    SKIP = "skip"


@dataclass(frozen=True, slots=True)
class Schedule:
    """
    A rhythm: every day; every week on `weekdays` (0 is Monday); every month on day `of_month`.

    A month that is too short takes its last day, so 31 is the last day of every month. A run may be
    done in [opens, closes) of its day; `closes` not after `opens` is a time of the next day.
    """

    every: Every
    weekdays: frozenset[int] = frozenset()
    of_month: int = 1
    shift: Shift = Shift.KEEP
    opens: time = time(0)
    closes: time = time(0)

    def __post_init__(self) -> None:
        """:raises ValueError: if a weekday or a day of the month is none, or a week has no day."""
        if self.every is Every.WEEK and not self.weekdays:
            raise ValueError("a weekly rhythm needs a weekday")
        if not all(0 <= day <= 6 for day in self.weekdays):
            raise ValueError("weekdays are 0 (Monday) to 6")
        if not 1 <= self.of_month <= LAST_OF_MONTH:
            raise ValueError("a day of the month is 1 to 31")


def due_days(schedule: Schedule, first_on: date, until_on: date, is_open: IsOpen) -> list[date]:
    """
    Return the days in [first_on, until_on) on which the task is due, each once, in order.

    Dates outside that a shift moves inside are there; those inside that it moves out are not.
    """
    reach = timedelta(days=FARTHEST)
    dates = _dates(schedule, first_on - reach, until_on + reach)
    moved = (_moved(on, schedule.shift, is_open) for on in dates)
    return sorted({on for on in moved if on is not None and first_on <= on < until_on})


def window(schedule: Schedule, due_on: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """
    Return the UTC instants between which the run of a day is done on time, half-open.

    A wall time that a change of the clocks leaves out is read with the offset before it.
    """
    closes_on = due_on if schedule.closes > schedule.opens else due_on + DAY
    opens_at = datetime.combine(due_on, schedule.opens, zone)
    closes_at = datetime.combine(closes_on, schedule.closes, zone)
    return opens_at.astimezone(UTC), closes_at.astimezone(UTC)


def _dates(schedule: Schedule, first_on: date, until_on: date) -> Iterator[date]:
    days = (first_on + n * DAY for n in range((until_on - first_on).days))
    if schedule.every is Every.DAY:
        yield from days
    elif schedule.every is Every.WEEK:
        yield from (on for on in days if on.weekday() in schedule.weekdays)
    else:
        yield from (on for on in days if on.day == _day_in(on, schedule.of_month))


def _day_in(on: date, of_month: int) -> int:
    return min(of_month, monthrange(on.year, on.month)[1])


def _moved(on: date, shift: Shift, is_open: IsOpen) -> date | None:
    """Return the day on which a date is done, None where it is skipped."""
    if shift is Shift.KEEP or is_open(on):
        return on
    if shift is Shift.SKIP:
        return None
    step = -DAY if shift is Shift.BEFORE else DAY
    tried = (on + n * step for n in range(1, FARTHEST + 1))
    return next((day for day in tried if is_open(day)), on)


# --- what a run asks for, and whether that was given ---


class Evidence(StrEnum):
    NONE = "none"
    TEXT = "text"
    NUMBER = "number"
    FILE = "file"


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the checklist, and what proves it."""

    text: str
    evidence: Evidence = Evidence.NONE


def missing(checks: Iterable[Check], ticked: set[int], given: set[int]) -> list[int]:
    """Return the places of the lines that are not ticked, or lack the evidence they ask for."""
    return [
        place
        for place, check in enumerate(checks)
        if place not in ticked or (check.evidence is not Evidence.NONE and place not in given)
    ]
