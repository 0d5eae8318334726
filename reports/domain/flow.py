"""How tickets came and went in the month, and how long they waited for whom."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from reports.domain.lives import Life, Step, steps_of
from reports.domain.shares import share
from reports.domain.sla import Pause
from reports.domain.turns import turns, waited, was_open, was_open_before
from tickets.domain.passing import CLIENT


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
    steps = steps_of(lives)
    return Flow(
        open_before=sum(not life.received and was_open_before(life) for life in lives),
        received=sum(life.received for life in lives),
        registered_late=sum(life.registered_late for life in lives),
        resolved=steps[Step.RESOLVED] + steps[Step.RECOVERED],
        closed=steps[Step.CLOSED] + steps[Step.AUTO_CLOSED] + steps[Step.RECOVERED],
        cancelled=steps[Step.CANCELLED] + steps[Step.MERGED],
        reopened=steps[Step.REOPENED],
        open_after=sum(was_open(life, ends_at) for life in lives),
    )


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
        own, clients = waited(life, ends_at)
        vendor += own
        if clients:
            tickets.append(life.key)
            for turn in turns(life, ends_at):
                if turn.phase is CLIENT and (seconds := turn.seconds(life.since)):
                    causes[turn.cause] += seconds
    client = sum(causes.values())
    by_cause = tuple(Pause(cause, causes[cause]) for cause in sorted(causes))
    return Waiting(vendor, client, share(client, client + vendor), by_cause, tuple(tickets))
