"""The tickets received in the month, broken down."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from contracts.domain.vocabulary import Activity, Outcome, Priority
from reports.domain.lives import PENDING, Life
from tickets.domain.lifecycle import TicketType

_ORDERS: Mapping[str, Sequence[str]] = {
    "priority": list(Priority),
    "activity": [*Activity, ""],
    "outcome": [*Outcome, PENDING],
    "type": list(TicketType),
}


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
