"""The client's no to a verdict, the account manager's answer under a clock, and what binds."""

from datetime import datetime
from typing import Any

from django.db.models import Max, Q
from django.utils.translation import gettext as _

from contracts.domain.months import first_of_month
from contracts.models import Contract, Period, PeriodState
from contracts.rules import rules_of
from contracts.services.periods import lock_shared
from tenants.errors import Invalid, NotPermitted, Refused
from tenants.models import AuditEvent, Membership
from tenants.scoping import tenant_scope
from tenants.services import audit
from tickets.domain.lifecycle import Action
from tickets.models import Decision, Dispute, Stage, Ticket
from tickets.models.choices import ObligationKind, Outcome
from tickets.services import by_hand
from tickets.services.by_hand import Said
from tickets.services.clocks import Clocks
from tickets.services.guard import begin, command, stage_of
from tickets.services.intake import open_ticket
from tickets.services.promises import end_of, hold_ruling
from tickets.services.settlements import is_goodwill

UPHOLD, CHANGE = "uphold", "change"


@command
def open_dispute(*, ticket: Ticket, actor: Membership, reason: str, now: datetime) -> Dispute:
    """
    Dispute the verdict on the current stage; what it costs is shown outside the amount due.

    :raises Invalid: if there is no reason.
    :raises Refused: if nothing is decided, a dispute is open already, or the time is over.
    """
    if not reason.strip():
        raise Invalid(_("Say why the verdict is wrong."), field="reason")
    ticket = begin(ticket.pk, actor, Action.DISPUTE_VERDICT)
    stage = stage_of(ticket)
    check_disputable(ticket, stage.decision, now)
    dispute = Dispute.objects.create(
        tenant_id=ticket.tenant_id,
        ticket=ticket,
        stage=stage,
        decision=stage.decision,
        opened_by=actor,
        opened_at=after_closing(ticket.contract, now),
        reason=reason.strip(),
    )
    clocks = Clocks.of(ticket, actor, stopped=True)
    clocks.start(ObligationKind.RULING, stage, now)
    clocks.save()
    ticket.save(update_fields=["next_due_at"])
    audit.record(
        actor=actor,
        verb="dispute.opened",
        subject=ticket,
        at=now,
        dispute=dispute.public_id,
        reason=reason,
    )
    return dispute


@command
def open_disputed_ticket(
    *, reason: str, actor: Membership, now: datetime, **request: Any
) -> Ticket:
    """
    Open a ticket and dispute its verdict at once: who asks has read it before sending.

    :raises Invalid: as `open_ticket`, or if there is no reason.
    :raises Refused: if nothing is decided that could be disputed.
    """
    ticket = open_ticket(actor=actor, now=now, **request)
    with tenant_scope(ticket.tenant_id):
        open_dispute(ticket=ticket, actor=actor, reason=reason, now=now)
    return ticket


def check_disputable(ticket: Ticket, decision: Decision, now: datetime) -> datetime | None:
    """
    Return until when a verdict may be disputed; None while its report is to come.

    :raises Refused: if it may not be.
    """
    if decision.outcome == Outcome.UNDECIDED:
        raise Refused(_("Nothing is decided yet that could be disputed."))
    if decision.verdict.get("answers"):
        raise Refused(_("This verdict answers a dispute. Without your agreement it stays open."))
    mine = Dispute.objects.filter(ticket=ticket)
    if mine.filter(Q(ruled_at=None) | Q(decision=decision, agreed_at=None)).exists():
        raise Refused(_("A dispute about this ticket is open already."))
    until = dispute_until(ticket, decision)
    if until is not None and now > until:
        raise Refused(_("The time to dispute this verdict is over."))
    return until


def dispute_until(ticket: Ticket, decision: Decision) -> datetime | None:
    """
    Return the last instant at which a verdict may be disputed; None while its report is to come.

    It counts from the issue of the last month in which the verdict was taken or minutes under it
    counted.
    """
    month = first_of_month(ticket.contract.local_date(decision.at))
    of_contract = Period.objects.filter(contract_id=ticket.contract_id)
    counted = of_contract.filter(Q(month=month) | Q(time_entries__decision=decision))
    last = counted.order_by("-month").first()
    issued_at = report_issued_at(last) if last and last.month >= month else None
    if issued_at is None:
        return None
    rules = rules_of(ticket.version)
    return end_of(rules.terms.scope.dispute_within, issued_at, rules)


def report_issued_at(period: Period) -> datetime | None:
    """Return when the month's report was last issued, as `reports` wrote it into the audit trail."""
    issued = AuditEvent.objects.filter(
        subject_type="reports.monthlyreport", verb="report.issued", data__period=period.pk
    )
    return issued.aggregate(at=Max("at"))["at"]


def after_closing(contract: Contract, now: datetime) -> datetime:
    """
    Return `now`, or the closing of a month that closed meanwhile; none closes until the commit.

    So a closed month tells the same open disputes whenever it is asked.
    """
    months = Period.objects.filter(contract=contract, starts_at__lte=now, state=PeriodState.OPEN)
    for month in months:
        lock_shared(month)
    closed_at = Period.objects.filter(contract=contract).aggregate(at=Max("closed_at"))["at"]
    return max(now, closed_at or now)


@command
def answer_dispute(
    *,
    dispute: Dispute,
    actor: Membership,
    ruling: str,
    reason: str,
    now: datetime,
    outcome: str = "",
    clause_id: str = "",
    pool: str = "",
    cap: int | None = None,
) -> Ticket:
    """
    Rule on a dispute: `uphold` the verdict, or `change` it. The ruling is the verdict from now on.

    It binds when the service owner agrees; until then the dispute stays open in every report.

    :raises Invalid: if there is no reason, or no whole verdict that differs.
    :raises Refused: if it was ruled on before.
    :raises NotPermitted: if the same person opened it.
    """
    reason = by_hand.said_why(reason)
    ticket = begin(dispute.ticket_id, actor, Action.ANSWER_DISPUTE)
    dispute = with_people(dispute)
    if dispute.ruled_at is not None:
        raise Refused(_("This dispute has its ruling."))
    if dispute.opened_by.user_id == actor.user_id:
        raise NotPermitted(_("Nobody answers their own dispute."))
    stage = stage_disputed(ticket, dispute)
    before = stage.decision
    said = ruled(ruling, Said(outcome, clause_id, pool, cap), before, ticket)
    decision = by_hand.decide(
        ticket=ticket,
        stage=stage,
        said=said,
        kind=Decision.Kind.RULING,
        actor=actor,
        reason=reason,
        now=now,
        goodwill=ruling == UPHOLD and is_goodwill(before),
        answers=dispute.public_id,
    )
    dispute.ruling, dispute.ruled_by = decision, actor
    dispute.ruled_at = after_closing(ticket.contract, now)
    dispute.save(update_fields=["ruling", "ruled_by", "ruled_at"])
    clocks = Clocks.of(ticket, actor, stopped=True)
    clocks.stop(ObligationKind.RULING, now)
    if ticket.is_open:  # an earlier stage was disputed, and the current one may wait for a person
        hold_ruling(clocks, stage_of(ticket), now)
    clocks.save()
    ticket.save(update_fields=["next_due_at"])
    audit.record(
        actor=actor,
        verb="dispute.ruled",
        subject=ticket,
        at=now,
        dispute=dispute.public_id,
        ruling=ruling,
        before={"outcome": before.outcome, "clause": before.clause_id},
        after={"outcome": decision.outcome, "clause": decision.clause_id},
        reason=reason,
    )
    return ticket


def ruled(ruling: str, said: Said, before: Decision, ticket: Ticket) -> Said:
    """Return what a ruling says, of the verdict that is in force now."""
    if ruling == UPHOLD and before.outcome != Outcome.UNDECIDED:
        return Said.by(before)
    if ruling != CHANGE:
        raise Invalid(_("Say what the verdict is from now on."), field="ruling")
    said = by_hand.complete(said, before, rules_of(ticket.version))
    if said == Said.by(before):
        raise Invalid(_("This is what the verdict says: uphold it."), field="ruling")
    return said


@command
def agree_to_ruling(*, dispute: Dispute, actor: Membership, now: datetime) -> Ticket:
    """
    Agree for the client: the ruling binds, and is a precedent for its clause.

    :raises Refused: if there is no ruling yet, or somebody agreed before.
    :raises NotPermitted: if the same person ruled.
    """
    ticket = begin(dispute.ticket_id, actor, Action.AGREE_TO_RULING)
    dispute = with_people(dispute)
    if dispute.ruled_at is None:
        raise Refused(_("This dispute has no ruling yet."))
    if dispute.agreed_at is not None:
        raise Refused(_("This ruling binds already."))
    if dispute.ruled_by.user_id == actor.user_id:
        raise NotPermitted(_("Nobody agrees to their own ruling."))
    dispute.agreed_by, dispute.agreed_at = actor, after_closing(ticket.contract, now)
    dispute.save(update_fields=["agreed_by", "agreed_at"])
    audit.record(
        actor=actor,
        verb="dispute.agreed",
        subject=ticket,
        at=now,
        dispute=dispute.public_id,
        clause=dispute.ruling.clause_id,
    )
    return ticket


def with_people(dispute: Dispute) -> Dispute:
    """Return the dispute as it is, read after its ticket was locked."""
    rows = Dispute.objects.select_related("opened_by", "ruled_by", "ruling")
    return rows.get(pk=dispute.pk)


def stage_disputed(ticket: Ticket, dispute: Dispute) -> Stage:
    """Return the stage that the dispute is about, which may not be the current one any more."""
    if dispute.stage_id == ticket.stage_id:
        return stage_of(ticket)
    return Stage.objects.select_related("decision").get(pk=dispute.stage_id)
