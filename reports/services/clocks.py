"""The promises of a month: each ledger replayed up to the month's end, never beyond."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import groupby
from operator import itemgetter

from contracts.domain import clock
from contracts.domain.clock import Entry, Event
from contracts.domain.durations import parse_length
from contracts.rules import Rules
from reports import queries
from reports.domain.metrics import ClockResult, Holding, Life, Pause, Result, Verdict
from reports.queries import Reach

_AIMS = (Event.START, Event.RETARGET)


def clock_results(
    reach: Reach, lives: Mapping[int, Life], rules: Mapping[int, Rules]
) -> Iterator[ClockResult]:
    """Yield what became of each promise, by ticket; those decided in an earlier month are told."""
    ledgers = {
        pk: [_entry(row) for row in rows]
        for pk, rows in groupby(queries.ledger_rows(reach), key=itemgetter(0))
    }
    for pk, ticket_id, version_id, kind, attempt, creditable in queries.clock_rows(reach):
        ledger, life = ledgers[pk], lives[ticket_id]
        if ledger[0].within is None:
            continue  # measured only
        state = clock.evaluate(ledger, rules[version_id].hours, reach.ends_at)
        voided_at = ledger[-1].at if ledger[-1].event is Event.VOID else None
        decided_at = _decided_at(state, voided_at, reach.ends_at)
        if decided_at is not None and decided_at < life.since:
            continue
        yield _result(
            kind=kind,
            attempt=attempt,
            creditable=creditable,
            life=life,
            ledger=ledger,
            state=state,
            result=Result.OPEN if decided_at is None else Result(state.status.value),
            pauses=_pauses(ledger, rules[version_id], reach.ends_at),
            ends_at=reach.ends_at,
            stopped_at=state.stopped_at or voided_at,
        )


def _entry(row: tuple) -> Entry:
    _pk, event, at, within, hours, cause = row
    return Entry(Event(event), at, parse_length(within) if within else None, hours, cause)


def _decided_at(
    state: clock.State, voided_at: datetime | None, ends_at: datetime
) -> datetime | None:
    """Return when it was met, missed or voided; a deadline at the very end is the next month's."""
    decided_at = state.missed_at or state.stopped_at or voided_at
    return decided_at if decided_at is not None and decided_at < ends_at else None


def _result(
    *,
    kind: str,
    attempt: int,
    creditable: bool,
    life: Life,
    ledger: list[Entry],
    state: clock.State,
    result: Result,
    pauses: tuple[Pause, ...],
    ends_at: datetime,
    stopped_at: datetime | None,
) -> ClockResult:
    aim = [entry for entry in ledger if entry.event in _AIMS][-1]
    due_at = state.missed_at or state.due_at
    missed = result is Result.MISSED and due_at is not None
    over = ((stopped_at or ends_at) - due_at).total_seconds() if missed else 0
    held_by = _holding_at(life, due_at if missed else ends_at)
    return ClockResult(
        ticket=life.key,
        obligation=kind,
        attempt=attempt,
        priority=_priority_at(life, aim.at),
        within=str(aim.within or ""),
        hours=aim.hours,
        result=result,
        started_at=state.started_at,
        due_at=due_at,
        stopped_at=stopped_at,
        over_seconds=max(0, int(over)),
        used_seconds=int(state.used.total_seconds()),
        paused_seconds=int(state.paused.total_seconds()),
        pauses=pauses,
        reclassified=state.reclassified,
        creditable=creditable,
        tier=held_by.tier if held_by else "",
        team=held_by.team if held_by else "",
        registered_late=life.registered_late,
    )


def _priority_at(life: Life, at: datetime) -> str:
    """Return the ticket's priority when its clock was last aimed: every change is a decision."""
    known: list[Verdict] = [v for v in life.verdicts if v.at <= at]
    return (known or list(life.verdicts))[-1].priority


def _holding_at(life: Life, at: datetime) -> Holding | None:
    known = [holding for holding in life.holdings if holding.at <= at]
    return known[-1] if known else None


def _pauses(ledger: list[Entry], rules: Rules, ends_at: datetime) -> tuple[Pause, ...]:
    """Return the service seconds that each cause held the clock."""
    if not any(entry.event is Event.PAUSE for entry in ledger):
        return ()
    seconds: defaultdict[str, int] = defaultdict(int)
    for segment in clock.segments(ledger, rules.hours, ends_at):
        if segment.kind is clock.Kind.PAUSED:
            seconds[segment.cause] += int(segment.counted.total_seconds())
    return tuple(Pause(cause, seconds[cause]) for cause in sorted(seconds))
