"""One clock of a ticket: an append-only ledger, and what it says at an instant."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from contracts.domain.durations import Length
from contracts.domain.service_hours import ServiceHours, as_utc

PAUSE_CAUSES = frozenset(
    {"client_information", "client_approval", "client_access", "agreed_window"}
)

_ZERO = timedelta()
_SECOND = timedelta(seconds=1)
_ALWAYS = ServiceHours.always()


class LedgerError(ValueError):
    """The ledger says something that cannot have happened."""


class Event(StrEnum):
    START = "start"
    PAUSE = "pause"
    RESUME = "resume"
    RETARGET = "retarget"
    STOP = "stop"
    REOPEN = "reopen"
    VOID = "void"


class Status(StrEnum):
    """`missed` is final: stopped late, or past its deadline and still open (see `stopped_at`)."""

    RUNNING = "running"
    PAUSED = "paused"
    MET = "met"
    MISSED = "missed"
    VOID = "void"


class Kind(StrEnum):
    RUNNING = "running"
    PAUSED = "paused"
    STOPPED = "stopped"


class Entry(NamedTuple):
    """A line of the ledger; start and retarget carry `within` (None: measured only) and `hours`."""

    event: Event
    at: datetime
    within: Length | None = None
    hours: str = ""
    cause: str = ""


class State(NamedTuple):
    """
    A clock at an instant; durations are service time on the current target's hours.

    `due_at` is None while paused or without a target. `missed_at` is the deadline that passed: no
    later event removes it, and it stays the deadline shown. `reclassified` says that a new target
    made the miss, not the passing of time.
    """

    status: Status
    started_at: datetime
    due_at: datetime | None
    stopped_at: datetime | None
    missed_at: datetime | None
    used: timedelta
    paused: timedelta
    reclassified: bool


class Segment(NamedTuple):
    """
    A stretch [starts_at, ends_at) of a clock.

    `counted` is the service time in it, on the current target's hours: used while running, held
    (and so added to the deadline) while paused or stopped.
    """

    starts_at: datetime
    ends_at: datetime
    kind: Kind
    counted: timedelta
    cause: str


def deadline(
    started_at: datetime, within: Length, hours: ServiceHours, paused: timedelta = _ZERO
) -> datetime:
    """
    Return the UTC instant at which `within` is used up, `paused` service time held.

    A duration counts real seconds inside the windows [opens, closes) of `hours`; used up exactly
    at closing is due at closing. Business days leave out the day of receipt and end at the close
    of the Nth; a pause is added in service time, and the sum rounds up once to a close of business.

    :raises NeverOpens: if `hours` has no window in the two years that follow.
    Source: portal/docs/clocks.md, rules 2 and 3.
    """
    if within.business_days is None:
        return hours.add(started_at, (within.duration or _ZERO) + paused)
    close = hours.close_of_business_day(started_at, within.business_days)
    return hours.end_of_business_day(hours.add(close, paused)) if paused else close


def evaluate(ledger: Sequence[Entry], hours: Mapping[str, ServiceHours], now: datetime) -> State:
    """
    Return the state of the clock at `now`, which is not before the last entry.

    A `now` before the last entry counts as that entry's instant: the page read the time first.

    :raises LedgerError: if the entries cannot have happened in this order.
    Source: portal/docs/clocks.md, rules 2 to 7.
    """
    if is_plain(ledger):
        return _straight(ledger, hours, as_utc(now))
    return replayed(ledger, hours, now).state()


def segments(
    ledger: Sequence[Entry], hours: Mapping[str, ServiceHours], now: datetime
) -> list[Segment]:
    """
    Return the stretches up to `now` that explain the clock; none follows its last stop.

    :raises LedgerError: if the entries cannot have happened in this order.
    """
    return list(replayed(ledger, hours, now).segments())


def used_in_time(
    start: Entry, stopped_at: datetime, hours: Mapping[str, ServiceHours]
) -> timedelta | None:
    """
    Return the service time that a clock took which started and stopped; None unless it was met.

    `evaluate` says the same of the two lines, and more. Who took less service time than was promised
    came before the deadline, which then need not be looked for.
    """
    within, on = start.within, _hours_of(start, hours)
    if within is None or stopped_at < start.at:
        return None
    used = on.elapsed(start.at, stopped_at)
    if within.duration is not None and used < within.duration:
        return used
    return None if is_late(stopped_at, deadline(start.at, within, on)) else used


def is_late(at: datetime, due_at: datetime) -> bool:
    """Return whether `at` is after `due_at`, in whole seconds."""
    return at > due_at and at.replace(microsecond=0) > due_at.replace(microsecond=0)


class _Phase(StrEnum):
    NEW = "not started"
    RUNNING = "running"
    PAUSED = "paused"
    STOPPED = "stopped"
    VOID = "void"


# As names of the module: Python looks up a member of an enum five times slower.
_START, _PAUSE, _RESUME, _RETARGET, _STOP, _REOPEN, _VOID = Event
_NEW, _RUNNING, _PAUSED, _STOPPED, _VOIDED = _Phase
_USED, _HELD, _AFTER = Kind
_MET, _MISSED, _GOING = Status.MET, Status.MISSED, Status.RUNNING
_NOTHING = dict.fromkeys(Kind, _ZERO)
_OPEN = (_RUNNING, _PAUSED)
_STEPS: Mapping[Event, tuple[tuple[_Phase, ...], _Phase | None]] = {  # from, to (None: no change)
    _START: ((_NEW,), _RUNNING),
    _PAUSE: ((_RUNNING,), _PAUSED),
    _RESUME: ((_PAUSED,), _RUNNING),
    _RETARGET: (_OPEN, None),
    _STOP: (_OPEN, _STOPPED),
    _REOPEN: ((_STOPPED,), _RUNNING),
    _VOID: (_OPEN, _VOIDED),
}
_STATUSES = {
    _RUNNING: _GOING,
    _PAUSED: Status.PAUSED,
    _STOPPED: _MET,
    _VOIDED: Status.VOID,
}
_KINDS = {_RUNNING: _USED, _PAUSED: _HELD, _STOPPED: _AFTER}


@dataclass(slots=True)
class Replay:
    """The clock while its ledger is read: a phase since an instant, and the stretches before."""

    started_at: datetime
    since: datetime
    within: Length | None = None
    hours: ServiceHours = _ALWAYS
    phase: _Phase = _NEW
    cause: str = ""
    due_at: datetime | None = None
    stopped_at: datetime | None = None
    missed_at: datetime | None = None
    reclassified: bool = False
    stretches: list[tuple[datetime, datetime, Kind, str]] = field(default_factory=list)
    totals: dict[Kind, timedelta] = field(default_factory=_NOTHING.copy)

    def take(self, entry: Entry, hours: Mapping[str, ServiceHours]) -> None:
        was, at = self.phase, as_utc(entry.at)
        sources, target = _STEPS[entry.event]
        if was not in sources:
            raise LedgerError(f"cannot {entry.event} a clock that is {was}")
        self.advance(at)
        self.phase = target or was
        event = entry.event
        if event is _PAUSE:
            self.cause = _pause_cause(entry)
        elif event is _START or event is _RETARGET:
            self._aim(entry, hours)
        elif event is _RESUME or event is _REOPEN:
            self.cause, self.stopped_at = "", None
            self._set_deadline()
        elif event is _STOP:
            self.cause, self.stopped_at = "", at
            if was is _PAUSED:
                self._set_deadline()

    def advance(self, at: datetime) -> None:
        """End the stretch at `at`; a deadline that passed while it ran is missed."""
        if at < self.since:
            raise LedgerError(f"time runs backward from {self.since.isoformat()}")
        if at > self.since and (kind := _KINDS.get(self.phase)):
            self.stretches.append((self.since, at, kind, self.cause))
            self.totals[kind] += self.hours.elapsed(self.since, at)
        if self.phase is _RUNNING and self._is_late(at):
            self.missed_at = self.due_at
        self.since = at

    def state(self) -> State:
        has_due = self.within is not None and self.phase in (_RUNNING, _STOPPED)
        return State(
            status=_MISSED if self.missed_at else _STATUSES[self.phase],
            started_at=self.started_at,
            due_at=self.due_at if has_due else None,
            stopped_at=self.stopped_at,
            missed_at=self.missed_at,
            used=self.totals[_USED],
            paused=self.totals[_HELD],
            reclassified=self.reclassified,
        )

    def segments(self) -> list[Segment]:
        return [
            Segment(starts_at, ends_at, kind, self.hours.elapsed(starts_at, ends_at), cause)
            for starts_at, ends_at, kind, cause in self.stretches
        ]

    def _is_late(self, at: datetime) -> bool:
        return self.due_at is not None and is_late(at, self.due_at)

    def _aim(self, entry: Entry, hours: Mapping[str, ServiceHours]) -> None:
        """Take the entry's target: time used and held is counted again, on its hours."""
        self.within, self.hours = entry.within, _hours_of(entry, hours)
        if self.stretches:
            self.totals = _NOTHING.copy()
            for segment in self.segments():
                self.totals[segment.kind] += segment.counted
        if self._set_deadline():
            self.missed_at, self.reclassified = self.due_at, True

    def _set_deadline(self) -> bool:
        """Set the deadline as it is now; return whether the time was over before."""
        if self.missed_at:
            return False
        if self.within is None:
            self.due_at = None
            return False
        if self.within.business_days is None:
            return self._set_hours_left(self.within.duration or _ZERO)
        held = self.totals[_HELD] + self.totals[_AFTER]
        due_at = deadline(self.started_at, self.within, self.hours, held)
        self.due_at = max(due_at, self.since)
        return is_late(self.since, due_at)

    def _set_hours_left(self, duration: timedelta) -> bool:
        left = duration - self.totals[_USED]
        over = left <= -_SECOND
        self.due_at = self.since if over else self.hours.add(self.since, max(left, _ZERO))
        return over


def replayed(ledger: Sequence[Entry], hours: Mapping[str, ServiceHours], now: datetime) -> Replay:
    """
    Return the clock with its ledger read up to `now`: its `state()` and its `segments()`.

    :raises LedgerError: if the entries cannot have happened in this order.
    """
    if not ledger:
        raise LedgerError("the ledger is empty")
    started_at = as_utc(ledger[0].at)
    replay = Replay(started_at, started_at)
    for entry in ledger:
        replay.take(entry, hours)
    if replay.phase in _OPEN:
        replay.advance(max(as_utc(now), replay.since))
    return replay


def is_plain(ledger: Sequence[Entry]) -> bool:
    """Return whether the clock only started, or started and stopped, as most clocks do."""
    count = len(ledger)
    if count == 2:
        return ledger[0].event is _START and ledger[1].event is _STOP
    return count == 1 and ledger[0].event is _START


def _straight(ledger: Sequence[Entry], hours: Mapping[str, ServiceHours], now: datetime) -> State:
    """Return what the replay of a plain ledger says, without the steps that cannot matter to it."""
    start, stop = ledger[0], ledger[1] if len(ledger) > 1 else None
    on, started_at = _hours_of(start, hours), as_utc(start.at)
    stopped_at = as_utc(stop.at) if stop else None
    until = stopped_at or (now if now > started_at else started_at)
    due_at = deadline(started_at, start.within, on) if start.within else None
    if until < started_at or (due_at and due_at < started_at):
        return replayed(ledger, hours, now).state()
    missed = due_at is not None and is_late(until, due_at)
    return State(
        status=_MISSED if missed else _MET if stop else _GOING,
        started_at=started_at,
        due_at=due_at,
        stopped_at=stopped_at,
        missed_at=due_at if missed else None,
        used=on.elapsed(started_at, until),
        paused=_ZERO,
        reclassified=False,
    )


def _hours_of(entry: Entry, hours: Mapping[str, ServiceHours]) -> ServiceHours:
    if entry.hours in hours:
        return hours[entry.hours]
    if entry.hours == "always" or (not entry.hours and entry.within is None):
        return _ALWAYS
    raise LedgerError(f"{entry.event} on unknown hours '{entry.hours}'")


def _pause_cause(entry: Entry) -> str:
    if entry.cause not in PAUSE_CAUSES:
        raise LedgerError(f"'{entry.cause}' does not pause a clock")
    return entry.cause
