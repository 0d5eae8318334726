"""The security findings as they stood at a month's end, told again from what happened to them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import NamedTuple


class Turned(StrEnum):
    """What happens to a finding, as the audit trail names it."""

    RECORDED = "finding.recorded"
    ACCEPTED = "finding.risk_accepted"
    EXPIRED = "finding.risk_expired"
    FIXED = "finding.fixed"
    DISMISSED = "finding.dismissed"
    TICKET = "finding.ticket_opened"


STATES = {
    Turned.RECORDED: "open",
    Turned.ACCEPTED: "accepted",
    Turned.EXPIRED: "open",
    Turned.FIXED: "fixed",
    Turned.DISMISSED: "dismissed",
}
ENDED = ("fixed", "dismissed")
SEVERITIES = ("critical", "high", "medium", "low")


class Turn(NamedTuple):
    """A step; `due_at` is told when it is recorded or open again, `until` when a risk is accepted."""

    step: Turned
    at: datetime
    due_at: datetime | None = None
    until: date | None = None
    reason: str = ""
    ticket: str = ""


class Found(NamedTuple):
    """What never changes about a finding, and its steps in order; the first is `recorded`."""

    title: str
    system: str
    severity: str
    source: str
    reference: str
    found_at: datetime
    turns: Sequence[Turn]


@dataclass(slots=True)
class Finding:
    """
    A finding as of the month's end. `opened`, `closed` and `missed` say 1 for what came in this month.

    `overdue` is 1 where it is open and its day has passed; `accepted_until` is the first day on
    which the risk is not accepted any more, and `reason` why it was, or how the finding ended.
    """

    title: str
    system: str
    severity: str
    source: str
    reference: str
    found_at: datetime
    due_at: datetime | None = None
    state: str = "open"
    accepted_until: date | None = None
    ended_at: datetime | None = None
    reason: str = ""
    ticket: str = ""
    opened: int = 0
    closed: int = 0
    missed: int = 0
    overdue: int = 0

    def turn(self, turn: Turn) -> None:
        if turn.step is Turned.TICKET:
            self.ticket = turn.ticket
            return
        self.state = STATES[turn.step]
        self.reason, self.accepted_until = turn.reason, turn.until
        if turn.step in (Turned.RECORDED, Turned.EXPIRED):
            self.due_at = turn.due_at
        if self.state in ENDED:
            self.ended_at = turn.at

    def passes(self, start: datetime, until: datetime) -> bool:
        """Return whether its day passes in [start, until) while it is open as it is now."""
        return self.state == "open" and self.due_at is not None and start <= self.due_at < until


@dataclass(frozen=True, slots=True)
class SeverityRow:
    severity: str
    opened: int
    closed: int
    open: int
    overdue: int
    accepted: int
    missed: int


@dataclass(frozen=True, slots=True)
class Findings:
    """`open`, `overdue` and `accepted` as of the month's end, the others in the month."""

    opened: int
    closed: int
    open: int
    overdue: int
    accepted: int
    missed: int
    by_severity: tuple[SeverityRow, ...]
    rows: tuple[Finding, ...]


def findings(found: Iterable[Found], starts_at: datetime, told_until: datetime) -> Findings:
    """Return the findings that were open in the month, the worst and the soonest due first."""
    rows = [_finding(each, starts_at, told_until) for each in found]
    rows = [row for row in rows if row.ended_at is None or row.ended_at >= starts_at]
    rows.sort(key=lambda row: (SEVERITIES.index(row.severity), row.due_at or told_until, row.title))
    groups = [(name, [row for row in rows if row.severity == name]) for name in SEVERITIES]
    return Findings(
        **_counts(rows),
        by_severity=tuple(SeverityRow(name, **_counts(each)) for name, each in groups if each),
        rows=tuple(rows),
    )


def _counts(rows: Sequence[Finding]) -> dict[str, int]:
    return {
        "opened": sum(row.opened for row in rows),
        "closed": sum(row.closed for row in rows),
        "open": sum(row.state == "open" for row in rows),
        "overdue": sum(row.overdue for row in rows),
        "accepted": sum(row.state == "accepted" for row in rows),
        "missed": sum(row.missed for row in rows),
    }


def _finding(found: Found, starts_at: datetime, told_until: datetime) -> Finding:
    """Return it as it stood; a day that passed in the month while it was open is a miss for good."""
    turns = found.turns
    row = Finding(
        found.title, found.system, found.severity, found.source, found.reference, found.found_at
    )
    row.turn(turns[0])
    since = row.found_at
    for turn in turns[1:]:
        row.missed |= int(row.passes(max(since, starts_at), turn.at))
        row.turn(turn)
        since = turn.at
    row.missed |= int(row.passes(max(since, starts_at), told_until))
    row.opened = int(turns[0].at >= starts_at)
    row.closed = int(row.ended_at is not None and row.ended_at >= starts_at)
    row.overdue = int(row.passes(row.found_at, told_until))
    return row
