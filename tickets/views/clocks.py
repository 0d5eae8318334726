"""The clocks of a ticket as its page shows them, at this moment."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from contracts.domain import clock
from contracts.domain.durations import parse_length
from contracts.rules import Rules
from tickets.models import LedgerEntry, Obligation, Ticket
from tickets.models.choices import ClockState
from tickets.services.ledger import entry_of

DONE = (ClockState.MET, ClockState.MISSED, ClockState.VOID)


@dataclass(frozen=True, slots=True)
class ClockFace:
    """A clock: its row, its state now, the share of its time that is used, its ledger."""

    row: Obligation
    state: str
    due_at: datetime | None
    used: timedelta
    paused: timedelta
    percent: int | None
    tone: str
    ledger: list[LedgerEntry]

    @property
    def is_done(self) -> bool:
        return self.row.stopped_at is not None


def faces(ticket: Ticket, rules: Rules, now: datetime) -> list[ClockFace]:
    """Return the clocks: running ones first by deadline, then the stopped ones."""
    rows = ticket.obligations.prefetch_related("ledger__by__user")
    return in_order([face_of(row, list(row.ledger.all()), rules, now) for row in rows], now)


def faces_of_new(clocks: list[Obligation], rules: Rules, now: datetime) -> list[ClockFace]:
    """Return the clocks of a ticket that was opened just now, which are in memory."""
    return in_order([face_of(row, [], rules, now) for row in clocks], now)


def in_order(found: list[ClockFace], now: datetime) -> list[ClockFace]:
    last = datetime.max.replace(tzinfo=now.tzinfo)
    return sorted(found, key=lambda face: (face.is_done, face.due_at or last, face.row.pk))


def face_of(row: Obligation, ledger: list[LedgerEntry], rules: Rules, now: datetime) -> ClockFace:
    """Return the face of a clock with its ledger, or of one whose `entries` were written just now."""
    entries = [entry_of(entry) for entry in ledger] or row.entries
    state = clock.evaluate(entries, rules.hours, now)
    percent = share(row, state, now)
    return ClockFace(
        row=row,
        state=state.status.value,
        due_at=state.due_at,
        used=state.used,
        paused=state.paused,
        percent=percent,
        tone=tone(state.status.value, percent),
        ledger=ledger,
    )


def share(row: Obligation, state: Any, now: datetime) -> int | None:
    """Return the percentage used, 0 to 100; of business days, by the calendar."""
    if not row.within:
        return None
    within = parse_length(row.within)
    if within.duration:
        return min(100, int(100 * (state.used / within.duration)))
    if state.due_at is None or state.due_at <= row.started_at:
        return None
    passed = (state.stopped_at or now) - row.started_at
    return max(0, min(100, int(100 * (passed / (state.due_at - row.started_at)))))


def tone(state: str, percent: int | None) -> str:
    if state == ClockState.MISSED:
        return "late"
    if state == ClockState.MET:
        return "good"
    return "soon" if state == ClockState.PAUSED or (percent or 0) >= 80 else ""
