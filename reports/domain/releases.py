"""What maintenance released, and the incidents that are counted against it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from reports.domain.lives import Life
from tickets.domain.lifecycle import TicketType

WATCHED = timedelta(days=14)
INCIDENT = TicketType.INCIDENT


@dataclass(frozen=True, slots=True)
class Released:
    """A release as its row says it; `fixes` are the tickets that name it."""

    name: str
    kind: str
    system: str
    released_at: datetime
    documents: int
    fixes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ReleaseFigures:
    """A release with the month's incidents of its system within the days it is watched."""

    name: str
    kind: str
    system: str
    released_at: datetime
    documents: int
    fixes: tuple[str, ...]
    incidents_after: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Releases:
    watched_days: int
    rows: tuple[ReleaseFigures, ...]


def releases(released: Iterable[Released], lives: Iterable[Life]) -> Releases:
    """Return the releases, each with the incidents received in the month while it was watched."""
    incidents = [(life, system) for life in lives if (system := incident_of(life))]
    rows = (
        ReleaseFigures(
            name=each.name,
            kind=each.kind,
            system=each.system,
            released_at=each.released_at,
            documents=each.documents,
            fixes=each.fixes,
            incidents_after=tuple(
                life.key
                for life, system in incidents
                if system == each.system and _after(life, each)
            ),
        )
        for each in released
    )
    return Releases(WATCHED.days, tuple(rows))


def incident_of(life: Life) -> str:
    """Return the system of an incident received in the month; empty for any other ticket."""
    if not life.received or life.type != INCIDENT:
        return ""
    return verdict.system if (verdict := life.verdict()) else ""


def _after(life: Life, release: Released) -> bool:
    return release.released_at <= life.received_at < release.released_at + WATCHED
