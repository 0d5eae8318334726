"""A stage held against the contract: the facts known now, the month's use, one stored decision."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db.models import BigIntegerField, Count, Exists, OuterRef, Sum
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast

from contracts.domain import scope
from contracts.domain.scope import Answer, Facts, QuotaUse, Usage
from contracts.domain.terms import Outcome
from contracts.models import Period
from contracts.rules import Rules
from contracts.services import period_at
from contracts.services.periods import lock_exclusive
from tenants.models import Membership
from tickets.models import Decision, Stage, Ticket
from tickets.models.choices import Status, WorkStream
from tickets.services.binding import contracts_for, has_others


def reach(
    ticket: Ticket,
    facts: Facts,
    rules: Rules,
    *,
    after_operation: bool,
    others: bool | None = None,
) -> scope.Decision:
    """
    Return the verdict on work of a ticket.

    Quotas are counted under the lock of the contract's month: two requests at once cannot both
    take the last one. A month is locked only where its quotas matter. What follows on a stage of
    operation is classified from the second question. Where another contract of the client answers
    for the work as well, or instead, nothing is decided, and both are named.
    """
    skip = 1 if after_operation else 0
    verdict = scope.decide(rules.terms, facts, skip=skip)
    if between := rivals(ticket, verdict, others):
        return undecided_between(verdict, between)
    if not asks_quotas(verdict, rules):
        return verdict
    month = lock_exclusive(period_at(ticket.contract, ticket.received_at))
    return scope.decide(rules.terms, facts, Usage(quotas=quotas_used(month, ticket)), skip)


def undecided_between(verdict: scope.Decision, numbers: tuple[str, ...]) -> scope.Decision:
    """Return the verdict that several contracts leave open: a person decides between them."""
    nothing = {"outcome": Outcome.UNDECIDED, "clause_id": None, "pool": None, "cap": None}
    return replace(verdict, **nothing, pending=False, question=None, contracts=numbers)


def rivals(ticket: Ticket, verdict: scope.Decision, others: bool | None = None) -> tuple[str, ...]:
    """Return the contracts between which work is undecided; none where it is the ticket's own."""
    if verdict.activity is None or others is False:
        return ()
    received_on = ticket.contract.local_date(ticket.received_at)
    if others is None and not has_others(ticket.contract, received_on):
        return ()
    bound = contracts_for(ticket.contract.tenant, ticket.system, verdict.activity, received_on)
    if not bound.candidates or bound.contract == ticket.contract:
        return ()
    return tuple(sorted({ticket.contract.number, *bound.numbers}))


def asks_quotas(verdict: scope.Decision, rules: Rules) -> bool:
    """Return whether a verdict that took every quota for full could be another one."""
    limited = {clause.id for clause in rules.terms.scope.clauses if clause.quota}
    return any(
        step.kind == "clause" and step.ref in limited and step.answer != Answer.NO
        for step in verdict.path
    )


def record(
    *,
    ticket: Ticket,
    stage: Stage,
    verdict: scope.Decision,
    facts: Facts,
    rules: Rules,
    actor: Membership | None,
    at: datetime,
    reason: str = "",
    before: Decision | None = None,
) -> Decision:
    """
    Store the verdict on a stage, which then carries it with its facts; the caller saves.

    Where a person overruled the very answer that the rule gives again, what they said stands.
    """
    stage.activity = verdict.activity or stage.activity
    if before is not None and still_stands(before, verdict):
        return stand_again(ticket, stage, before, verdict, facts, at)
    clause = rules.terms.clause(verdict.clause_id) if verdict.clause_id else None
    return write(
        ticket,
        stage,
        facts,
        outcome=verdict.outcome,
        pending=verdict.pending,
        provisional=verdict.provisional,
        clause_id=verdict.clause_id or "",
        activity=verdict.activity or "",
        uses_quota=bool(clause and clause.quota),
        verdict=verdict.to_dict(),
        by=actor,
        reason=reason,
        at=at,
    )


def write(ticket: Ticket, stage: Stage, facts: Facts, **columns: Any) -> Decision:
    """
    Write a decision down and let the stage carry it; the caller saves the stage.

    The first decision of a stage that is not written yet is written with it.
    """
    stage.facts = facts.to_dict()
    decision = Decision(
        tenant_id=ticket.tenant_id,
        stage=stage,
        ticket=ticket,
        version_id=ticket.version_id,
        facts=stage.facts,
        **columns,
    )
    if not stage._state.adding:
        decision.save(force_insert=True)
    stage.decision = decision
    return decision


def overruled_by(decision: Decision) -> dict[str, str]:
    """Return the rule's answer that a decision by a person replaces: itself where the rule decided."""
    if decision.kind == Decision.Kind.RULE:
        return {"outcome": decision.outcome, "clause_id": decision.clause_id}
    return decision.verdict["overrules"]


def still_stands(before: Decision, verdict: scope.Decision) -> bool:
    """Return whether a person decided `before`, over the same answer that the rule gives now."""
    answer = {"outcome": verdict.outcome, "clause_id": verdict.clause_id or ""}
    return before.kind != Decision.Kind.RULE and overruled_by(before) == answer


def stand_again(
    ticket: Ticket,
    stage: Stage,
    before: Decision,
    verdict: scope.Decision,
    facts: Facts,
    at: datetime,
) -> Decision:
    """Repeat what a person decided, on the facts that are known now."""
    path = [step.to_dict() for step in verdict.path]
    activity = verdict.activity or ""
    return write(
        ticket,
        stage,
        facts,
        kind=before.kind,
        outcome=before.outcome,
        clause_id=before.clause_id,
        activity=activity,
        uses_quota=before.uses_quota,
        verdict=before.verdict | {"activity": activity or None, "path": path},
        by_id=before.by_id,
        reason=before.reason,
        at=at,
    )


def follows_operation(stage: Stage) -> bool:
    """Return whether a stage is what maintenance does after operation had the ticket."""
    if stage.stream != WorkStream.MAINTENANCE or stage.sequence == 1:
        return False
    earlier = Stage.objects.filter(ticket_id=stage.ticket_id, sequence__lt=stage.sequence)
    return earlier.filter(stream=WorkStream.OPERATION).exists()


def quotas_used(month: Period, without: Ticket) -> dict[str, QuotaUse]:
    """
    Return what other tickets of the month have used; a ticket counts once a clause.

    One that is cancelled gives back what it took.
    """
    effort = Cast(KeyTextTransform("effort_minutes", "facts"), BigIntegerField())
    again = Stage.objects.filter(
        ticket=OuterRef("ticket"),
        sequence__gt=OuterRef("sequence"),
        decision__clause_id=OuterRef("decision__clause_id"),
    )
    rows = (
        Stage.objects.filter(
            ~Exists(again),
            decision__uses_quota=True,
            ticket__contract_id=month.contract_id,
            ticket__received_at__gte=month.starts_at,
            ticket__received_at__lt=month.ends_at,
        )
        .exclude(ticket_id=without.pk)
        .exclude(ticket__status=Status.CANCELLED)
        .values("decision__clause_id")
        .annotate(count=Count("pk"), minutes=Sum(effort))
    )
    return {r["decision__clause_id"]: QuotaUse(r["count"], r["minutes"] or 0) for r in rows}
