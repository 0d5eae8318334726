"""What can happen to the clocks of one ticket: they start, pause, run on, change their target, end."""

from collections.abc import Callable
from datetime import date, datetime

from contracts.domain.clock import Entry, Event
from contracts.domain.durations import Length, parse_length
from tenants.models import AuditEvent
from tickets.models import Obligation, Stage
from tickets.models.choices import ObligationKind, Status
from tickets.services import ledger
from tickets.services.clock_rows import ClockRows
from tickets.services.clock_targets import (
    activities_of,
    less_earlier,
    name_of_hours,
    target_of,
    time_left,
)
from tickets.services.ledger import AGREED, MERGED, is_agreed, is_paused

NEVER_PAUSED = {
    ObligationKind.ACKNOWLEDGE,
    ObligationKind.INCIDENT_REPORT,  # the vendor writes it, whatever the client is waited for
    ObligationKind.HANDOFF,
    ObligationKind.RULING,
    ObligationKind.CLIENT_DECISION,
}


class Clocks(ClockRows):
    """The clocks of a ticket; `save` writes what the command did to them."""

    # --- starting ---

    def start(self, kind: str, stage: Stage, at: datetime, *, creditable: bool = True) -> None:
        """Start the clock where the terms promise one and none is running."""
        target = target_of(self.ticket, self.rules, kind, stage.activity)
        if target is not None and self.running(kind) is None:
            self._begin(
                kind, stage.pk, at, target.within, name_of_hours(target, self.rules), creditable
            )

    def measure(self, kind: str, stage: Stage, at: datetime) -> None:
        """Start a clock that runs without a deadline where the terms promise none."""
        target = target_of(self.ticket, self.rules, kind, stage.activity)
        if self.running(kind) is None:
            within, hours = (
                (target.within, name_of_hours(target, self.rules)) if target else (None, "")
            )
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

    def _waits_for(self) -> str:
        """Return the cause of the client's wait that the ticket is in."""
        rows = AuditEvent.objects.filter(
            subject_type=self.ticket._meta.label_lower, subject_id=self.ticket.pk
        )
        return rows.filter(verb="ticket.paused").latest("pk").data["cause"]

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
            left = time_left(last, self.rules, at)
            self._begin(kind, last.stage_id, at, left, last.hours, last.creditable)
        else:
            self._write(last, Entry(Event.REOPEN, at))

    def retarget(self, at: datetime) -> None:
        """Carry the used time over to the targets of what is now known of the ticket."""
        activities = activities_of(self.ticket, self.open())
        for row in self.open():
            row.priority = self.ticket.priority
            if is_agreed(row):
                self._touched[id(row)] = row
                continue
            target = target_of(self.ticket, self.rules, row.kind, activities[row.stage_id])
            within = target and less_earlier(row, self.of_kind(row.kind), target.within)
            hours = name_of_hours(target, self.rules) if target else ""
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
