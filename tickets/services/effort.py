"""Time worked: every minute is recorded; what may be charged stands in the stage's decision."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from contracts.services import period_for_work
from tenants.errors import Invalid
from tenants.models import Membership
from tenants.services import audit
from tickets.domain.lifecycle import Action
from tickets.models import Decision, Ticket, TimeEntry
from tickets.models.choices import AuthorityKind, Outcome
from tickets.services.guard import begin

AUTHORITY = {
    Outcome.INCLUDED: AuthorityKind.INCLUDED,
    Outcome.POOL: AuthorityKind.POOL,
    Outcome.PREAPPROVED: AuthorityKind.PREAPPROVED,
}  # anything else is held: visible, never billed, until an estimate or a ruling stands behind it


@transaction.atomic
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
    Record work `[starts_at, ends_at)` on the current stage, in whole minutes rounded down.

    Work of a month that has closed counts in the open month as an adjustment.

    :raises Invalid: if the end is not at least a minute after the start, or in the future.
    """
    if ends_at > now:
        raise Invalid(_("Work cannot end in the future."), field="ends_at")
    minutes = int((ends_at - starts_at).total_seconds() // 60)
    if minutes < 1:
        raise Invalid(_("The end must be at least one minute after the start."), field="ends_at")
    ticket = begin(ticket, actor, Action.LOG_TIME)
    person = person or actor
    period, adjusts = period_for_work(ticket.contract, starts_at, now)
    kind, key, clause = authority_of(ticket.stage.decision)
    entry = TimeEntry.objects.create(
        tenant_id=ticket.tenant_id,
        contract_id=ticket.contract_id,
        ticket=ticket,
        stage=ticket.stage,
        decision=ticket.stage.decision,
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


def authority_of(decision: Decision) -> tuple[str, str, str]:
    """Return kind, key (pool or clause) and clause of what stands behind work under a decision."""
    kind = AUTHORITY.get(decision.outcome, AuthorityKind.HELD)
    key = decision.verdict.get("pool") or decision.clause_id
    return kind, key, decision.clause_id
