"""
Minutes of before change only in the client's favour, each time by a row of its own.

Those that were held for an estimate come under it when it is accepted; else they are given.
"""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Exists, OuterRef

from contracts.models import Period
from contracts.services import period_for_work
from tenants.models import Membership
from tickets.domain.favour import FREE, settles_as
from tickets.models import Decision, Estimate, Settlement, Stage, Ticket, TimeEntry
from tickets.models.choices import AuthorityKind, Outcome


def settle_stage(stage: Stage, *, by: Membership | None, now: datetime) -> int:
    """Let the stage's new decision reach back to minutes of before; return how many entries it did."""
    decision = stage.decision
    authority = settles_as(decision.outcome, goodwill=is_goodwill(decision))
    if authority is None:
        return 0
    entries = unsettled().filter(stage=stage).exclude(decision=decision)
    return settle(entries, authority, decision=decision, by=by, now=now)


def settle_late(entry: TimeEntry, *, by: Membership | None, now: datetime) -> None:
    """Give a late entry what a decision after its own gave to the minutes that were there on time."""
    later = Decision.objects.filter(stage_id=entry.stage_id, pk__gt=entry.decision_id)
    for decision in later.order_by("pk"):
        authority = settles_as(decision.outcome, goodwill=is_goodwill(decision))
        if authority is not None and entry.authority not in FREE:
            settle([entry], authority, decision=decision, by=by, now=now)
            return


def settle_emergency(ticket: Ticket, *, now: datetime) -> int:
    """Make goodwill of the emergency's minutes: its retro-estimate was late."""
    entries = unsettled().filter(ticket=ticket, authority=AuthorityKind.EMERGENCY)
    return settle(entries, AuthorityKind.GOODWILL, by=None, now=now)


def settle_held(estimate: Estimate, *, by: Membership | None, now: datetime) -> int:
    """Bring the minutes that were held for want of an estimate under the accepted one."""
    entries = held_for(estimate.ticket)
    return settle(entries, AuthorityKind.ESTIMATE, estimate=estimate, by=by, now=now)


def let_go_of_held(estimate: Estimate, *, now: datetime) -> int:
    """Make goodwill of the minutes that named an estimate which ended without an acceptance."""
    entries = held_for(estimate.ticket).filter(authority_key=estimate.public_id)
    return settle(entries, AuthorityKind.GOODWILL, estimate=estimate, by=None, now=now)


def held_for(ticket: Ticket):
    """Return the ticket's entries that an accepted estimate would cover."""
    held = unsettled().filter(ticket=ticket, authority=AuthorityKind.HELD, settlements=None)
    return held.filter(decision__outcome=Outcome.ESTIMATE)


def settle_under(entry: TimeEntry, estimate: Estimate, *, by: Membership, now: datetime) -> None:
    """Give a late entry what became of the minutes that waited for the estimate on time."""
    if estimate.accepted_id is not None:
        settle([entry], AuthorityKind.ESTIMATE, estimate=estimate, by=by, now=now)
    elif estimate.ended_at is not None:
        settle([entry], AuthorityKind.GOODWILL, estimate=estimate, by=by, now=now)


def unsettled():
    """Return the entries that may still be charged, now or one day."""
    given = Settlement.objects.filter(entry=OuterRef("pk"), authority__in=FREE)
    rows = TimeEntry.objects.standing().filter(~Exists(given)).exclude(authority__in=FREE)
    return rows.select_related("contract").order_by("pk")


def settle(
    entries: Iterable[TimeEntry],
    authority: str,
    *,
    by: Membership | None,
    now: datetime,
    decision: Decision | None = None,
    estimate: Estimate | None = None,
) -> int:
    """Write what became of the entries, from the open month on that each of them counts in."""
    periods: dict[int, Period] = {}
    rows = []
    for entry in entries:
        worked_in = entry.adjusts_id or entry.period_id
        if worked_in not in periods:
            periods[worked_in] = period_for_work(entry.contract, entry.starts_at, now)[0]
        rows.append(
            Settlement(
                tenant_id=entry.tenant_id,
                entry=entry,
                period=periods[worked_in],
                authority=authority,
                decision=decision,
                estimate=estimate,
                by=by,
                at=now,
            )
        )
    Settlement.objects.bulk_create(rows)
    return len(rows)


def is_goodwill(decision: Decision) -> bool:
    """Return whether the vendor gives what the contract does not."""
    return bool(decision.verdict.get("goodwill"))
