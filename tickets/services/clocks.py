"""
The clocks of one ticket, loaded once a command, moved in memory, written once.

What a clock says is a pure function of its ledger (`contracts.domain.clock`); the columns of an
Obligation repeat the answer so that lists and sweeps can read it.
"""

from datetime import datetime, timedelta

from contracts.domain.clock import Entry, Event

from contracts.domain import clock
from contracts.domain.durations import Length, parse_length
from contracts.rules import Rules, rules_of
from tenants.models import Membership
from tickets.models import LedgerEntry, Obligation, Stage, Ticket
from tickets.models.choices import ClockState, ObligationKind

NEVER_PAUSED = {ObligationKind.ACKNOWLEDGE, ObligationKind.HANDOFF, ObligationKind.RULING}
_COLUMNS = (
    "state", "due_at", "stopped_at", "missed_at", "reclassified", "used_seconds",
    "paused_seconds", "decided_at", "within", "hours", "priority",
)  # fmt: skip


class Clocks:
    """The running clocks of a ticket; `save` writes what the command did to them."""

    def __init__(self, ticket: Ticket, actor: Membership | None, *, stopped: bool = False) -> None:
        self.ticket, self.actor = ticket, actor
        self.rules: Rules = rules_of(ticket.version)
        rows = ticket.obligations.prefetch_related("ledger") if ticket.pk else []
        self.rows: list[Obligation] = list(rows if stopped else rows.running())
        self._new: list[Obligation] = []
        self._touched: dict[int, Obligation] = {}
        self._entries: list[LedgerEntry] = []
        self._ledgers: dict[int, list[Entry]] = {
            id(row): [entry_of(e) for e in row.ledger.all()] for row in self.rows
        }

    @classmethod
    def of_new(cls, ticket: Ticket, actor: Membership | None) -> "Clocks":
        """Return the clocks of a ticket that cannot have any yet; asks the database nothing."""
        clocks = cls.__new__(cls)
        clocks.ticket, clocks.actor, clocks.rules = ticket, actor, rules_of(ticket.version)
        clocks.rows, clocks._new, clocks._touched = [], [], {}
        clocks._entries, clocks._ledgers = [], {}
        return clocks

    def running(self, kind: str) -> Obligation | None:
        return next((r for r in self.rows if r.kind == kind and r.stopped_at is None), None)

    def start(
        self, kind: str, stage: Stage, at: datetime, *, creditable: bool = True
    ) -> Obligation | None:
        """Start the clock where the terms promise one and none is running."""
        target = self.rules.terms.target_for(
            kind, stage.activity or None, self.ticket.priority, self.ticket.system
        )
        if target is None or self.running(kind):
            return None
        hours = self.rules.terms.hours_of(target) or "always"
        return self.start_with(kind, stage, at, target.within, hours, creditable=creditable)

    def start_with(
        self,
        kind: str,
        stage: Stage,
        at: datetime,
        within: Length,
        hours: str,
        *,
        creditable: bool = True,
        attempt: int = 1,
    ) -> Obligation:
        row = Obligation(
            tenant_id=self.ticket.tenant_id,
            ticket=self.ticket,
            stage=stage,
            contract_id=self.ticket.contract_id,
            kind=kind,
            attempt=attempt,
            priority=self.ticket.priority,
            creditable=creditable,
            started_at=at,
        )
        self.rows.append(row)
        self._new.append(row)
        self._ledgers[id(row)] = []
        self._write(row, Entry(Event.START, at, within, hours))
        return row

    def stop(self, kind: str, at: datetime, *, cause: str = "", reason: str = "") -> None:
        if row := self.running(kind):
            self._write(row, Entry(Event.STOP, max(at, row.started_at), cause=cause), reason)

    def void(self, kind: str, at: datetime, *, cause: str, reason: str = "") -> None:
        if row := self.running(kind):
            self._write(row, Entry(Event.VOID, max(at, row.started_at), cause=cause), reason)

    def void_all(self, at: datetime, *, cause: str, reason: str = "") -> None:
        for row in [r for r in self.rows if r.stopped_at is None]:
            self.void(row.kind, at, cause=cause, reason=reason)

    def pause(self, at: datetime, *, cause: str, reason: str = "") -> None:
        for row in self._pausable(ClockState.PAUSED, False):
            self._write(row, Entry(Event.PAUSE, max(at, row.started_at), cause=cause), reason)

    def resume(self, at: datetime) -> None:
        for row in self._pausable(ClockState.PAUSED, True):
            self._write(row, Entry(Event.RESUME, max(at, row.started_at)))

    def reopen(self, kind: str, at: datetime, *, month_is_closed) -> None:
        """
        Let the last clock of a kind run on; a new attempt has the time left where its month closed.

        `month_is_closed(decided_at)` answers for the month in which the clock was decided.
        """
        rows = [r for r in self.rows if r.kind == kind]
        if not rows or rows[-1].stopped_at is None or rows[-1].state == ClockState.VOID:
            return
        last = rows[-1]
        if last.decided_at and month_is_closed(last.decided_at):
            left = self._time_left(last)
            self.start_with(
                kind,
                last.stage,
                at,
                left,
                last.hours,
                creditable=last.creditable,
                attempt=last.attempt + 1,
            )
        else:
            self._write(last, Entry(Event.REOPEN, max(at, last.stopped_at)))

    def retarget(self, at: datetime) -> None:
        """Carry the used time over to the targets of the ticket's new priority."""
        for row in [r for r in self.rows if r.stopped_at is None]:
            target = self.rules.terms.target_for(
                row.kind, row.stage.activity or None, self.ticket.priority, self.ticket.system
            )
            if target is None:
                continue
            row.priority = self.ticket.priority
            hours = self.rules.terms.hours_of(target) or "always"
            self._write(row, Entry(Event.RETARGET, max(at, row.started_at), target.within, hours))

    def record_misses(self, now: datetime) -> list[Obligation]:
        """Write down each deadline that has passed, at the instant it passed; return those rows."""
        missed = [r for r in self.rows if r.missed_at is None and r.is_overdue(now)]
        for row in missed:
            self._settle(row, now)
            self._touched[id(row)] = row
        return missed

    def save(self) -> None:
        """Write the clocks, their ledgers, and the ticket's soonest deadline (on the object)."""
        Obligation.objects.bulk_create(self._new)
        fresh = {id(row) for row in self._new}
        changed = [row for key, row in self._touched.items() if key not in fresh]
        if changed:
            Obligation.objects.bulk_update(changed, _COLUMNS)
        for entry in self._entries:
            entry.obligation_id = entry.obligation.pk
        LedgerEntry.objects.bulk_create(self._entries)
        due = [r.due_at for r in self.rows if r.stopped_at is None and r.due_at]
        self.ticket.next_due_at = min(due, default=None)

    def _pausable(self, state: str, is_in_it: bool) -> list[Obligation]:
        return [
            row
            for row in self.rows
            if row.stopped_at is None
            and row.kind not in NEVER_PAUSED
            and self._is_paused(row) is is_in_it
        ]

    def _is_paused(self, row: Obligation) -> bool:
        ledger = self._ledgers[id(row)]
        return next(
            (e.event == Event.PAUSE for e in reversed(ledger) if e.event != Event.RETARGET), False
        )

    def _time_left(self, row: Obligation) -> Length:
        within = parse_length(row.within)
        if within.business_days is not None:
            return within
        left = (within.duration or timedelta()) - timedelta(seconds=row.used_seconds)
        return Length(duration=max(left, timedelta(0)))

    def _write(self, row: Obligation, entry: Entry, reason: str = "") -> None:
        self._ledgers[id(row)].append(entry)
        self._entries.append(
            LedgerEntry(
                tenant_id=row.tenant_id,
                obligation=row,
                event=entry.event,
                at=entry.at,
                within=str(entry.within or ""),
                hours=entry.hours,
                cause=entry.cause,
                reason=reason[:200],
                by=self.actor,
            )
        )
        if entry.within is not None:
            row.within, row.hours = str(entry.within), entry.hours
        self._settle(row, entry.at)
        self._touched[id(row)] = row

    def _settle(self, row: Obligation, now: datetime) -> None:
        write_state(row, self._ledgers[id(row)], self.rules, now)


def entry_of(row: LedgerEntry) -> Entry:
    """Return the rule's view of a ledger row."""
    within = parse_length(row.within) if row.within else None
    return Entry(Event(row.event), row.at, within, row.hours, row.cause)


def write_state(row: Obligation, ledger: list[Entry], rules: Rules, now: datetime) -> None:
    """Copy what the ledger says at `now` into the columns; a void clock stopped at its last entry."""
    state = clock.evaluate(ledger, rules.hours, now)
    last = ledger[-1]
    row.state = state.status.value
    row.due_at, row.missed_at = state.due_at, state.missed_at
    row.stopped_at = last.at if last.event == Event.VOID else state.stopped_at
    row.reclassified = state.reclassified
    row.used_seconds = int(state.used.total_seconds())
    row.paused_seconds = int(state.paused.total_seconds())
    row.decided_at = state.missed_at or row.stopped_at
