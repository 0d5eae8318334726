"""A month as weeks of days, for pages that show what happened on which day."""

from calendar import Calendar
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

MONDAY = 0


@dataclass(frozen=True, slots=True)
class Day:
    """One square: `rows` are what falls on it; days of the neighbours are `outside`."""

    on: date
    outside: bool
    rows: tuple[Any, ...]


def weeks_of(month: date, rows: Iterable[Any], day_of: Callable[[Any], date]) -> list[list[Day]]:
    """Return the weeks that hold the month (its first day), Monday first, each with seven days."""
    found: defaultdict[date, list[Any]] = defaultdict(list)
    for row in rows:
        found[day_of(row)].append(row)
    weeks = Calendar(MONDAY).monthdatescalendar(month.year, month.month)
    return [
        [Day(on, on.month != month.month, tuple(found.get(on, ()))) for on in week]
        for week in weeks
    ]
