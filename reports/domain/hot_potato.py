"""How work was passed from desk to desk."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from reports.domain.lives import Life, Step, steps_of
from tickets.domain.passing import passed


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
    moved = [_bounced(life) for life in lives if len(life.holdings) > 1]
    passed_on = [bounced for bounced in moved if bounced.returns or bounced.reassignments > 1]
    desks = Counter(len(set(bounced.desks)) for bounced in moved)
    desks.update(len(life.holdings) for life in lives if len(life.holdings) < 2)
    steps = steps_of(lives)
    return HotPotato(
        reassignments=sum(bounced.reassignments for bounced in moved),
        returns=sum(bounced.returns for bounced in moved),
        offered=steps[Step.OFFERED],
        accepted=steps[Step.ACCEPTED],
        disputed=steps[Step.DISPUTED],
        defaulted=steps[Step.DEFAULTED],
        by_desks=tuple(DeskCount(number, desks[number]) for number in sorted(desks)),
        tickets=tuple(sorted(passed_on, key=lambda b: (-b.returns, -b.reassignments))),
    )


def _bounced(life: Life) -> Bounced:
    """Count the moves of the month."""
    moves = passed(life.holdings, life.since)
    return Bounced(life.key, moves.desks, moves.reassignments, moves.returns)
