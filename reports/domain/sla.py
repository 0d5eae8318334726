"""The promises of the month: what became of each clock, and what earns credits."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

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


# As names of the module: Python looks up a member of an enum five times slower.
_MET, _MISSED = Result.MET, Result.MISSED


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


class ClockResult(NamedTuple):
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


class Met(NamedTuple):
    """One obligation that was met in the month: it is counted, who held it and when is not told."""

    ticket: str
    obligation: str
    priority: str
    started_at: datetime
    stopped_at: datetime
    used_seconds: int
    paused_seconds: int
    creditable: bool
    result: Result = _MET


Clock = Met | ClockResult


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


def sla_rows(clocks: Iterable[Clock]) -> list[SlaRow]:
    """Return the results by obligation and priority, in the order of the contract's words."""
    groups: dict[tuple[str, str], _Tally] = {}
    for clock in clocks:
        key = clock.obligation, clock.priority
        tally = groups.get(key) or groups.setdefault(key, _Tally())
        tally.add(clock)
    return [groups[key].row(*key) for key in sorted(groups, key=_in_order)]


def _in_order(key: tuple[str, str]) -> tuple[int, int]:
    obligation, priority = key
    return _OBLIGATIONS.index(obligation), _PRIORITIES.index(priority)


@dataclass(slots=True)
class _Tally:
    """What is added up for a row while the clocks go by."""

    others: Counter[Result] = field(default_factory=Counter)
    used: int = 0
    paused: int = 0
    met: list[str] = field(default_factory=list)

    def add(self, clock: Clock) -> None:
        self.used += clock.used_seconds
        self.paused += clock.paused_seconds
        if clock.result is _MET:
            self.met.append(clock.ticket)
        else:
            self.others[clock.result] += 1

    def row(self, obligation: str, priority: str) -> SlaRow:
        met, missed = len(self.met), self.others[Result.MISSED]
        return SlaRow(
            obligation=obligation,
            priority=priority,
            met=met,
            missed=missed,
            void=self.others[Result.VOID],
            open=self.others[Result.OPEN],
            basis_points=share(met, met + missed),
            used_seconds=self.used,
            paused_seconds=self.paused,
            met_tickets=tuple(self.met),
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


def results_for_credits(clocks: Iterable[Clock]) -> tuple[SlaResult, ...]:
    """Return what earns credits: decided clocks, without those that were only measured."""
    counts: dict[tuple[str, str], list[int]] = {}
    for clock in clocks:
        result = clock.result
        if clock.creditable and (result is _MET or result is _MISSED):
            key = clock.obligation, clock.priority
            decided = counts.get(key) or counts.setdefault(key, [0, 0])
            decided[result is _MISSED] += 1
    return tuple(
        SlaResult(ObligationKind(key[0]), met, missed, Priority(key[1]))
        for key, (met, missed) in sorted(counts.items(), key=lambda item: _in_order(item[0]))
    )
