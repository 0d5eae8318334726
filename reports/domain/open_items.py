"""What is not done at the month's end: every open ticket, the oldest first."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from reports.domain.lives import Life
from reports.domain.turns import state_at, was_open


@dataclass(frozen=True, slots=True)
class OpenItem:
    """An open ticket as of the month's end; tier and team are those who hold it."""

    ticket: str
    type: str
    priority: str
    system: str
    activity: str
    outcome: str
    received_at: datetime
    age_days: int
    state: str
    tier: str
    team: str


def open_items(lives: Iterable[Life], ends_at: datetime) -> list[OpenItem]:
    """Return the open tickets; as many as `flow.open_after` counts."""
    found = [_item(life, ends_at) for life in lives if was_open(life, ends_at)]
    return sorted(found, key=lambda item: (item.received_at, item.ticket))


def _item(life: Life, ends_at: datetime) -> OpenItem:
    verdict = life.verdict()
    holding = life.holdings[-1] if life.holdings else None
    return OpenItem(
        ticket=life.key,
        type=life.type,
        priority=verdict.priority if verdict else "",
        system=verdict.system if verdict else "",
        activity=verdict.activity if verdict else "",
        outcome=verdict.outcome if verdict else "",
        received_at=life.received_at,
        age_days=(ends_at - life.received_at).days,
        state=state_at(life, ends_at),
        tier=holding.tier if holding else "",
        team=holding.team if holding else "",
    )
