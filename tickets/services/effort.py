"""Time worked: every minute is recorded; what may be charged stands in the stage's decision."""

from datetime import datetime

from django.utils.translation import gettext as _

from contracts.services import period_for_work
from tenants.errors import Invalid
from tenants.models import Membership
from tenants.services import audit
from tickets.domain.lifecycle import Action
from tickets.models import Decision, Ticket, TimeEntry
from tickets.models.choices import AuthorityKind, Outcome
from tickets.services.guard import begin, command, stage_of

AUTHORITY = {
    Outcome.INCLUDED: AuthorityKind.INCLUDED,
    Outcome.POOL: AuthorityKind.POOL,
    Outcome.PREAPPROVED: AuthorityKind.PREAPPROVED,
}  # anything else is held: visible, never billed, until an estimate or a ruling stands behind it


@command
def log_time(
    *,
    ticket: Ticket,
    actor: Membership,
    starts_at: datetime,
    ends_at: datetime,
    now: datetime,
    note: str = "",
    person: Membership | None = None,
    tier: str = "",
    place: str = "onshore",
    triage: bool = False,
    assumed: bool = False,
) -> Ticket:
    """
    Record work `[starts_at, ends_at)` on the stage of that time, in whole minutes rounded down.

    What may be charged is what the decision in force when the work began says: a late entry is
    judged as if on time. Work of a month that has closed counts in the open month as an adjustment.

    :raises Invalid: if the end is not at least a minute after the start, or in the future.
    """
    if ends_at > now:
        raise Invalid(_("Work cannot end in the future."), field="ends_at")
    minutes = int((ends_at - starts_at).total_seconds() // 60)
    if minutes < 1:
        raise Invalid(_("The end must be at least one minute after the start."), field="ends_at")
    ticket = begin(ticket.pk, actor, Action.LOG_TIME)
    person = person or actor
    if not person.is_vendor or person.tenant_id != ticket.tenant_id:
        raise Invalid(_("Choose a person of the vendor's team for this client."), field="person")
    period, adjusts = period_for_work(ticket.contract, starts_at, now)
    stage_id, decision = in_force(ticket, starts_at)
    kind, key, clause = authority_of(decision)
    entry = TimeEntry.objects.create(
        tenant_id=ticket.tenant_id,
        contract_id=ticket.contract_id,
        ticket=ticket,
        stage_id=stage_id,
        decision=decision,
        period=period,
        adjusts=adjusts,
        person=person,
        tier=tier or person.tier,
        place=place,
        starts_at=starts_at,
        ends_at=ends_at,
        minutes=minutes,
        authority=kind,
        authority_key=key,
        clause_id=clause,
        triage=triage,
        assumed=assumed,
        note=note,
        written_at=now,
    )
    audit.record(
        actor=actor,
        verb="time.logged",
        subject=ticket,
        at=now,
        entry=entry.pk,
        minutes=minutes,
        authority=kind,
        assumed=assumed,
    )
    return ticket


def in_force(ticket: Ticket, at: datetime) -> tuple[int, Decision]:
    """Return stage and decision of an instant; the first ones for work before they were taken."""
    decision = stage_of(ticket).decision
    if decision.at > at:
        rows = Decision.objects.filter(ticket=ticket).order_by("at", "pk")
        decision = rows.filter(at__lte=at).last() or rows.first()
    return decision.stage_id, decision


def authority_of(decision: Decision) -> tuple[str, str, str]:
    """Return kind, key (pool or clause) and clause of what stands behind work under a decision."""
    kind = AUTHORITY.get(decision.outcome, AuthorityKind.HELD)
    key = decision.verdict.get("pool") or decision.clause_id
    return kind, key, decision.clause_id
