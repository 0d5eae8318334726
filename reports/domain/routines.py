"""The routine tasks of a month: done on time, done late, missed; and what proves it."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class Run:
    """A run whose end lies in the month; `proofs` are the checklist's lines that carry evidence."""

    title: str
    kind: str
    system: str
    due_on: date
    closes_at: datetime
    done_at: datetime | None
    proofs: int

    def result(self, told_until: datetime) -> str:
        """Return `on_time`, `late` or `missed`, as it was at an instant."""
        if self.done_at is None or self.done_at >= told_until:
            return "missed"
        return "on_time" if self.done_at < self.closes_at else "late"


@dataclass(frozen=True, slots=True)
class RoutineRow:
    """One routine of one system: `due` is the sum of the three results."""

    title: str
    kind: str
    system: str
    due: int
    on_time: int
    late: int
    missed: int
    proofs: int


@dataclass(frozen=True, slots=True)
class RoutineMiss:
    title: str
    system: str
    due_on: date
    closes_at: datetime
    done_at: datetime | None


@dataclass(frozen=True, slots=True)
class Routines:
    due: int
    on_time: int
    late: int
    missed: int
    rows: tuple[RoutineRow, ...]
    misses: tuple[RoutineMiss, ...]


def routines(runs: Iterable[Run], told_until: datetime) -> Routines:
    """
    Return what became of the runs whose end passed by `told_until`; a late one was missed too.

    A run that was done after that instant counts as it stood then: missed.
    """
    counted = [(run, run.result(told_until)) for run in runs if run.closes_at <= told_until]
    groups: dict[tuple[str, str, str], list[tuple[Run, str]]] = defaultdict(list)
    for run, result in counted:
        groups[run.title, run.kind, run.system].append((run, result))
    rows = [_row(key, members) for key, members in sorted(groups.items())]
    misses = (
        RoutineMiss(
            run.title,
            run.system,
            run.due_on,
            run.closes_at,
            run.done_at if result == "late" else None,
        )
        for run, result in counted
        if result != "on_time"
    )
    return Routines(
        due=len(counted),
        on_time=sum(row.on_time for row in rows),
        late=sum(row.late for row in rows),
        missed=sum(row.missed for row in rows),
        rows=tuple(rows),
        misses=tuple(sorted(misses, key=lambda miss: (miss.closes_at, miss.title))),
    )


def _row(key: tuple[str, str, str], members: list[tuple[Run, str]]) -> RoutineRow:
    results = [result for _run, result in members]
    return RoutineRow(
        *key,
        due=len(results),
        on_time=results.count("on_time"),
        late=results.count("late"),
        missed=results.count("missed"),
        proofs=sum(run.proofs for run, result in members if result != "missed"),
    )
