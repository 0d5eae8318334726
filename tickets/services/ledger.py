"""Ledgers as rows: read into the rule's values, written back, repeated in an Obligation's columns."""

from datetime import date, datetime, timedelta
from itertools import groupby
from operator import attrgetter
from zoneinfo import ZoneInfo

from django.db import connection

from contracts.domain import clock
from contracts.domain.clock import Entry, Event
from contracts.domain.durations import Length, parse_length
from contracts.domain.early_warning import NEARLY, STEPS, next_at, reached_at
from contracts.domain.service_hours import ServiceHours
from contracts.rules import Rules
from tenants.models import Membership
from tenants.scoping import require_in_scope
from tickets.models import LedgerEntry, Obligation, Ticket
from tickets.models.choices import ClockState, ObligationKind

AGREED = "delivery_date"  # the cause of a target that is a date of an accepted estimate
MERGED = "merged"  # the cause of what a merge does to clocks
COLUMNS = {
    "state": "text",
    "due_at": "timestamptz",
    "stopped_at": "timestamptz",
    "missed_at": "timestamptz",
    "reclassified": "boolean",
    "used_seconds": "bigint",
    "paused_seconds": "bigint",
    "decided_at": "timestamptz",
    "within": "text",
    "hours": "text",
    "priority": "text",
    "creditable": "boolean",
    "warn_at": "timestamptz",
    "warned": "smallint",
}
_NAMES = ", ".join(COLUMNS)
_UPDATE = (
    f"UPDATE tickets_obligation AS row SET {', '.join(f'{n} = new.{n}' for n in COLUMNS)}"  # noqa: S608
    f" FROM unnest(%s::bigint[], {', '.join(f'%s::{kind}[]' for kind in COLUMNS.values())})"
    f" AS new(id, {_NAMES}) WHERE row.id = new.id AND row.tenant_id = ANY(%s)"
)


def load(ticket: Ticket, *, stopped: bool) -> list[Obligation]:
    """Return the running clocks of a ticket, with `stopped` all, each with its `entries`."""
    rows = LedgerEntry.objects.filter(obligation__ticket=ticket).select_related("obligation")
    if not stopped:
        rows = rows.filter(obligation__stopped_at=None)
    return with_entries(rows.order_by("obligation_id", "pk"))


def with_entries(rows) -> list[Obligation]:
    """Return the clocks of ledger rows that are sorted by clock and loaded with it."""
    clocks = []
    for _pk, group in groupby(rows, key=attrgetter("obligation_id")):
        ledger = list(group)
        clock_row = ledger[0].obligation
        clock_row.entries = [entry_of(row) for row in ledger]
        clocks.append(clock_row)
    return clocks


def update(rows: list[Obligation]) -> None:
    """Write the columns of all rows in one statement."""
    if not rows:
        return
    tenants = {row.tenant_id for row in rows}
    require_in_scope(tenants)
    values = [[getattr(row, name) for row in rows] for name in ("id", *COLUMNS)]
    with connection.cursor() as cursor:
        cursor.execute(_UPDATE, [*values, list(tenants)])


def entry_of(row: LedgerEntry) -> Entry:
    """Return the rule's view of a ledger row."""
    within = parse_length(row.within) if row.within else None
    return Entry(Event(row.event), row.at, within, row.hours, row.cause)


def business_days_until(start: datetime, on: date, hours: ServiceHours, zone: ZoneInfo) -> Length:
    """Return the most business days after `start` that are over on the day `on`; at least one."""
    most = max((on - start.astimezone(zone).date()).days, 1)
    closes = (hours.close_of_business_day(start, days) for days in range(most, 1, -1))
    within = (at.astimezone(zone).date() <= on for at in closes)
    return Length(business_days=most - next((i for i, fits in enumerate(within) if fits), most - 1))


def row_of(clock_row: Obligation, entry: Entry, by: Membership | None, reason: str) -> LedgerEntry:
    return LedgerEntry(
        tenant_id=clock_row.tenant_id,
        obligation=clock_row,
        event=entry.event,
        at=entry.at,
        within=str(entry.within or ""),
        hours=entry.hours,
        cause=entry.cause,
        reason=reason[:200],
        by=by,
    )


def write_state(row: Obligation, entries: list[Entry], rules: Rules) -> None:
    """Copy what the ledger says at its last entry into the columns; void is stopped there."""
    last = entries[-1]
    state = clock.evaluate(entries, rules.hours, last.at)
    row.state = state.status.value
    row.due_at, row.missed_at = state.due_at, state.missed_at
    row.stopped_at = last.at if last.event == Event.VOID else state.stopped_at
    row.reclassified = state.reclassified
    row.used_seconds = int(state.used.total_seconds())
    row.paused_seconds = int(state.paused.total_seconds())
    row.decided_at = state.missed_at or row.stopped_at
    open_ = row.stopped_at is None
    row.warn_at = next_at(state, last.at, hours_of(row, rules), to_warn(row)) if open_ else None


def to_warn(row: Obligation) -> list[int]:
    """Return the parts of its time (percent) of which somebody is still to be told."""
    steps = (NEARLY,) if row.kind == ObligationKind.UPDATE else STEPS
    return [step for step in steps if step > row.warned]


def write_warning(row: Obligation, rules: Rules, now: datetime) -> int:
    """Write that people are told of the part used by `now`; return it in percent, or 0 if none."""
    since = row.entries[-1].at
    state, hours = clock.evaluate(row.entries, rules.hours, since), hours_of(row, rules)
    times = {step: reached_at(state, since, hours, step) for step in to_warn(row)}
    reached = max((step for step, at in times.items() if at is not None and at <= now), default=0)
    row.warned = max(row.warned, reached)
    row.warn_at = next_at(state, since, hours, to_warn(row))
    return reached


def hours_of(row: Obligation, rules: Rules) -> ServiceHours:
    return rules.hours[row.hours or "always"]


def write_miss(row: Obligation, rules: Rules, now: datetime) -> bool:
    """Write a deadline that has passed by `now` into the columns; return whether one has."""
    missed_at = clock.evaluate(row.entries, rules.hours, now).missed_at
    if missed_at is not None:
        row.state, row.missed_at, row.decided_at = ClockState.MISSED, missed_at, missed_at
    return missed_at is not None


def is_paused(row: Obligation) -> bool:
    """Return whether an open clock stands still; the column says missed once it is."""
    told = (e.event == Event.PAUSE for e in reversed(row.entries) if e.event != Event.RETARGET)
    return next(told, False)


def is_agreed(row: Obligation) -> bool:
    """Return whether the clock's target is a day of an accepted estimate."""
    aims = (e for e in reversed(row.entries) if e.event in (Event.START, Event.RETARGET))
    return next(aims).cause == AGREED


def not_before(row: Obligation) -> tuple[datetime, datetime]:
    """Return the instants of the last entry and of the recorded miss, or of the start."""
    last = row.entries[-1].at if row.entries else row.started_at
    return last, row.missed_at + timedelta(seconds=1) if row.missed_at else row.started_at
