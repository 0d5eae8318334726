"""How long a clock has: what the terms promise for it, and what is left of that on a second start."""

from datetime import datetime, timedelta

from contracts.domain import clock
from contracts.domain.clock import Entry, Event
from contracts.domain.durations import Length
from contracts.domain.terms import Target
from contracts.rules import Rules
from tickets.models import Obligation, Ticket
from tickets.models.choices import ObligationKind
from tickets.services.guard import stage_of
from tickets.services.ledger import MERGED

IN_ROUNDS = {ObligationKind.UPDATE, ObligationKind.RULING}  # each attempt has all its time


def target_of(ticket: Ticket, rules: Rules, kind: str, activity: str) -> Target | None:
    return rules.terms.target_for(kind, activity or None, ticket.priority, ticket.system)


def name_of_hours(target: Target, rules: Rules) -> str:
    """Return the name of the hours that the target counts on."""
    return rules.terms.hours_of(target) or "always"


def activities_of(ticket: Ticket, clocks: list[Obligation]) -> dict[int, str]:
    """Return the activity of each stage that one of the clocks is of, by the stage's id."""
    known = {ticket.stage_id: stage_of(ticket).activity}
    if any(row.stage_id not in known for row in clocks):
        known = dict(ticket.stages.values_list("pk", "activity")) | known
    return known


def time_left(row: Obligation, rules: Rules, at: datetime) -> Length | None:
    """Return what a clock that runs on from `at` would have left, in whole minutes."""
    if not row.within:
        return None
    entries = row.entries
    if entries[-1].event == Event.VOID:
        entries = [*entries[:-1], Entry(Event.STOP, entries[-1].at)]
    due_at = clock.evaluate([*entries, Entry(Event.REOPEN, at)], rules.hours, at).due_at
    left = rules.hours[row.hours].elapsed(at, due_at) if due_at else timedelta()
    return Length(duration=left // timedelta(minutes=1) * timedelta(minutes=1))


def less_earlier(row: Obligation, attempts: list[Obligation], within: Length) -> Length:
    """Return a target less what earlier attempts used; business days have no part used."""
    rows = [each for each in attempts if each.attempt < row.attempt]
    earlier = [each for each in rows if each.entries[-1].cause != MERGED]  # another ticket's time
    if row.kind in IN_ROUNDS or not earlier or within.duration is None:
        return within
    used = timedelta(minutes=sum(each.used_seconds for each in earlier) // 60)
    return Length(duration=max(within.duration - used, timedelta()))
