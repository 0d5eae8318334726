"""What the month's tickets were that the contract does not include."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from contracts.domain.vocabulary import Outcome
from reports.domain.lives import PENDING, Life, Verdict
from reports.domain.turns import state_at, was_open

OUT_OF_SCOPE = (Outcome.ESTIMATE, Outcome.NOT_PROVIDED)


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
