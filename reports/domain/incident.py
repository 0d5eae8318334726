"""An incident's facts for its report: what happened when, how long, and how the clocks ran."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

SCHEMA = 1
SECTIONS = (
    *("summary", "impact", "emergency_response", "root_cause", "permanent_fix", "prevention"),
)
MOST = 5000  # characters of a section
NEEDED = ("impact", "emergency_response", "root_cause", "prevention")  # to issue it


@dataclass(frozen=True, slots=True)
class Moment:
    """One line of the timeline: a code with its parameters; `text` is what a person wrote."""

    at: datetime
    code: str
    side: str = ""
    text: str = ""
    said: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ClockLine:
    """One clock of the ticket, as of the report; seconds are service time."""

    obligation: str
    priority: str
    within: str
    started_at: datetime
    due_at: datetime | None
    stopped_at: datetime | None
    missed_at: datetime | None
    state: str
    used_seconds: int
    paused_seconds: int


@dataclass(frozen=True, slots=True)
class Delivered:
    """What maintenance delivered: a release with its documents, or the reason for none."""

    name: str
    released_at: datetime | None
    documents: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class Times:
    received_at: datetime
    acknowledged_at: datetime | None
    restored_at: datetime | None
    resolved_at: datetime | None
    down_seconds: int | None


def times(
    received_at: datetime,
    acknowledged_at: datetime | None,
    restored_at: datetime | None,
    resolved_at: datetime | None,
) -> Times:
    """Return the instants with the real seconds from the receipt to the restoration."""
    down = int((restored_at - received_at).total_seconds()) if restored_at else None
    return Times(received_at, acknowledged_at, restored_at, resolved_at, down)


def in_order(moments: Iterable[Moment]) -> list[Moment]:
    """Return the timeline, oldest first; of one instant in the order given."""
    return sorted(moments, key=lambda moment: moment.at)


def checked(sections: dict[str, str]) -> dict[str, str]:
    """Return all sections, each cut of its outer white space; unknown ones are left out."""
    return {name: str(sections.get(name, "")).strip()[:MOST] for name in SECTIONS}


def missing(sections: dict[str, str]) -> Sequence[str]:
    """Return what must still be written before the report is issued."""
    return [name for name in NEEDED if not sections.get(name)]
