"""A stage held against the contract: the facts known now, the month's use, one stored decision."""

from datetime import datetime

from django.db.models import BigIntegerField, Count, Sum
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast

from contracts.domain import scope
from contracts.domain.scope import Facts, QuotaUse, Usage
from contracts.models import Period
from contracts.rules import Rules
from contracts.services import period_at
from contracts.services.periods import lock_exclusive
from tenants.models import Membership
from tickets.models import Decision, Stage, Ticket


def decide(
    *,
    ticket: Ticket,
    stage: Stage,
    facts: Facts,
    rules: Rules,
    actor: Membership | None,
    now: datetime,
    reason: str = "",
) -> Decision:
    """
    Take and store the verdict on a stage; the stage then carries its facts and activity.

    Quotas are counted under the lock of the contract's month: two requests at once cannot both
    take the last one. The maintenance half of an incident is classified from the second question.
    """
    skip = 1 if stage.sequence > 1 and stage.stream == "maintenance" else 0
    verdict = scope.decide(rules.terms, facts, usage_of(ticket, stage, rules), skip)
    clause = rules.terms.clause(verdict.clause_id) if verdict.clause_id else None
    decision = Decision.objects.create(
        tenant_id=ticket.tenant_id,
        stage=stage,
        ticket=ticket,
        version_id=ticket.version_id,
        outcome=verdict.outcome,
        pending=verdict.pending,
        provisional=verdict.provisional,
        clause_id=verdict.clause_id or "",
        activity=verdict.activity or "",
        uses_quota=bool(clause and clause.quota),
        verdict=verdict.to_dict(),
        facts=facts.to_dict(),
        by=actor,
        reason=reason,
        at=now,
    )
    stage.decision, stage.facts = decision, facts.to_dict()
    stage.activity = verdict.activity or stage.activity
    return decision


def usage_of(ticket: Ticket, stage: Stage, rules: Rules) -> Usage:
    """Return what of the month's quotas other stages have used; locks the month when it counts."""
    clauses = [clause.id for clause in rules.terms.scope.clauses if clause.quota]
    if not clauses:
        return Usage()
    month = lock_exclusive(period_at(ticket.contract, ticket.received_at))
    return Usage(quotas=quotas_used(month, clauses, without=stage))


def quotas_used(month: Period, clauses: list[str], without: Stage) -> dict[str, QuotaUse]:
    effort = Cast(KeyTextTransform("effort_minutes", "facts"), BigIntegerField())
    rows = (
        Stage.objects.filter(
            decision__uses_quota=True,
            decision__clause_id__in=clauses,
            ticket__contract_id=month.contract_id,
            ticket__received_at__gte=month.starts_at,
            ticket__received_at__lt=month.ends_at,
        )
        .exclude(pk=without.pk)
        .values("decision__clause_id")
        .annotate(count=Count("pk"), minutes=Sum(effort))
    )
    return {r["decision__clause_id"]: QuotaUse(r["count"], r["minutes"] or 0) for r in rows}
