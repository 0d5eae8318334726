"""
The clocks of one ticket, loaded once a command, moved in memory, written once.

What a clock says is a pure function of its ledger (`contracts.domain.clock`); the columns of an
Obligation repeat the answer so that lists and sweeps can read it (`tickets.services.ledger`).
"""

from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta

from contracts.domain import clock
from contracts.domain.clock import Entry, Event
from contracts.domain.durations import Length, parse_length
from contracts.domain.terms import Target
from contracts.rules import Rules, rules_of
from tenants.models import AuditEvent, Membership
from tickets.models import LedgerEntry, Obligation, Stage, Ticket
from tickets.models.choices import ObligationKind, Status
from tickets.services import ledger
from tickets.services.guard import in_story, stage_of
from tickets.services.ledger import (
    AGREED,
    entry_of,
    is_agreed,
    is_paused,
    not_before,
    write_state,
)

__all__ = ["AGREED", "Clocks", "entry_of", "is_paused", "write_state"]

NEVER_PAUSED = {
    ObligationKind.ACKNOWLEDGE,
    ObligationKind.INCIDENT_REPORT,  # the vendor writes it, whatever the client is waited for
    ObligationKind.HANDOFF,
    ObligationKind.RULING,
    ObligationKind.CLIENT_DECISION,
}
MERGED = "merged"  # the cause of what a merge does to clocks
IN_ROUNDS = {ObligationKind.UPDATE, ObligationKind.RULING}  # each attempt has all its time


class Clocks:
    """The clocks of a ticket; `save` writes what the command did to them."""

    def __init__(self, ticket: Ticket, actor: Membership | None, rows: list[Obligation]) -> None:
        self.ticket, self.actor, self.rows = ticket, actor, rows
        self.rules: Rules = rules_of(ticket.version)
        self._entries: list[LedgerEntry] = []
        self._touched: dict[int, Obligation] = {}
        self._ids: list[int] = []

    @classmethod
    def of(cls, ticket: Ticket, actor: Membership | None, *, stopped: bool = False) -> "Clocks":
        """Load the running clocks of a locked ticket, with `stopped` all; a story loads them once."""
        if not in_story():
            return cls(ticket, actor, ledger.load(ticket, stopped=stopped))
        if (clocks := getattr(ticket, "clocks_of_story", None)) is None:
            clocks = ticket.clocks_of_story = cls(ticket, actor, ledger.load(ticket, stopped=True))
        clocks.actor = actor
        return clocks

    @classmethod
    def of_new(cls, ticket: Ticket, actor: Membership | None, ids: Iterable[int] = ()) -> "Clocks":
        """Return the clocks of a ticket that has none yet; the first that start take `ids`."""
        clocks = cls(ticket, actor, [])
        clocks._ids = list(ids)
        if in_story():
            ticket.clocks_of_story = clocks
        return clocks

    def open(self) -> list[Obligation]:
        return [row for row in self.rows if row.stopped_at is None]

    def running(self, kind: str) -> Obligation | None:
        return next((row for row in self.open() if row.kind == kind), None)

    def of_kind(self, kind: str) -> list[Obligation]:
        return [row for row in self.rows if row.kind == kind]

    def was_done(self, kind: str) -> bool:
        """Return whether a clock of the kind has stopped because what it promised was done."""
        stopped = (row for row in self.of_kind(kind) if row.stopped_at is not None)
        return any(row.entries[-1].event == Event.STOP for row in stopped)

    # --- starting ---

    def start(self, kind: str, stage: Stage, at: datetime, *, creditable: bool = True) -> None:
        """Start the clock where the terms promise one and none is running."""
        target = self._target(kind, stage.activity)
        if target is not None and self.running(kind) is None:
            self._begin(kind, stage.pk, at, target.within, self._hours(target), creditable)

    def measure(self, kind: str, stage: Stage, at: datetime) -> None:
        """Start a clock that runs without a deadline where the terms promise none."""
        target = self._target(kind, stage.activity)
        if self.running(kind) is None:
            within, hours = (target.within, self._hours(target)) if target else (None, "")
            self._begin(kind, stage.pk, at, within, hours, creditable=False)

    def agree(self, kind: str, stage: Stage, at: datetime, on: date, *, reason: str) -> None:
        """
        Hold a clock to a day that was agreed on: due at the close of its business, or the last before.

        It starts where none runs; a priority or a new verdict does not move it.
        """
        if self.running(kind) is None:
            self._begin(kind, stage.pk, at, None, "", creditable=False)
        row, hours = self.running(kind), self.rules.terms.time.hours or "always"
        zone = self.ticket.contract.zone
        within = ledger.business_days_until(row.started_at, on, self.rules.hours[hours], zone)
        self._write(row, Entry(Event.RETARGET, at, within, hours, cause=AGREED), reason)

    def next_round(self, kind: str, at: datetime) -> None:
        """Stop a clock that runs in rounds and start the next with the same time."""
        if row := self.running(kind):
            self.stop(kind, at)
            within = parse_length(row.within) if row.within else None
            self._begin(kind, row.stage_id, at, within, row.hours, row.creditable)

    def _begin(
        self,
        kind: str,
        stage_id: int,
        at: datetime,
        within: Length | None,
        hours: str,
        creditable: bool,
    ) -> None:
        row = self._new(kind, stage_id, at, creditable)
        self._write(row, Entry(Event.START, at, within, hours))
        if self.ticket.status == Status.ON_HOLD and kind not in NEVER_PAUSED:
            self._write(row, Entry(Event.PAUSE, at, cause=self._waits_for()))

    def _new(self, kind: str, stage_id: int, at: datetime, creditable: bool) -> Obligation:
        """Return the next clock of a kind, without a ledger yet."""
        row = Obligation(
            pk=self._ids.pop() if self._ids else None,
            tenant_id=self.ticket.tenant_id,
            ticket=self.ticket,
            stage_id=stage_id,
            contract_id=self.ticket.contract_id,
            kind=kind,
            attempt=max((row.attempt for row in self.of_kind(kind)), default=0) + 1,
            priority=self.ticket.priority,
            creditable=creditable,
            started_at=at,
        )
        row.entries = []
        self.rows.append(row)
        return row

    def take_over(self, theirs: Obligation, at: datetime) -> None:
        """Let a duplicate's clock run on here from its own start, in place of the one that runs."""
        kind, own = theirs.kind, self.running(theirs.kind)
        self._write(own, Entry(Event.VOID, at, cause=MERGED))
        row = self._new(kind, own.stage_id, theirs.started_at, own.creditable)
        for entry in theirs.entries:
            first = entry.event == Event.START
            self._write(row, entry._replace(cause=MERGED) if first else entry)
        waits = self.ticket.status == Status.ON_HOLD and kind not in NEVER_PAUSED
        if waits and not is_paused(row):
            self._write(row, Entry(Event.PAUSE, at, cause=self._waits_for()))
        elif is_paused(row) and not waits:
            self._write(row, Entry(Event.RESUME, at))

    # --- ending ---

    def stop(self, kind: str, at: datetime) -> None:
        if row := self.running(kind):
            self._write(row, Entry(Event.STOP, at))

    def void(self, kind: str, at: datetime, *, cause: str, reason: str = "") -> None:
        """End a clock that counts in no percentage; a miss it had before stays a miss."""
        if row := self.running(kind):
            self._write(row, Entry(Event.VOID, at, cause=cause), reason)

    def void_all(self, at: datetime, *, cause: str, reason: str = "") -> None:
        """End all clocks but that of a dispute, which is owed its ruling whatever became of the work."""
        for row in self.open():
            if row.kind != ObligationKind.RULING:
                self._write(row, Entry(Event.VOID, at, cause=cause), reason)

    # --- between ---

    def pause(self, at: datetime, *, cause: str, reason: str = "") -> None:
        for row in self.open():
            if row.kind not in NEVER_PAUSED and not is_paused(row):
                self._write(row, Entry(Event.PAUSE, at, cause=cause), reason)

    def resume(self, at: datetime) -> None:
        for row in self.open():
            if is_paused(row):
                self._write(row, Entry(Event.RESUME, at))

    def reopen(self, kind: str, at: datetime, *, month_is_over: Callable[[datetime], bool]) -> None:
        """
        Let the last clock of a kind run on where it stood. All clocks must be loaded.

        What was met in a month that is over stands there, for its report looks no further: a new
        attempt has the time left. So does a void clock, which cannot run on. A miss was decided
        and stays where it is.
        """
        rows = self.of_kind(kind)
        if not rows or rows[-1].stopped_at is None:
            return
        last = rows[-1]
        is_void = last.entries[-1].event == Event.VOID
        if is_void or (last.missed_at is None and month_is_over(last.decided_at)):
            left = self._time_left(last, at)
            self._begin(kind, last.stage_id, at, left, last.hours, last.creditable)
        else:
            self._write(last, Entry(Event.REOPEN, at))

    def retarget(self, at: datetime) -> None:
        """Carry the used time over to the targets of what is now known of the ticket."""
        activities = self._activities()
        for row in self.open():
            row.priority = self.ticket.priority
            if is_agreed(row):
                self._touched[id(row)] = row
                continue
            target = self._target(row.kind, activities[row.stage_id])
            within = target and self._less_earlier(row, target.within)
            hours = self._hours(target) if target else ""
            if (str(within or ""), hours) != (row.within, row.hours):
                self._write(row, Entry(Event.RETARGET, at, within, hours))
            self._touched[id(row)] = row

    def give_credit(self, kind: str, creditable: bool) -> None:
        row = self.running(kind)
        if row and row.creditable != creditable:
            row.creditable = creditable
            self._touched[id(row)] = row

    def record_misses(self, now: datetime) -> list[Obligation]:
        """Write down each deadline that has passed, at the instant it passed; return those rows."""
        found = [row for row in self.open() if row.missed_at is None and row.is_overdue(now)]
        missed = [row for row in found if ledger.write_miss(row, self.rules, now)]
        self._touched |= {id(row): row for row in missed}
        return missed

    def record_warnings(self, now: datetime) -> list[tuple[Obligation, int]]:
        """Write down the part (percent) of each clock's time that is used and was not told yet."""
        found = [row for row in self.open() if row.missed_at is None and row.warn_at]
        steps = [(row, ledger.write_warning(row, self.rules, now)) for row in found]
        warned = [(row, step) for row, step in steps if step]
        self._touched |= {id(row): row for row, _step in warned}
        return warned

    def save(self) -> bool:
        """
        Write the clocks and their ledgers, set the ticket's soonest deadline on the object.

        Returns whether anything was written.
        """
        touched = list(self._touched.values())
        made = [row for row in touched if row._state.adding]
        ledger.update([row for row in touched if not row._state.adding])
        Obligation.objects.bulk_create(made)
        for entry in self._entries:
            entry.obligation_id = entry.obligation.pk
        LedgerEntry.objects.bulk_create(self._entries)
        self._done()
        return bool(touched)

    def to_write(self) -> list[Obligation | LedgerEntry]:
        """Return the rows of a new ticket's clocks, for the caller to write with the ticket."""
        rows = [*self._touched.values(), *self._entries]
        self._done()
        return rows

    def _done(self) -> None:
        self._entries, self._touched = [], {}
        due = [row.due_at for row in self.open() if row.due_at]
        self.ticket.next_due_at = min(due, default=None)

    def _write(self, row: Obligation, entry: Entry, reason: str = "") -> None:
        """
        Add to the ledger, where nothing happens before what stands there.

        Who waited for the ticket's lock read the time before the other did, or before the miss.
        """
        entry = entry._replace(at=max(entry.at, *not_before(row)))
        row.entries.append(entry)
        self._entries.append(ledger.row_of(row, entry, self.actor, reason))
        if entry.event in (Event.START, Event.RETARGET):
            row.within, row.hours = str(entry.within or ""), entry.hours
        write_state(row, row.entries, self.rules)
        self._touched[id(row)] = row

    # --- what the terms say ---

    def _target(self, kind: str, activity: str) -> Target | None:
        return self.rules.terms.target_for(
            kind, activity or None, self.ticket.priority, self.ticket.system
        )

    def _hours(self, target: Target) -> str:
        return self.rules.terms.hours_of(target) or "always"

    def _activities(self) -> dict[int, str]:
        """Return the activity of each stage that has an open clock, by its id."""
        known = {self.ticket.stage_id: stage_of(self.ticket).activity}
        if any(row.stage_id not in known for row in self.open()):
            known = dict(self.ticket.stages.values_list("pk", "activity")) | known
        return known

    def _waits_for(self) -> str:
        """Return the cause of the client's wait that the ticket is in."""
        rows = AuditEvent.objects.filter(
            subject_type=self.ticket._meta.label_lower, subject_id=self.ticket.pk
        )
        return rows.filter(verb="ticket.paused").latest("pk").data["cause"]

    def _time_left(self, row: Obligation, at: datetime) -> Length | None:
        """Return what a clock that runs on from `at` would have left, in whole minutes."""
        if not row.within:
            return None
        entries = row.entries
        if entries[-1].event == Event.VOID:
            entries = [*entries[:-1], Entry(Event.STOP, entries[-1].at)]
        due_at = clock.evaluate([*entries, Entry(Event.REOPEN, at)], self.rules.hours, at).due_at
        left = self.rules.hours[row.hours].elapsed(at, due_at) if due_at else timedelta()
        return Length(duration=left // timedelta(minutes=1) * timedelta(minutes=1))

    def _less_earlier(self, row: Obligation, within: Length) -> Length:
        """Return a target less what earlier attempts used; business days have no part used."""
        rows = [r for r in self.of_kind(row.kind) if r.attempt < row.attempt]
        earlier = [r for r in rows if r.entries[-1].cause != MERGED]  # another ticket's time
        if row.kind in IN_ROUNDS or not earlier or within.duration is None:
            return within
        used = timedelta(minutes=sum(r.used_seconds for r in earlier) // 60)
        return Length(duration=max(within.duration - used, timedelta()))
