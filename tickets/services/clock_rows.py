"""
The clocks of one ticket as rows: loaded once a command, found by kind, written once.

What a clock says is a pure function of its ledger (`contracts.domain.clock`); the columns of an
Obligation repeat the answer so that lists and sweeps can read it (`tickets.services.ledger`).
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Self

from contracts.domain.clock import Entry, Event
from contracts.rules import Rules, rules_of
from tenants.models import Membership
from tickets.models import LedgerEntry, Obligation, Ticket
from tickets.services import ledger
from tickets.services.guard import in_story


class ClockRows:
    """What is there; `tickets.services.clocks` adds what can happen to it."""

    def __init__(self, ticket: Ticket, actor: Membership | None, rows: list[Obligation]) -> None:
        self.ticket, self.actor, self.rows = ticket, actor, rows
        self.rules: Rules = rules_of(ticket.version)
        self._entries: list[LedgerEntry] = []
        self._touched: dict[int, Obligation] = {}
        self._ids: list[int] = []

    @classmethod
    def of(cls, ticket: Ticket, actor: Membership | None, *, stopped: bool = False) -> Self:
        """Load the running clocks of a locked ticket, with `stopped` all; a story loads them once."""
        if not in_story():
            return cls(ticket, actor, ledger.load(ticket, stopped=stopped))
        if (clocks := getattr(ticket, "clocks_of_story", None)) is None:
            clocks = ticket.clocks_of_story = cls(ticket, actor, ledger.load(ticket, stopped=True))
        clocks.actor = actor
        return clocks

    @classmethod
    def of_new(cls, ticket: Ticket, actor: Membership | None, ids: Iterable[int] = ()) -> Self:
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
        entry = entry._replace(at=max(entry.at, *ledger.not_before(row)))
        row.entries.append(entry)
        self._entries.append(ledger.row_of(row, entry, self.actor, reason))
        if entry.event in (Event.START, Event.RETARGET):
            row.within, row.hours = str(entry.within or ""), entry.hours
        ledger.write_state(row, row.entries, self.rules)
        self._touched[id(row)] = row
