"""What the month's tickets were that the contract does not include."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from contracts.domain.vocabulary import Outcome
from reports.domain.lives import PENDING, Life, Verdict
from reports.domain.turns import state_at, was_open

OUT_OF_SCOPE = (Outcome.ESTIMATE, Outcome.NOT_PROVIDED)


@dataclass(frozen=True, slots=True)
class OfferStep:
    """A step of an estimate that the client saw: sent, accepted, declined and what followed."""

    estimate: str
    step: str
    at: datetime
    revision: int
    amount: int


@dataclass(frozen=True, slots=True)
class Offered:
    """An estimate as it stood at the month's end: its last `step`, with revision and amount."""

    estimate: str
    step: str
    at: datetime
    sent_at: datetime
    revision: int
    amount: int


def offers(steps: Iterable[OfferStep]) -> tuple[Offered, ...]:
    """Return each estimate that was sent, as its steps in their order left it."""
    sent: dict[str, datetime] = {}
    last: dict[str, OfferStep] = {}
    for step in steps:
        if step.step == "sent":
            sent.setdefault(step.estimate, step.at)
        if step.estimate in sent:
            last[step.estimate] = step
    return tuple(
        Offered(key, step.step, step.at, sent[key], step.revision, step.amount)
        for key, step in last.items()
    )


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
    estimates: tuple[Offered, ...] = ()


@dataclass(frozen=True, slots=True)
class Answered:
    """An estimate of any ticket on which something happened in the month that the client saw."""

    ticket: str
    estimate: str
    step: str
    at: datetime
    sent_at: datetime
    revision: int
    amount: int


@dataclass(frozen=True, slots=True)
class ScopeFigures:
    """
    Verdicts that became out of scope in the month; pending and undecided ones stand apart.

    `estimates` are all that moved in the month, on whatever ticket.
    """

    out_of_scope: int
    estimate: int
    not_provided: int
    tickets: tuple[OutsideTicket, ...]
    pending: tuple[str, ...]
    undecided: tuple[str, ...]
    estimates: tuple[Answered, ...] = ()


def scope_figures(
    lives: Iterable[Life],
    ends_at: datetime,
    held_minutes: Mapping[str, int],
    estimates: Mapping[str, tuple[Offered, ...]] | None = None,
) -> ScopeFigures:
    """Return the figures; `held_minutes` and what was offered are by ticket."""
    outside: list[OutsideTicket] = []
    moved: list[Answered] = []
    waiting: dict[str, list[str]] = {PENDING: [], Outcome.UNDECIDED: []}
    for life in lives:
        if offered := (estimates or {}).get(life.key, ()):
            moved += _answered(life, offered)
        if (verdict := life.verdict()) is None:
            continue
        if verdict.outcome in OUT_OF_SCOPE:
            before = life.verdict_before()
            if before is None or before.outcome not in OUT_OF_SCOPE:
                held = held_minutes.get(life.key, 0)
                outside.append(_outside(life, verdict, ends_at, held, offered))
        elif verdict.outcome in waiting and was_open(life, ends_at):
            waiting[verdict.outcome].append(life.key)
    return ScopeFigures(
        out_of_scope=len(outside),
        estimate=sum(each.outcome == Outcome.ESTIMATE for each in outside),
        not_provided=sum(each.outcome == Outcome.NOT_PROVIDED for each in outside),
        tickets=tuple(outside),
        pending=tuple(waiting[PENDING]),
        undecided=tuple(waiting[Outcome.UNDECIDED]),
        estimates=tuple(moved),
    )


def _answered(life: Life, offered: Iterable[Offered]) -> list[Answered]:
    return [
        Answered(
            life.key, each.estimate, each.step, each.at, each.sent_at, each.revision, each.amount
        )
        for each in offered
        if each.at >= life.since
    ]


def _outside(
    life: Life, verdict: Verdict, ends_at: datetime, held: int, offered: tuple[Offered, ...]
) -> OutsideTicket:
    return OutsideTicket(
        ticket=life.key,
        outcome=verdict.outcome,
        clause=verdict.clause,
        decided_at=verdict.at,
        kind=verdict.kind,
        received=life.received,
        state=state_at(life, ends_at),
        held_minutes=held,
        estimates=offered,
    )
