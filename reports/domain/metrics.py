"""
The figures of a month, from what happened in it.

Pure: rows in, figures out, in the order of the rows. An event counts in the month of its instant;
nothing after `ends_at` is ever looked at, so a month told again later reads the same.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from contracts.domain.money import WHOLE
from contracts.domain.statement import SlaResult
from contracts.domain.vocabulary import Activity, ObligationKind, Outcome, Priority, WorkStream
from tickets.domain.lifecycle import TicketType

PENDING = "pending"
OUT_OF_SCOPE = (Outcome.ESTIMATE, Outcome.NOT_PROVIDED)
PATTERN_AT_LEAST = 5

_ORDERS: Mapping[str, Sequence[str]] = {
    "obligation": list(ObligationKind),
    "priority": list(Priority),
    "activity": [*Activity, ""],
    "outcome": [*Outcome, PENDING],
    "type": list(TicketType),
}


def share(part: int, whole: int) -> int | None:
    """Return `part` of `whole` in basis points, never rounded up; None where nothing counts."""
    return part * WHOLE // whole if whole else None


# --- clocks ---


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
class ClockResult:
    """
    One obligation as it stood at the month's end; seconds are service time on its hours.

    `due_at` of a miss is the deadline that passed, and tier and team are those accountable then.
    `registered_late` says that an earlier month would have counted it, had the ticket been known.
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
    obligations, priorities = _ORDERS["obligation"], _ORDERS["priority"]
    ordered = sorted(groups, key=lambda k: (obligations.index(k[0]), priorities.index(k[1])))
    return [_sla_row(*key, groups[key]) for key in ordered]


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


# --- the life of tickets ---


class Step(StrEnum):
    """Steps that open, close, hold or hand over a ticket, as the audit trail names them."""

    PAUSED = "ticket.paused"
    RESUMED = "ticket.resumed"
    RESOLVED = "ticket.resolved"
    CLOSED = "ticket.closed"
    CANCELLED = "ticket.cancelled"
    REOPENED = "ticket.reopened"
    OFFERED = "handoff.offered"
    ACCEPTED = "handoff.accepted"
    DISPUTED = "handoff.disputed"
    DEFAULTED = "handoff.defaulted"


@dataclass(frozen=True, slots=True)
class Happened:
    step: Step
    at: datetime
    cause: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """A stored decision; `outcome` is `pending` while a fact is missing."""

    at: datetime
    stage: int
    outcome: str
    clause: str
    activity: str
    priority: str
    system: str
    kind: str = "rule"


@dataclass(frozen=True, slots=True)
class Holding:
    """Who held a ticket from `at` on; the first of a stage is no reassignment."""

    at: datetime
    stage: int
    tier: str
    team: str

    @property
    def desk(self) -> str:
        return self.team or self.tier


@dataclass(frozen=True, slots=True)
class Life:
    """
    A ticket until the month's end, its rows in the order they were written.

    It counts from `since`: the month's start, or for one that was written down too late for the
    month it was received in, the day it was received (`registered_late`).
    """

    key: str
    type: str
    symptom: str
    received_at: datetime
    since: datetime
    received: bool
    registered_late: bool
    happened: tuple[Happened, ...] = ()
    verdicts: tuple[Verdict, ...] = ()
    holdings: tuple[Holding, ...] = ()

    def verdict(self) -> Verdict | None:
        """Return the last verdict of the month, or the one it began with."""
        return self.verdicts[-1] if self.verdicts else None

    def steps(self, step: Step) -> int:
        return sum(h.step is step and h.at >= self.since for h in self.happened)

    def verdict_before(self) -> Verdict | None:
        """Return the verdict as the month began; None for a ticket of this month."""
        earlier = [v for v in self.verdicts if v.at < self.since]
        return earlier[-1] if earlier and not self.received else None


class Phase(StrEnum):
    """Whose turn it is: the vendor works, the client is waited for, or nobody."""

    VENDOR = "vendor"
    CLIENT = "client"
    DONE = "done"


_TURNS = {
    Step.PAUSED: Phase.CLIENT,
    Step.RESUMED: Phase.VENDOR,
    Step.RESOLVED: Phase.DONE,
    Step.CANCELLED: Phase.DONE,
    Step.REOPENED: Phase.VENDOR,
}


@dataclass(frozen=True, slots=True)
class Turn:
    """A stretch [starts_at, ends_at) of a ticket's life."""

    starts_at: datetime
    ends_at: datetime
    phase: Phase
    cause: str = ""

    def seconds(self, since: datetime) -> int:
        start = max(self.starts_at, since)
        return max(0, int((self.ends_at - start).total_seconds()))


def turns(life: Life, ends_at: datetime) -> list[Turn]:
    """Return whose turn it was from the receipt to `ends_at`."""
    found: list[Turn] = []
    since, phase, cause = life.received_at, Phase.VENDOR, ""
    for event in life.happened:
        if (then := _TURNS.get(event.step)) is None:
            continue
        at = max(since, event.at)
        found.append(Turn(since, at, phase, cause))
        since, phase = at, then
        cause = event.cause if then is Phase.CLIENT else ""
    return [*found, Turn(since, max(since, ends_at), phase, cause)]


def was_open(life: Life, ends_at: datetime) -> bool:
    """Return whether the ticket was open at `ends_at`."""
    return turns(life, ends_at)[-1].phase is not Phase.DONE


@dataclass(frozen=True, slots=True)
class Flow:
    """Steps of the month: open_before + received + reopened = resolved + cancelled + open_after."""

    open_before: int
    received: int
    registered_late: int
    resolved: int
    closed: int
    cancelled: int
    reopened: int
    open_after: int


def flow(lives: Iterable[Life], ends_at: datetime) -> Flow:
    lives = list(lives)

    def steps(step: Step) -> int:
        return sum(life.steps(step) for life in lives)

    return Flow(
        open_before=sum(not life.received and _open_before(life) for life in lives),
        received=sum(life.received for life in lives),
        registered_late=sum(life.registered_late for life in lives),
        resolved=steps(Step.RESOLVED),
        closed=steps(Step.CLOSED),
        cancelled=steps(Step.CANCELLED),
        reopened=steps(Step.REOPENED),
        open_after=sum(was_open(life, ends_at) for life in lives),
    )


def is_alive(life: Life) -> bool:
    """Return whether anything of the ticket falls into the month: it came, was open, or moved."""
    return life.received or _open_before(life) or any(h.at >= life.since for h in life.happened)


def _open_before(life: Life) -> bool:
    phase = Phase.VENDOR
    for event in life.happened:
        if event.at >= life.since:
            break
        phase = _TURNS.get(event.step, phase)
    return phase is not Phase.DONE


@dataclass(frozen=True, slots=True)
class Waiting:
    """Real seconds of open tickets in the month: waiting for the client, and the vendor's own."""

    vendor_seconds: int
    client_seconds: int
    client_basis_points: int | None
    by_cause: tuple[Pause, ...]
    tickets: tuple[str, ...]


def waiting(lives: Iterable[Life], ends_at: datetime) -> Waiting:
    vendor, causes, tickets = 0, Counter[str](), []
    for life in lives:
        waited = 0
        for turn in turns(life, ends_at):
            seconds = turn.seconds(life.since)
            if turn.phase is Phase.VENDOR:
                vendor += seconds
            elif turn.phase is Phase.CLIENT and seconds:
                causes[turn.cause] += seconds
                waited += seconds
        tickets += [life.key] if waited else []
    client = sum(causes.values())
    by_cause = tuple(Pause(cause, causes[cause]) for cause in sorted(causes))
    return Waiting(vendor, client, share(client, client + vendor), by_cause, tuple(tickets))


# --- volumes ---


@dataclass(frozen=True, slots=True)
class Share:
    key: str
    count: int


@dataclass(frozen=True, slots=True)
class Volumes:
    """The tickets received in the month; each breakdown adds up to `received`."""

    received: int
    by_type: tuple[Share, ...]
    by_activity: tuple[Share, ...]
    by_outcome: tuple[Share, ...]
    by_priority: tuple[Share, ...]
    by_system: tuple[Share, ...]


def volumes(lives: Iterable[Life]) -> Volumes:
    received = [(life, verdict) for life in lives if life.received and (verdict := life.verdict())]
    return Volumes(
        received=len(received),
        by_type=_shares("type", (life.type for life, _ in received)),
        by_activity=_shares("activity", (verdict.activity for _, verdict in received)),
        by_outcome=_shares("outcome", (verdict.outcome for _, verdict in received)),
        by_priority=_shares("priority", (verdict.priority for _, verdict in received)),
        by_system=_shares("system", (verdict.system for _, verdict in received)),
    )


def _shares(kind: str, keys: Iterable[str]) -> tuple[Share, ...]:
    count = Counter(keys)
    order = _ORDERS.get(kind) or sorted(count, key=lambda key: (-count[key], key))
    return tuple(Share(str(key), count[key]) for key in order if count[key])


# --- scope ---


@dataclass(frozen=True, slots=True)
class OutsideTicket:
    """A ticket that the contract does not include; `state` is that of the month's end."""

    ticket: str
    outcome: str
    clause: str
    decided_at: datetime
    kind: str
    received: bool
    state: str
    held_minutes: int


@dataclass(frozen=True, slots=True)
class ScopeFigures:
    """Verdicts that became out of scope in the month; pending and undecided ones stand apart."""

    out_of_scope: int
    estimate: int
    not_provided: int
    tickets: tuple[OutsideTicket, ...]
    pending: tuple[str, ...]
    undecided: tuple[str, ...]


def scope_figures(
    lives: Iterable[Life], ends_at: datetime, held_minutes: Mapping[str, int]
) -> ScopeFigures:
    outside: list[OutsideTicket] = []
    waiting: dict[str, list[str]] = {PENDING: [], Outcome.UNDECIDED: []}
    for life in lives:
        if (verdict := life.verdict()) is None:
            continue
        before = life.verdict_before()
        if verdict.outcome in OUT_OF_SCOPE and (
            before is None or before.outcome not in OUT_OF_SCOPE
        ):
            held = held_minutes.get(life.key, 0)
            outside.append(_outside(life, verdict, ends_at, held))
        elif verdict.outcome in waiting and was_open(life, ends_at):
            waiting[verdict.outcome].append(life.key)
    return ScopeFigures(
        out_of_scope=len(outside),
        estimate=sum(each.outcome == Outcome.ESTIMATE for each in outside),
        not_provided=sum(each.outcome == Outcome.NOT_PROVIDED for each in outside),
        tickets=tuple(outside),
        pending=tuple(waiting[PENDING]),
        undecided=tuple(waiting[Outcome.UNDECIDED]),
    )


def _outside(life: Life, verdict: Verdict, ends_at: datetime, held: int) -> OutsideTicket:
    return OutsideTicket(
        ticket=life.key,
        outcome=verdict.outcome,
        clause=verdict.clause,
        decided_at=verdict.at,
        kind=verdict.kind,
        received=life.received,
        state=state_at(life, ends_at),
        held_minutes=held,
    )


def state_at(life: Life, ends_at: datetime) -> str:
    """Return `open`, `waiting`, `resolved` or `cancelled` as of `ends_at`."""
    phase = turns(life, ends_at)[-1].phase
    if phase is Phase.DONE:
        gone = [h.step for h in life.happened if h.step in (Step.RESOLVED, Step.CANCELLED)]
        return "cancelled" if gone[-1] is Step.CANCELLED else "resolved"
    return "waiting" if phase is Phase.CLIENT else "open"


# --- hot potato ---


@dataclass(frozen=True, slots=True)
class Bounced:
    """A ticket that changed hands: its desks in order, and how often it came back to one."""

    ticket: str
    desks: tuple[str, ...]
    reassignments: int
    returns: int


@dataclass(frozen=True, slots=True)
class DeskCount:
    desks: int
    tickets: int


@dataclass(frozen=True, slots=True)
class HotPotato:
    """How work was passed on in the month; `by_desks` counts every ticket that was alive in it."""

    reassignments: int
    returns: int
    offered: int
    accepted: int
    disputed: int
    defaulted: int
    by_desks: tuple[DeskCount, ...]
    tickets: tuple[Bounced, ...]


def hot_potato(lives: Iterable[Life]) -> HotPotato:
    lives = list(lives)
    moved = [_bounced(life) for life in lives]
    passed_on = [bounced for bounced in moved if bounced.returns or bounced.reassignments > 1]
    desks = Counter(len(set(bounced.desks)) for bounced in moved)

    def steps(step: Step) -> int:
        return sum(life.steps(step) for life in lives)

    return HotPotato(
        reassignments=sum(bounced.reassignments for bounced in moved),
        returns=sum(bounced.returns for bounced in moved),
        offered=steps(Step.OFFERED),
        accepted=steps(Step.ACCEPTED),
        disputed=steps(Step.DISPUTED),
        defaulted=steps(Step.DEFAULTED),
        by_desks=tuple(DeskCount(number, desks[number]) for number in sorted(desks)),
        tickets=tuple(sorted(passed_on, key=lambda b: (-b.returns, -b.reassignments))),
    )


def _bounced(life: Life) -> Bounced:
    """Count moves of the month; a return is a change to a desk that held the ticket before."""
    stages: set[int] = set()
    desks: list[str] = []
    reassignments = returns = 0
    for holding in life.holdings:
        counts = holding.at >= life.since
        reassignments += counts and holding.stage in stages
        stages.add(holding.stage)
        if desks and desks[-1] == holding.desk:
            continue
        returns += counts and holding.desk in desks
        desks.append(holding.desk)
    return Bounced(life.key, tuple(desks), int(reassignments), int(returns))


# --- failure patterns ---


@dataclass(frozen=True, slots=True)
class Pattern:
    """The same symptom on the same system again and again."""

    system: str
    symptom: str
    count: int
    tickets: tuple[str, ...]


def patterns(lives: Iterable[Life], at_least: int = PATTERN_AT_LEAST) -> list[Pattern]:
    """Return the incidents received in the month that share system and symptom, most first."""
    groups: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for life in lives:
        verdict = life.verdict()
        if life.received and life.type == TicketType.INCIDENT and life.symptom and verdict:
            groups[verdict.system, life.symptom].append(life.key)
    found = [
        Pattern(system, symptom, len(keys), tuple(keys))
        for (system, symptom), keys in groups.items()
        if len(keys) >= at_least
    ]
    return sorted(found, key=lambda each: (-each.count, each.system, each.symptom))


# --- effort ---


@dataclass(frozen=True, slots=True)
class Effort:
    """Minutes worked, summed by the database over (stream, tier)."""

    stream: str
    tier: str
    minutes: int


@dataclass(frozen=True, slots=True)
class Minutes:
    key: str
    minutes: int


@dataclass(frozen=True, slots=True)
class StreamEffort:
    """Minutes and charged money of a work stream, and its share of all minutes."""

    stream: str
    minutes: int
    amount: int
    basis_points: int | None


@dataclass(frozen=True, slots=True)
class EffortFigures:
    """
    Each breakdown adds up to `minutes`; `by_charge` says what the charging made of them.

    Minutes for closed months (`adjusting_minutes`) are charged there and stand as `adjustment`.
    """

    minutes: int
    by_stream: tuple[StreamEffort, ...]
    by_tier: tuple[Minutes, ...]
    by_charge: tuple[Minutes, ...]
    adjusting_minutes: int


def effort_figures(
    rows: Iterable[Effort],
    charged: Iterable[tuple[str, int]],
    amounts: Mapping[str, int],
    adjusting_minutes: int,
) -> EffortFigures:
    """Return the split of `charged` (kind, raw minutes) and `amounts` (minor units by stream)."""
    rows = list(rows)
    total = sum(row.minutes for row in rows)
    streams = Counter[str]()
    for row in rows:
        streams[row.stream] += row.minutes
    late = [("adjustment", adjusting_minutes)] if adjusting_minutes else []
    return EffortFigures(
        minutes=total,
        by_stream=tuple(
            StreamEffort(
                stream, streams[stream], amounts.get(stream, 0), share(streams[stream], total)
            )
            for stream in WorkStream
        ),
        by_tier=_minutes((row.tier, row.minutes) for row in rows),
        by_charge=_minutes([*charged, *late]),
        adjusting_minutes=adjusting_minutes,
    )


def _minutes(pairs: Iterable[tuple[str, int]]) -> tuple[Minutes, ...]:
    count = Counter[str]()
    for key, minutes in pairs:
        count[key] += minutes
    return tuple(Minutes(key, count[key]) for key in sorted(count))
