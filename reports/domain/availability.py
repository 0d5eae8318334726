"""
How long each system could be used of the time that was agreed, with the calculation in full.

    basis points = (agreed - maintenance - down) / (agreed - maintenance), rounded down

Agreed time is inside the service hours on which the contract promises to restore the system. Time in
which the system was not watched is not counted as down; `at_least` says what remains if it was.
No second counts twice: an interval counts what none before it has counted.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from contracts.domain.money import WHOLE
from reports.domain.spans import Span, common, merged, seconds, without


class Kind(StrEnum):
    OUTAGE = "outage"  # an incident of the highest priority on production, until service was back
    SILENCE = "silence"  # the system's source of alerts sent nothing: nobody watched


@dataclass(frozen=True, slots=True)
class Agreed:
    """The service time of a system in the month, and the name of its hours in the terms."""

    system: str
    hours: str
    spans: Sequence[Span]


@dataclass(frozen=True, slots=True)
class Trouble:
    """A system was down, or not watched; without `ends_at` it still was at the month's end."""

    system: str
    kind: Kind
    ticket: str
    starts_at: datetime
    ends_at: datetime | None


@dataclass(frozen=True, slots=True)
class Maintenance:
    """Agreed maintenance, from when it was agreed at the earliest; an empty system is every one."""

    system: str
    starts_at: datetime
    ends_at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Interval:
    """A trouble with the `seconds` that it counts."""

    system: str
    kind: Kind
    ticket: str
    starts_at: datetime
    ends_at: datetime | None
    seconds: int


@dataclass(frozen=True, slots=True)
class Excluded:
    """Maintenance with the `seconds` of agreed time that it takes out."""

    system: str
    starts_at: datetime
    ends_at: datetime
    reason: str
    seconds: int


@dataclass(frozen=True, slots=True)
class SystemTime:
    """One system's month; the last two in basis points, None where no time was agreed."""

    system: str
    hours: str
    agreed_seconds: int
    maintenance_seconds: int
    down_seconds: int
    unwatched_seconds: int
    outages: int
    basis_points: int | None
    at_least: int | None


@dataclass(frozen=True, slots=True)
class Availability:
    rows: tuple[SystemTime, ...]
    intervals: tuple[Interval, ...]
    maintenance: tuple[Excluded, ...]


def availability(
    agreed: Iterable[Agreed],
    troubles: Iterable[Trouble],
    windows: Iterable[Maintenance],
    told_until: datetime,
) -> Availability:
    """Return the availability of each system until `told_until`, with every interval behind it."""
    troubles, windows = list(troubles), list(windows)
    rows, intervals, excluded = [], [], []
    for system in agreed:
        planned = [window for window in windows if window.system in ("", system.system)]
        mine = [trouble for trouble in troubles if trouble.system == system.system]
        taken_out, base = _maintenance(system, planned)
        counted = _counted(mine, base, told_until)
        rows.append(_row(system, seconds(base), taken_out, counted))
        intervals += counted
        excluded += taken_out
    return Availability(tuple(rows), tuple(intervals), tuple(excluded))


def _maintenance(
    system: Agreed, windows: Iterable[Maintenance]
) -> tuple[list[Excluded], list[Span]]:
    """Return what maintenance takes out, and the agreed time that remains."""
    left, found = merged(system.spans), []
    for window in sorted(windows, key=lambda each: (each.starts_at, each.ends_at)):
        span = (window.starts_at, window.ends_at)
        if part := common(left, [span]):
            left = without(left, [span])
            found.append(Excluded(system.system, *span, window.reason, seconds(part)))
    return found, left


def _counted(
    troubles: Iterable[Trouble], base: Sequence[Span], told_until: datetime
) -> list[Interval]:
    """Return the intervals, outages first, so that time both down and unwatched is down."""
    found, left = [], list(base)
    for each in sorted(troubles, key=lambda t: (list(Kind).index(t.kind), t.starts_at, t.ticket)):
        span = (each.starts_at, each.ends_at or told_until)
        counts = seconds(common(left, [span]))
        left = without(left, [span])
        found.append(
            Interval(each.system, each.kind, each.ticket, each.starts_at, each.ends_at, counts)
        )
    return found


def _row(
    system: Agreed, base: int, taken_out: Iterable[Excluded], counted: Sequence[Interval]
) -> SystemTime:
    down = sum(each.seconds for each in counted if each.kind is Kind.OUTAGE)
    unwatched = sum(each.seconds for each in counted if each.kind is Kind.SILENCE)
    maintenance = sum(each.seconds for each in taken_out)
    return SystemTime(
        system=system.system,
        hours=system.hours,
        agreed_seconds=base + maintenance,
        maintenance_seconds=maintenance,
        down_seconds=down,
        unwatched_seconds=unwatched,
        outages=sum(each.kind is Kind.OUTAGE for each in counted),
        basis_points=(base - down) * WHOLE // base if base else None,
        at_least=(base - down - unwatched) * WHOLE // base if base else None,
    )
