"""The nightly proof: every clock's ledger replayed and held against its stored columns."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from contracts.rules import rules_of
from tickets.models import LedgerEntry, Obligation
from tickets.services.ledger import with_entries, write_miss, write_state

REPLAYED = (
    *("state", "due_at", "stopped_at", "missed_at", "reclassified"),
    *("used_seconds", "paused_seconds", "decided_at", "within", "hours", "started_at"),
)
SWEPT_BY_NOW = timedelta(minutes=10)  # a miss of the last minutes may not be written down yet
BATCH = 500


@dataclass(frozen=True, slots=True)
class Difference:
    """A column of a clock that does not say what its ledger says."""

    ticket: str
    kind: str
    attempt: int
    column: str
    stored: object
    replayed: object

    def __str__(self) -> str:
        clock = f"{self.ticket} {self.kind} {self.attempt}"
        return f"{clock}: {self.column} is {self.stored}, its ledger says {self.replayed}"


def verify_clocks(now: datetime) -> Iterator[Difference | int]:
    """Yield every difference in the tenants in scope and, after each batch, how many were read."""
    last = 0
    while pks := next_clocks(last):
        with transaction.atomic():
            for row in load(pks):
                yield from differences(row, now)
        last = pks[-1]
        yield len(pks)


def next_clocks(after: int) -> list[int]:
    with transaction.atomic():
        rows = Obligation.objects.filter(pk__gt=after).order_by("pk")
        return list(rows.values_list("pk", flat=True)[:BATCH])


def load(pks: list[int]) -> list[Obligation]:
    rows = LedgerEntry.objects.filter(obligation_id__in=pks).order_by("obligation_id", "pk")
    loaded = with_entries(rows.select_related("obligation__ticket__version"))
    found = {row.pk for row in loaded}
    bare = Obligation.objects.filter(pk__in=set(pks) - found).select_related("ticket")
    for row in bare:
        row.entries = []
    return [*loaded, *bare]


def differences(row: Obligation, now: datetime) -> Iterator[Difference]:
    """Yield what the columns of a clock say that its ledger, replayed, does not."""
    if not row.entries:
        yield Difference(row.ticket.key, row.kind, row.attempt, "ledger", "empty", "a start")
        return
    replayed = replay(row, now)
    for column in REPLAYED:
        stored, right = getattr(row, column), getattr(replayed, column)
        if stored != right:
            yield Difference(row.ticket.key, row.kind, row.attempt, column, stored, right)


def replay(row: Obligation, now: datetime) -> Obligation:
    """Return the clock with the columns that its ledger alone gives it."""
    rules, entries = rules_of(row.ticket.version), row.entries
    aims = [entry for entry in entries if entry.event in ("start", "retarget")]
    fresh = Obligation(started_at=entries[0].at, hours=aims[-1].hours)
    fresh.within, fresh.entries = str(aims[-1].within or ""), entries
    write_state(fresh, entries, rules)
    if fresh.stopped_at is None and fresh.missed_at is None:
        write_miss(fresh, rules, now if row.missed_at else now - SWEPT_BY_NOW)
    return fresh
