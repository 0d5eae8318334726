"""Whose turn it was: the stretches of a ticket's life, and whether it was open."""

from datetime import datetime

from reports.domain.lives import Life
from tickets.domain.passing import CLIENT, DONE, TURNS, VENDOR, Phase, Step, Turn, turns_of

__all__ = [
    "Phase",
    "Turn",
    "is_alive",
    "state_at",
    "turns",
    "waited",
    "was_open",
    "was_open_before",
]

# As names of the module: Python looks up a member of an enum five times slower.
_RESOLVED, _RECOVERED, _AUTO_CLOSED = Step.RESOLVED, Step.RECOVERED, Step.AUTO_CLOSED


def turns(life: Life, ends_at: datetime) -> list[Turn]:
    """Return whose turn it was from the receipt to `ends_at`; half of all figures ask for it."""
    if life.told is None or life.told[0] != ends_at:
        life.told = ends_at, turns_of(life.received_at, life.happened, ends_at)
    return life.told[1]


def was_open(life: Life, ends_at: datetime) -> bool:
    """Return whether the ticket was open at `ends_at`."""
    return turns(life, ends_at)[-1].phase is not DONE


def was_open_before(life: Life) -> bool:
    """Return whether the ticket was open as the month began."""
    phase = VENDOR
    for event in life.happened:
        if event.at >= life.since:
            break
        phase = TURNS.get(event.step, phase)
    return phase is not DONE


def is_alive(life: Life) -> bool:
    """Return whether anything of the ticket falls into the month: it came, was open, or moved."""
    return life.received or was_open_before(life) or any(h.at >= life.since for h in life.happened)


def state_at(life: Life, ends_at: datetime) -> str:
    """Return `open`, `waiting`, `resolved` or `cancelled` as of `ends_at`."""
    phase = turns(life, ends_at)[-1].phase
    if phase is DONE:
        return "resolved" if _was_resolved(life) else "cancelled"
    return "waiting" if phase is CLIENT else "open"


def _was_resolved(life: Life) -> bool:
    """Return whether a ticket that is done was resolved: what closes by itself says nothing of it."""
    closes = False
    for event in reversed(life.happened):
        step = event.step
        if step in TURNS:
            if closes or step is not _AUTO_CLOSED:
                return step is _RESOLVED or (step is _RECOVERED and not closes)
            closes = True
    return False


def waited(life: Life, ends_at: datetime) -> tuple[int, int]:
    """Return the real seconds of the month with the vendor, and waiting for the client."""
    if life.waited is None or life.waited[0] != ends_at:
        vendor = client = 0
        for turn in turns(life, ends_at):
            if turn.phase is VENDOR:
                vendor += turn.seconds(life.since)
            elif turn.phase is CLIENT:
                client += turn.seconds(life.since)
        life.waited = ends_at, vendor, client
    return life.waited[1:]
