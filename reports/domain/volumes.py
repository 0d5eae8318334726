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

Keys = tuple[str, str, str, str, str]  # type, activity, outcome, priority, system


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
    alike = Counter(
        (life.type, verdict.activity, verdict.outcome, verdict.priority, verdict.system)
        for life in lives
        if life.received and (verdict := life.verdict())
    )
    kinds = ("type", "activity", "outcome", "priority", "system")
    shares = {f"by_{kind}": _shares(kind, place, alike) for place, kind in enumerate(kinds)}
    return Volumes(received=alike.total(), **shares)


def _shares(kind: str, place: int, alike: Counter[Keys]) -> tuple[Share, ...]:
    count = Counter[str]()
    for keys, tickets in alike.items():
        count[keys[place]] += tickets
    order = _ORDERS.get(kind) or sorted(count, key=lambda key: (-count[key], key))
    return tuple(Share(str(key), count[key]) for key in order if count[key])
