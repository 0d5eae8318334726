"""The promises of the month: what became of each clock, and what earns credits."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from contracts.domain.statement import SlaResult
from contracts.domain.vocabulary import ObligationKind, Priority
from reports.domain.shares import share

_OBLIGATIONS: Sequence[str] = list(ObligationKind)
_PRIORITIES: Sequence[str] = list(Priority)


class Result(StrEnum):
    """What a clock was at the month's end; `open` ones are listed and in no percentage."""

    MET = "met"
    MISSED = "missed"
    VOID = "void"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class Pause:
    cause: str
    seconds: int


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of a clock; `seconds` are those of it that its service hours count."""

    kind: str
    cause: str
    starts_at: datetime
    ends_at: datetime
    seconds: int


@dataclass(frozen=True, slots=True)
class Held:
    """Who held the ticket while a clock ran; an empty tier is the client's side. Real seconds."""

    tier: str
    team: str
    starts_at: datetime
    ends_at: datetime
    seconds: int


@dataclass(frozen=True, slots=True)
class ClockResult:
    """
    One obligation as it stood at the month's end; seconds are service time on its hours.

    `due_at` of a miss is the deadline that passed, and tier and team are those accountable then.
    `registered_late` says that an earlier month would have counted it, had the ticket been known.
    A miss is explained by its `stretches`, and by who `held` the ticket when.
    """

    ticket: str
    obligation: str
    attempt: int
    priority: str
    within: str
    hours: str
    result: Result
    started_at: datetime
    due_at: datetime | None
    stopped_at: datetime | None
    over_seconds: int
    used_seconds: int
    paused_seconds: int
    pauses: tuple[Pause, ...]
    reclassified: bool
    creditable: bool
    tier: str
    team: str
    registered_late: bool
    stretches: tuple[Stretch, ...] = ()
    held: tuple[Held, ...] = ()


@dataclass(frozen=True, slots=True)
class SlaRow:
    """One promise of the month: an obligation at a priority. `met_tickets` are in no other list."""

    obligation: str
    priority: str
    met: int
    missed: int
    void: int
    open: int
    basis_points: int | None
    used_seconds: int
    paused_seconds: int
    met_tickets: tuple[str, ...]


def sla_rows(clocks: Iterable[ClockResult]) -> list[SlaRow]:
    """Return the results by obligation and priority, in the order of the contract's words."""
    groups: defaultdict[tuple[str, str], list[ClockResult]] = defaultdict(list)
    for clock in clocks:
        groups[clock.obligation, clock.priority].append(clock)
    ordered = sorted(groups, key=_in_order)
    return [_sla_row(*key, groups[key]) for key in ordered]


def _in_order(key: tuple[str, str]) -> tuple[int, int]:
    obligation, priority = key
    return _OBLIGATIONS.index(obligation), _PRIORITIES.index(priority)


def _sla_row(obligation: str, priority: str, clocks: Sequence[ClockResult]) -> SlaRow:
    count = Counter(clock.result for clock in clocks)
    met, missed = count[Result.MET], count[Result.MISSED]
    return SlaRow(
        obligation=obligation,
        priority=priority,
        met=met,
        missed=missed,
        void=count[Result.VOID],
        open=count[Result.OPEN],
        basis_points=share(met, met + missed),
        used_seconds=sum(clock.used_seconds for clock in clocks),
        paused_seconds=sum(clock.paused_seconds for clock in clocks),
        met_tickets=tuple(clock.ticket for clock in clocks if clock.result is Result.MET),
    )


@dataclass(frozen=True, slots=True)
class SlaTotals:
    met: int
    missed: int
    void: int
    open: int
    basis_points: int | None


def sla_totals(rows: Iterable[SlaRow]) -> SlaTotals:
    rows = list(rows)
    met, missed = sum(row.met for row in rows), sum(row.missed for row in rows)
    return SlaTotals(
        met=met,
        missed=missed,
        void=sum(row.void for row in rows),
        open=sum(row.open for row in rows),
        basis_points=share(met, met + missed),
    )


def results_for_credits(clocks: Iterable[ClockResult]) -> tuple[SlaResult, ...]:
    """Return what earns credits: decided clocks, without those that were only measured."""
    rows = sla_rows(clock for clock in clocks if clock.creditable)
    return tuple(
        SlaResult(ObligationKind(row.obligation), row.met, row.missed, Priority(row.priority))
        for row in rows
        if row.met or row.missed
    )
