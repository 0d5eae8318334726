"""What would become of a request: the verdict and the deadlines it would start, writing nothing."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from contracts.domain import scope
from contracts.domain.months import bounds_of, first_of_month
from contracts.domain.scope import Facts, Usage
from contracts.domain.terms import WorkStream, stream_of
from contracts.models import Contract, ContractVersion, Period
from contracts.rules import Rules, rules_of
from tenants.models import Membership
from tickets.domain.priority import priority_of
from tickets.models import Decision, Obligation, Stage, Ticket
from tickets.services.clocks import Clocks
from tickets.services.intake import binding_version, check_place, with_ticket
from tickets.services.promises import start_clocks
from tickets.services.verdicts import asks_quotas, quotas_used


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """A verdict on a request that was not made, and the clocks that would run; no row is saved."""

    version: ContractVersion
    ticket: Ticket
    decision: Decision
    clocks: list[Obligation]


def rehearse(
    *, contract: Contract, actor: Membership, received_at: datetime, now: datetime, **told: Any
) -> Rehearsal:
    """
    Return what `open_ticket` would decide and start for the same request.

    Quotas are counted as they stand now and not held: another request may take the last one.

    :raises Invalid: if no version was in force, or system or environment are not in it.
    """
    version = binding_version(contract, received_at, now)
    rules = rules_of(version)
    check_place(rules, told["system"], told["environment"])
    facts = told.pop("facts", Facts())
    ticket = Ticket(
        tenant_id=contract.tenant_id,
        contract=contract,
        version=version,
        priority=priority_of(told["impact"], told["urgency"]),
        received_at=received_at,
        registered_at=now,
        **told,
    )
    known = with_ticket(facts, ticket, rules, confirmed=actor.is_vendor)
    verdict = reach_without_lock(ticket, known, rules)
    stage = imagined_stage(ticket, verdict, known, received_at)
    clocks = Clocks.of_new(ticket, actor)
    start_clocks(clocks, stage, received_at)
    return Rehearsal(version, ticket, stage.decision, clocks.rows)


def reach_without_lock(ticket: Ticket, facts: Facts, rules: Rules) -> scope.Decision:
    verdict = scope.decide(rules.terms, facts)
    if not asks_quotas(verdict, rules):
        return verdict
    month = first_of_month(ticket.contract.local_date(ticket.received_at))
    starts_at, ends_at = bounds_of(month, ticket.contract.zone)
    period = Period(contract_id=ticket.contract_id, starts_at=starts_at, ends_at=ends_at)
    return scope.decide(rules.terms, facts, Usage(quotas=quotas_used(period, ticket)))


def imagined_stage(ticket: Ticket, verdict: scope.Decision, facts: Facts, at: datetime) -> Stage:
    activity = verdict.activity or facts.activity or ""
    stage = Stage(
        tenant_id=ticket.tenant_id,
        activity=activity,
        stream=stream_of(activity) if activity else WorkStream.OPERATION,
        began_at=at,
    )
    stage.decision = Decision(
        tenant_id=ticket.tenant_id,
        outcome=verdict.outcome,
        pending=verdict.pending,
        provisional=verdict.provisional,
        clause_id=verdict.clause_id or "",
        activity=verdict.activity or "",
        verdict=verdict.to_dict(),
        at=at,
    )
    return stage
