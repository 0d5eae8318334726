"""
The promises of a month: each ledger replayed up to the month's end, never beyond.

The columns of an obligation go on changing while it runs; what a report says of it comes from the
append-only rows alone: ledger, decisions, assignments.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from typing import TypeVar

from contracts.domain import clock
from contracts.domain.clock import Entry, Event, Status
from contracts.domain.durations import Length, parse_length
from contracts.domain.service_hours import ServiceHours
from contracts.domain.vocabulary import ObligationKind
from contracts.rules import Rules
from reports import queries
from reports.domain.metrics import (
    OUT_OF_SCOPE,
    ClockResult,
    Held,
    Holding,
    Life,
    Pause,
    Result,
    Stretch,
    Verdict,
)
from reports.queries import Reach

_EVENTS = {event.value: event for event in Event}
# As names of the module: Python looks up a member of an enum five times slower.
_PAUSE, _RETARGET, _VOID = Event.PAUSE, Event.RETARGET, Event.VOID
_MET, _MISSED, _OPEN = Result.MET, Result.MISSED, Result.OPEN
_PAUSED, _RESTORE = clock.Kind.PAUSED, ObligationKind.RESTORE
_RESULTS = {status: Result(status.value) for status in Status if status.value in set(Result)}
Row = TypeVar("Row", Holding, Verdict)


def clock_results(
    reach: Reach, lives: Mapping[int, Life], rules: Mapping[int, Rules]
) -> Iterator[ClockResult]:
    """Yield what became of each promise, by ticket; those decided in an earlier month are told."""
    ledgers: dict[int, list[Entry]] = {}
    for _id, pk, event, at, within, hours, cause in queries.ledger_rows(reach):
        length = parse_length(within) if within else None
        entry = Entry._make((_EVENTS[event], at, length, hours, cause))
        if pk in ledgers:
            ledgers[pk].append(entry)
        else:
            ledgers[pk] = [entry]
    for pk, ticket_id, version_id, stage, kind, attempt, creditable in queries.clock_rows(reach):
        told = Told(
            ledgers[pk], lives[ticket_id], rules[version_id].hours, reach.ends_at, stage, kind
        )
        if told.counts():
            yield told.result(attempt, creditable)


@dataclass(slots=True)
class Told:
    """One clock as it stood at the month's end."""

    ledger: list[Entry]
    life: Life
    hours: Mapping[str, ServiceHours]
    ends_at: datetime
    stage: int
    kind: str
    replay: clock.Replay | None = field(init=False)
    state: clock.State = field(init=False)
    stopped_at: datetime | None = field(init=False)
    decided_at: datetime | None = field(init=False)
    known_at: datetime = field(init=False)
    aim: Entry = field(init=False)

    def __post_init__(self) -> None:
        self.replay = None if clock.is_plain(self.ledger) else self._replayed()
        state = self.state = self.replay.state() if self.replay else self._evaluated()
        last = self.ledger[-1]
        self.stopped_at = last.at if last.event is _VOID else state.stopped_at
        decided_at = state.missed_at or self.stopped_at
        # A deadline at the very end is the next month's.
        in_time = decided_at is not None and decided_at < self.ends_at
        self.decided_at = decided_at if in_time else None
        self.known_at = self.decided_at or self.ends_at
        self.aim = self.ledger[0]
        for entry in self.ledger[1:]:
            if entry.event is _RETARGET and entry.at <= self.known_at:
                self.aim = entry

    def _evaluated(self) -> clock.State:
        return clock.evaluate(self.ledger, self.hours, self.ends_at)

    def _replayed(self) -> clock.Replay:
        return clock.replayed(self.ledger, self.hours, self.ends_at)

    def _segments(self) -> list[clock.Segment]:
        return (self.replay or self._replayed()).segments()

    def counts(self) -> bool:
        """Return whether it promised something, and was not decided in an earlier month."""
        is_promise = self.aim.within is not None or self.state.missed_at is not None
        return is_promise and (self.decided_at is None or self.decided_at >= self.life.since)

    def result(self, attempt: int, creditable: bool) -> ClockResult:
        state, result = self.state, self._word()
        verdict = _last(self.life.verdicts, self.known_at) or self.life.verdicts[0]
        met, missed = result is _MET, result is _MISSED
        held_by = None if met else _last(self.life.holdings, self.known_at)
        return ClockResult(  # in the order of its fields: by name it takes half as long again
            self.life.key,
            self.kind,
            attempt,
            verdict.priority,
            _written(self.aim.within),
            self.aim.hours,
            result,
            state.started_at,
            state.missed_at or state.due_at,
            self.stopped_at,
            self._over(),
            _seconds(state.used),
            _seconds(state.paused),
            () if met else self._pauses(),
            state.reclassified,
            self._earns_credit(creditable),
            held_by.tier if held_by else "",
            held_by.team if held_by else "",
            self.life.registered_late,
            self._stretches() if missed else (),
            self._held() if missed else (),
        )

    def _word(self) -> Result:
        return _OPEN if self.decided_at is None else _RESULTS[self.state.status]

    def _over(self) -> int:
        """Return the real seconds from a missed deadline to the stop, or to the month's end."""
        if self.state.missed_at is None:
            return 0
        return max(
            0, int(((self.stopped_at or self.ends_at) - self.state.missed_at).total_seconds())
        )

    def _stretches(self) -> tuple[Stretch, ...]:
        """Return how the clock came to its deadline and went on until it stopped."""
        return tuple(
            Stretch(s.kind.value, s.cause, s.starts_at, s.ends_at, int(s.counted.total_seconds()))
            for s in self._segments()
        )

    def _held(self) -> tuple[Held, ...]:
        """Return who held the ticket from the start of the clock until it stopped."""
        until = self.stopped_at or self.ends_at
        started_at = self.state.started_at
        found: list[Held] = []
        rows = self.life.holdings
        for row, after in zip(rows, [*rows[1:], None], strict=True):
            begins = max(row.at, started_at)
            ends = min(after.at, until) if after else until
            if begins < ends:
                seconds = int((ends - begins).total_seconds())
                found.append(Held(row.tier, row.team, begins, ends, seconds))
        return tuple(found)

    def _earns_credit(self, creditable: bool) -> bool:
        """
        Return what the column said then.

        It follows the verdicts of its stage while a restoration runs; for other clocks it stays.
        """
        if self.kind != _RESTORE:
            return creditable
        mine = [v for v in self.life.verdicts if v.stage == self.stage]
        verdict = _last(mine, self.stopped_at or self.ends_at)
        return creditable if verdict is None else verdict.outcome not in OUT_OF_SCOPE

    def _pauses(self) -> tuple[Pause, ...]:
        """Return the service seconds that each cause held the clock."""
        if self.replay is None or not any(entry.event is _PAUSE for entry in self.ledger):
            return ()
        seconds: defaultdict[str, int] = defaultdict(int)
        for segment in self._segments():
            if segment.kind is _PAUSED:
                seconds[segment.cause] += int(segment.counted.total_seconds())
        return tuple(Pause(cause, seconds[cause]) for cause in sorted(seconds))


def _last(rows: Sequence[Row], at: datetime) -> Row | None:
    """Return the last row that was there at `at`."""
    for row in reversed(rows):
        if row.at <= at:
            return row
    return None


@lru_cache(1024)  # contracts write a few dozen of them
def _written(length: Length | None) -> str:
    return str(length or "")


def _seconds(span: timedelta) -> int:
    return span.days * 86_400 + span.seconds
