"""
The promises of a month: each ledger replayed up to the month's end, never beyond.

The columns of an obligation go on changing while it runs; what a report says of it comes from the
append-only rows alone: ledger, decisions, assignments.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar

from contracts.domain import clock
from contracts.domain.clock import Entry, Event, Status
from contracts.domain.durations import parse_length
from contracts.domain.service_hours import ServiceHours
from contracts.domain.vocabulary import ObligationKind
from contracts.rules import Rules
from reports import queries
from reports.domain.metrics import (
    OUT_OF_SCOPE,
    Clock,
    ClockResult,
    Held,
    Holding,
    Life,
    Met,
    Pause,
    Result,
    Stretch,
    Verdict,
)
from reports.queries import Reach

_EVENTS = {event.value: event for event in Event}
# As names of the module: Python looks up a member of an enum five times slower.
_START, _STOP, _PAUSE, _RETARGET = Event.START, Event.STOP, Event.PAUSE, Event.RETARGET
_VOID = Event.VOID
_MET, _MISSED, _OPEN = Result.MET, Result.MISSED, Result.OPEN
_PAUSED, _RESTORE = clock.Kind.PAUSED, ObligationKind.RESTORE
_RESULTS = {status: Result(status.value) for status in Status if status.value in set(Result)}
Row = TypeVar("Row", Holding, Verdict)
Line = tuple[Any, ...]  # a line of a ledger, as `queries.ledger_rows` has it


def clock_results(
    reach: Reach, lives: Mapping[int, Life], rules: Mapping[int, Rules]
) -> Iterator[Clock]:
    """Yield what became of each promise, by ticket; those decided in an earlier month are told."""
    later: dict[int, list[Line]] = {}
    for line in queries.ledger_rows(reach):
        if (pk := line[0]) in later:
            later[pk].append(line)
        else:
            later[pk] = [line]
    for pk, ticket_id, version_id, *promise, at, within, on in queries.clock_rows(reach):
        start = Entry._make((_START, at, parse_length(within) if within else None, on, ""))
        found = _became(
            Promise(lives[ticket_id], *promise),
            start,
            later.get(pk, ()),
            rules[version_id].hours,
            reach.ends_at,
        )
        if found is not None:
            yield found


@dataclass(slots=True)
class Promise:
    """A clock of a ticket, without its ledger; not frozen because a month makes ten thousand."""

    life: Life
    stage: int
    kind: str
    attempt: int
    creditable: bool

    def earns_credit(self, at: datetime) -> bool:
        """
        Return what the column said then.

        It follows the verdicts of its stage while a restoration runs; for other clocks it stays.
        """
        if self.kind != _RESTORE:
            return self.creditable
        mine = [verdict for verdict in self.life.verdicts if verdict.stage == self.stage]
        verdict = _last(mine, at)
        return self.creditable if verdict is None else verdict.outcome not in OUT_OF_SCOPE

    def priority(self, at: datetime) -> str:
        verdicts = self.life.verdicts
        verdict = verdicts[0] if len(verdicts) == 1 else _last(verdicts, at) or verdicts[0]
        return verdict.priority

    def met(self, started_at: datetime, at: datetime, used: timedelta, paused: int = 0) -> Met:
        return Met(
            self.life.key,
            self.kind,
            self.priority(at),
            started_at,
            at,
            _seconds(used),
            paused,
            self.earns_credit(at),
        )


def _became(
    promise: Promise,
    start: Entry,
    lines: Sequence[Line],
    hours: Mapping[str, ServiceHours],
    ends_at: datetime,
) -> Clock | None:
    """Return what became of it; None if it promised nothing, or was decided in an earlier month."""
    if (
        len(lines) == 1 and lines[0][1] == _STOP
    ):  # as most clocks end: they only started and stopped
        stopped_at = lines[0][2]
        if (used := clock.used_in_time(start, stopped_at, hours)) is not None:
            counts = stopped_at >= promise.life.since
            return promise.met(start.at, stopped_at, used) if counts else None
    told = Told(promise, [start, *map(_entry, lines)], hours, ends_at)
    return told.result() if told.counts() else None


def _entry(line: Line) -> Entry:
    _pk, event, at, within, hours, cause, _id = line
    return Entry(_EVENTS[event], at, parse_length(within) if within else None, hours, cause)


@dataclass(slots=True)
class Told:
    """One clock as it stood at the month's end."""

    promise: Promise
    ledger: list[Entry]
    hours: Mapping[str, ServiceHours]
    ends_at: datetime
    replay: clock.Replay = field(init=False)
    state: clock.State = field(init=False)
    stopped_at: datetime | None = field(init=False)
    decided_at: datetime | None = field(init=False)
    known_at: datetime = field(init=False)
    aim: Entry = field(init=False)

    def __post_init__(self) -> None:
        self.replay = clock.replayed(self.ledger, self.hours, self.ends_at)
        state = self.state = self.replay.state()
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

    def counts(self) -> bool:
        """Return whether it promised something, and was not decided in an earlier month."""
        is_promise = self.aim.within is not None or self.state.missed_at is not None
        return is_promise and (
            self.decided_at is None or self.decided_at >= self.promise.life.since
        )

    def result(self) -> Clock:
        state, result, promise = self.state, self._word(), self.promise
        if result is _MET:
            return promise.met(state.started_at, self.known_at, state.used, _seconds(state.paused))
        life, missed = promise.life, result is _MISSED
        held_by = _last(life.holdings, self.known_at)
        return ClockResult(
            ticket=life.key,
            obligation=promise.kind,
            attempt=promise.attempt,
            priority=promise.priority(self.known_at),
            within=str(self.aim.within or ""),
            hours=self.aim.hours,
            result=result,
            started_at=state.started_at,
            due_at=state.missed_at or state.due_at,
            stopped_at=self.stopped_at,
            over_seconds=self._over(),
            used_seconds=_seconds(state.used),
            paused_seconds=_seconds(state.paused),
            pauses=self._pauses(),
            reclassified=state.reclassified,
            creditable=promise.earns_credit(self.stopped_at or self.ends_at),
            tier=held_by.tier if held_by else "",
            team=held_by.team if held_by else "",
            registered_late=life.registered_late,
            stretches=self._stretches() if missed else (),
            held=self._held() if missed else (),
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
            for s in self.replay.segments()
        )

    def _held(self) -> tuple[Held, ...]:
        """Return who held the ticket from the start of the clock until it stopped."""
        until = self.stopped_at or self.ends_at
        started_at = self.state.started_at
        found: list[Held] = []
        rows = self.promise.life.holdings
        for row, after in zip(rows, [*rows[1:], None], strict=True):
            begins = max(row.at, started_at)
            ends = min(after.at, until) if after else until
            if begins < ends:
                seconds = int((ends - begins).total_seconds())
                found.append(Held(row.tier, row.team, begins, ends, seconds))
        return tuple(found)

    def _pauses(self) -> tuple[Pause, ...]:
        """Return the service seconds that each cause held the clock."""
        if not any(entry.event is _PAUSE for entry in self.ledger):
            return ()
        seconds: defaultdict[str, int] = defaultdict(int)
        for segment in self.replay.segments():
            if segment.kind is _PAUSED:
                seconds[segment.cause] += int(segment.counted.total_seconds())
        return tuple(Pause(cause, seconds[cause]) for cause in sorted(seconds))


def _last(rows: Sequence[Row], at: datetime) -> Row | None:
    """Return the last row that was there at `at`."""
    for row in reversed(rows):
        if row.at <= at:
            return row
    return None


def _seconds(span: timedelta) -> int:
    return span.days * 86_400 + span.seconds
