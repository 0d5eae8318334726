"""
What becomes of minutes after they were written, each time by a row of its own.

Only in the client's favour: they cost nothing any more, or what was held gets the answer it waited
for. Months are locked before it is looked what stands, so that a closing and a verdict agree.
"""

from collections.abc import Collection, Iterable
from datetime import datetime

from django.db.models import Q, QuerySet

from contracts.domain import statement
from contracts.domain.afterwards import settled
from contracts.domain.cost import Authority
from contracts.models import Contract, Period
from contracts.services import period_for_work
from tenants.models import Membership
from tickets.domain.favour import FREE, settles_as
from tickets.models import (
    Decision,
    Dispute,
    Emergency,
    Estimate,
    Settlement,
    Stage,
    Ticket,
    TimeEntry,
)
from tickets.models.choices import AuthorityKind, Outcome
from tickets.models.settlement import SettlementCause
from tickets.services import pool_room
from tickets.services.pool_room import Standing
from tickets.services.worked import with_standing

HELD = statement.AuthorityKind.HELD
FOR_NOTHING = Standing(AuthorityKind.GOODWILL)


def settle_stage(stage: Stage, *, by: Membership | None, now: datetime) -> int:
    """Let the stage's new decision reach back to minutes of before; return how many entries it did."""
    entries = unsettled().filter(stage=stage).exclude(decision=stage.decision)
    return settle_by_decision(entries, stage.decision, by=by, now=now)


def settle_late(entry: TimeEntry, *, by: Membership | None, now: datetime) -> None:
    """Give a late entry what a decision after its own gave to the minutes that were there on time."""
    later = Decision.objects.filter(stage_id=entry.stage_id, pk__gt=entry.decision_id)
    for decision in later.order_by("pk"):
        rows = unsettled().filter(pk=entry.pk)
        settle_by_decision(rows, decision, by=by, now=now)


def settle_by_decision(
    entries: QuerySet[TimeEntry], decision: Decision, *, by: Membership | None, now: datetime
) -> int:
    """Let the entries stand on a later decision where that is in the client's favour."""
    found = 0
    for entry in list(entries.select_related("decision", "contract")):
        kind = settles_as(
            entry.stands,
            entry.decision.outcome,
            decision.outcome,
            goodwill=is_goodwill(decision),
            overridden=decision.kind == Decision.Kind.OVERRIDE,
        )
        if kind is not None:
            standing = standing_of(decision, kind)
            found += settle(
                [entry],
                standing,
                cause=SettlementCause.DECISION,
                decision=decision,
                by=by,
                now=now,
            )
    return found


def standing_of(decision: Decision, kind: AuthorityKind) -> Standing:
    """Return what a decision puts behind minutes of one kind."""
    said = decision.verdict
    key = said["pool"] if kind == AuthorityKind.POOL else ""
    limit = said.get("cap") if kind == AuthorityKind.PREAPPROVED else None
    return Standing(kind, key, decision.clause_id, limit)


def settle_emergency(ticket: Ticket, *, now: datetime) -> int:
    """Make goodwill of the emergency's minutes: its retro-estimate was late."""
    entries = unsettled().filter(ticket=ticket, stands=AuthorityKind.EMERGENCY)
    cause = SettlementCause.RETRO_ESTIMATE_LATE
    return settle(list(entries), FOR_NOTHING, cause=cause, by=None, now=now)


def settle_held(estimate: Estimate, *, by: Membership | None, now: datetime) -> int:
    """Bring the minutes that were held for want of an estimate under the accepted one."""
    return settle_for(held_for(estimate.ticket), estimate, accepted=True, by=by, now=now)


def let_go_of_held(estimate: Estimate, *, now: datetime) -> int:
    """Make goodwill of the minutes that named an estimate which ended without an acceptance."""
    entries = held_for(estimate.ticket).filter(authority_key=estimate.public_id)
    return settle_for(entries, estimate, accepted=False, by=None, now=now)


def held_for(ticket: Ticket) -> QuerySet[TimeEntry]:
    """Return the ticket's entries that an accepted estimate would cover."""
    held = unsettled().filter(ticket=ticket, stands=HELD)
    return held.filter(decision__outcome=Outcome.ESTIMATE)


def settle_under(entry: TimeEntry, estimate: Estimate, *, by: Membership, now: datetime) -> None:
    """Give a late entry what became of the minutes that waited for the estimate on time."""
    accepted = estimate.accepted_id is not None
    if accepted or estimate.ended_at is not None:
        settle_for([entry], estimate, accepted=accepted, by=by, now=now)


def settle_for(
    entries: Iterable[TimeEntry],
    estimate: Estimate,
    *,
    accepted: bool,
    by: Membership | None,
    now: datetime,
) -> int:
    """Let entries come under an estimate that was accepted; under one that was not they are given."""
    standing = Standing(AuthorityKind.ESTIMATE, estimate.public_id) if accepted else FOR_NOTHING
    cause = SettlementCause.ESTIMATE_ACCEPTED if accepted else SettlementCause.ESTIMATE_REFUSED
    return settle(entries, standing, cause=cause, estimate=estimate, by=by, now=now)


def unsettled() -> QuerySet[TimeEntry]:
    """Return the entries that may still be charged, now or one day, with what `stands`."""
    rows = with_standing(TimeEntry.objects.standing()).exclude(stands__in=FREE)
    return rows.select_related("contract").order_by("pk")


def settle(
    entries: Iterable[TimeEntry],
    standing: Standing,
    *,
    cause: str,
    by: Membership | None,
    now: datetime,
    decision: Decision | None = None,
    estimate: Estimate | None = None,
) -> int:
    """
    Write what stands behind the entries from the open month on that each counts in; return how many.

    An entry that meanwhile costs nothing stays so. One that a pool shall carry, and that does not
    wholly fit into what that has left, stays what it is.
    """
    entries = list(entries)
    alone = standing.authority == AuthorityKind.POOL
    periods: dict[int, Period] = {}
    for entry in entries:
        worked_in = entry.adjusts_id or entry.period_id
        if worked_in not in periods:
            found = period_for_work(entry.contract, entry.starts_at, now, alone=alone)
            periods[worked_in] = found[0]
    still = set(unsettled().filter(pk__in=[e.pk for e in entries]).values_list("pk", flat=True))
    written = []
    for entry in entries:
        if entry.pk not in still or (alone and not pool_room.fits(entry, standing)):
            continue
        settlement = Settlement(
            tenant_id=entry.tenant_id,
            entry=entry,
            period=periods[entry.adjusts_id or entry.period_id],
            authority=standing.authority,
            authority_key=standing.key,
            clause_id=standing.clause_id,
            limit=standing.limit,
            cause=cause,
            decision=decision,
            estimate=estimate,
            by=by,
            at=now,
        )
        if alone:  # the next one may find less room
            settlement.save()
        written.append(settlement)
    if not alone:  # a month that closes may let go of a thousand entries
        Settlement.objects.bulk_create(written, batch_size=500)
    return len(written)


# --- at the end of a month ---


def release_held(period: Period, now: datetime) -> int:
    """
    Make goodwill of held minutes of a month that closes, and of before, that wait for nothing.

    What names an estimate or a ruling waits on. The caller holds the month's lock; returns how many
    entries nobody had asked an estimate for.
    """
    held = unsettled().filter(
        contract_id=period.contract_id, period__month__lte=period.month, stands=HELD
    )
    entries = list(held.select_related("stage__decision", "decision"))
    waiting = waiting_tickets(period.contract, {entry.ticket_id for entry in entries})
    released = []
    for entry in entries:
        names = waits_for(entry, waiting)
        if settled(Authority(HELD, names), declined=(), closing=True).kind is not HELD:
            released.append(entry)
    return settle(released, FOR_NOTHING, cause=SettlementCause.NOBODY_ASKED, by=None, now=now)


def waits_for(entry: TimeEntry, waiting: Collection[int]) -> str:
    """Return what held minutes wait for: a ruling, an estimate, hours for a pool; empty: nothing."""
    if entry.ticket_id in waiting:
        return "estimate"
    if entry.stage.decision.outcome == Outcome.UNDECIDED:
        return "ruling"
    pool = entry.decision.verdict.get("pool")
    if pool and pool_room.asks_when_empty(entry.contract, pool, entry.starts_at):
        return f"pool {pool}"
    return ""


def waiting_tickets(contract: Contract, tickets: Collection[int]) -> set[int]:
    """Return those of the tickets for which an estimate was asked, or whose verdict is disputed."""
    mine = Q(ticket__in=tickets)
    open_disputes = Dispute.objects.open().filter(mine)
    emergencies = Emergency.objects.filter(mine, lapsed_at=None)
    return {
        *open_disputes.values_list("ticket_id", flat=True),
        *emergencies.values_list("ticket_id", flat=True),
        *Estimate.objects.alive().filter(mine).values_list("ticket_id", flat=True),
    }


def is_goodwill(decision: Decision) -> bool:
    """Return whether the vendor gives what the contract does not."""
    return bool(decision.verdict.get("goodwill"))
