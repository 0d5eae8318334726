"""Whose turn it was: the stretches of a ticket's life, and whether it was open."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from reports.domain.lives import Life, Step


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
    Step.MERGED: Phase.DONE,
    Step.AUTO_CLOSED: Phase.DONE,
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


def was_open_before(life: Life) -> bool:
    """Return whether the ticket was open as the month began."""
    phase = Phase.VENDOR
    for event in life.happened:
        if event.at >= life.since:
            break
        phase = _TURNS.get(event.step, phase)
    return phase is not Phase.DONE


def is_alive(life: Life) -> bool:
    """Return whether anything of the ticket falls into the month: it came, was open, or moved."""
    return life.received or was_open_before(life) or any(h.at >= life.since for h in life.happened)


def state_at(life: Life, ends_at: datetime) -> str:
    """Return `open`, `waiting`, `resolved` or `cancelled` as of `ends_at`."""
    phase = turns(life, ends_at)[-1].phase
    if phase is Phase.DONE:
        ends = [h.step for h in life.happened if _TURNS.get(h.step) is not None]
        was_resolved = Step.RESOLVED in ends[-1:] or ends[-2:] == [Step.RESOLVED, Step.AUTO_CLOSED]
        return "resolved" if was_resolved else "cancelled"
    return "waiting" if phase is Phase.CLIENT else "open"
