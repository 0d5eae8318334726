"""
How a ticket was passed from desk to desk, whose turn it was, and when nothing moved.

One ticket's page and the month's report count by these rules.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import NamedTuple

_NO_TIME = timedelta()
STILL = timedelta(days=1)  # a longer gap without any step is standing still
Span = tuple[datetime, datetime]


class Step(StrEnum):
    """Steps that open, close, hold or hand over a ticket, as the audit trail names them."""

    PAUSED = "ticket.paused"
    RESUMED = "ticket.resumed"
    RESOLVED = "ticket.resolved"
    CLOSED = "ticket.closed"
    CANCELLED = "ticket.cancelled"
    MERGED = "ticket.merged"
    AUTO_CLOSED = "ticket.auto_closed"
    RECOVERED = "ticket.recovered"
    REOPENED = "ticket.reopened"
    OFFERED = "handoff.offered"
    ACCEPTED = "handoff.accepted"
    DISPUTED = "handoff.disputed"
    DEFAULTED = "handoff.defaulted"


class Happened(NamedTuple):
    step: Step
    at: datetime
    cause: str = ""


class Holding(NamedTuple):
    """Who held a ticket from `at` on; the first of a stage is no reassignment."""

    at: datetime
    stage: int
    tier: str
    team: str

    @property
    def desk(self) -> str:
        return self.team or self.tier


class Phase(StrEnum):
    """Whose turn it is: the vendor works, the client is waited for, or nobody."""

    VENDOR = "vendor"
    CLIENT = "client"
    DONE = "done"


# As names of the module: Python looks up a member of an enum five times slower.
VENDOR, CLIENT, DONE = Phase
TURNS = {
    Step.PAUSED: CLIENT,
    Step.RESUMED: VENDOR,
    Step.RESOLVED: DONE,
    Step.CANCELLED: DONE,
    Step.MERGED: DONE,
    Step.AUTO_CLOSED: DONE,
    Step.RECOVERED: DONE,
    Step.REOPENED: VENDOR,
}


class Turn(NamedTuple):
    """A stretch [starts_at, ends_at) of a ticket's life."""

    starts_at: datetime
    ends_at: datetime
    phase: Phase
    cause: str = ""

    def seconds(self, since: datetime) -> int:
        start = self.starts_at if self.starts_at > since else since
        span = self.ends_at - start
        return span.days * 86_400 + span.seconds if span > _NO_TIME else 0


def turns_of(received_at: datetime, happened: Iterable[Happened], ends_at: datetime) -> list[Turn]:
    """Return whose turn it was from the receipt to `ends_at`."""
    found: list[Turn] = []
    since, phase, cause = received_at, VENDOR, ""
    for event in happened:
        if (then := TURNS.get(event.step)) is None:
            continue
        at = event.at if event.at > since else since
        found.append(Turn(since, at, phase, cause))
        since, phase = at, then
        cause = event.cause if then is CLIENT else ""
    found.append(Turn(since, max(since, ends_at), phase, cause))
    return found


@dataclass(frozen=True, slots=True)
class Passed:
    """The desks that held a ticket, in order, and how often it changed hands and came back."""

    desks: tuple[str, ...]
    reassignments: int
    returns: int


def passed(holdings: Iterable[Holding], since: datetime) -> Passed:
    """Count the moves from `since` on; a return is a change to a desk that held the ticket before."""
    stages: set[int] = set()
    desks: list[str] = []
    reassignments = returns = 0
    for holding in holdings:
        counts = holding.at >= since
        reassignments += counts and holding.stage in stages
        stages.add(holding.stage)
        if desks and desks[-1] == holding.desk:
            continue
        returns += counts and holding.desk in desks
        desks.append(holding.desk)
    return Passed(tuple(desks), int(reassignments), int(returns))


def stood_still(turns: Iterable[Turn], moved: Iterable[datetime]) -> list[Span]:
    """Return the stretches of more than a day on the vendor's side in which nothing was recorded."""
    known, spans = sorted(moved), list[Span]()
    for turn in turns:
        if turn.phase is not Phase.VENDOR:
            continue
        inside = [at for at in known if turn.starts_at < at < turn.ends_at]
        edges = [turn.starts_at, *inside, turn.ends_at]
        spans += [(a, b) for a, b in pairwise(edges) if b - a > STILL]
    return spans


@dataclass(frozen=True, slots=True)
class Potato:
    """One ticket's figures so far; `still_minutes` are real minutes, rounded down."""

    offers: int
    disputes: int
    reassignments: int
    returns: int
    still_minutes: int

    @property
    def is_noteworthy(self) -> bool:
        """Return whether there is anything to tell."""
        return any((self.offers, self.returns, self.reassignments, self.still_minutes))


def potato_of(
    received_at: datetime,
    happened: Sequence[Happened],
    holdings: Sequence[Holding],
    moved: Iterable[datetime],
    now: datetime,
) -> Potato:
    """Return what became of a ticket between the desks from its receipt until `now`."""
    desks = passed(holdings, received_at)
    steps = [holding.at for holding in holdings] + [event.at for event in happened]
    still = stood_still(turns_of(received_at, happened, now), [*steps, *moved])
    return Potato(
        offers=sum(event.step is Step.OFFERED for event in happened),
        disputes=sum(event.step is Step.DISPUTED for event in happened),
        reassignments=desks.reassignments,
        returns=desks.returns,
        still_minutes=sum(int((end - start).total_seconds()) for start, end in still) // 60,
    )
