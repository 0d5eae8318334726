"""What would become of a request: the verdict and the deadlines it would start, writing nothing."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from contracts.domain import scope
from contracts.domain.interview import Interview, Told, interview, with_answers
from contracts.domain.months import bounds_of, first_of_month
from contracts.domain.scope import Facts, Question, QuotaUse, Usage
from contracts.domain.terms import WorkStream, stream_of
from contracts.models import Contract, ContractVersion, Period
from contracts.rules import Rules, rules_of
from tenants.models import Membership
from tickets.domain.priority import priority_of
from tickets.models import Decision, Obligation, Stage, Ticket
from tickets.services import intake
from tickets.services.binding import bind
from tickets.services.clocks import Clocks
from tickets.services.intake import binding_version, check_place, with_ticket
from tickets.services.promises import start_clocks
from tickets.services.verdicts import asks_quotas, quotas_used, rivals, undecided_between
from tickets.services.warranty import with_warranty


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """
    A verdict on a request that was not made, and the clocks that would run; no row is saved.

    `asked` are the questions that the answers answered, `facts` what `open_ticket` would be told,
    `quota` what others of the month used of the deciding clause.
    """

    version: ContractVersion
    ticket: Ticket
    decision: Decision
    clocks: list[Obligation]
    asked: tuple[Question, ...]
    facts: Facts
    quota: QuotaUse


@dataclass(frozen=True, slots=True)
class Held:
    """A request held against one contract."""

    version: ContractVersion
    rules: Rules
    ticket: Ticket
    reply: Interview
    usage: Usage


def rehearse(
    *,
    contract: Contract,
    actor: Membership,
    received_at: datetime,
    now: datetime,
    facts: Facts | None = None,
    answers: Told | None = None,
    current: ContractVersion | None = None,
    **told: Any,
) -> Rehearsal:
    """
    Return what `open_ticket` would decide and start for the same request.

    `answers`, by the key of their question, count where the verdict asks for them; `current` is
    today's version where the caller has it. Quotas are counted as they stand now and not held:
    another request may take the last one.

    :raises Invalid: if no version was in force, or system or environment are not in it.
    """
    facts, answers = facts or Facts(), answers or {}
    version = binding_version(contract, received_at, now, current)
    held = hold(version, contract, actor, received_at, now, facts, answers, told)
    asked = held.reply.asked
    given, day = with_answers(facts, asked, answers), contract.local_date(received_at)
    bound, its_facts = bind(contract, held.rules.terms, given, told["system"], day)
    if bound != contract:
        version = binding_version(bound, received_at, now)
        held = hold(version, bound, actor, received_at, now, its_facts, answers, told)
        asked = (*(q for q in asked if q.index is not None), *held.reply.asked)
        given = with_answers(facts, asked, answers)
    verdict = held.reply.decision
    if between := rivals(held.ticket, verdict):
        verdict = undecided_between(verdict, between)
    stage = imagined_stage(held.ticket, verdict, held.reply.facts, received_at)
    clocks = Clocks.of_new(held.ticket, actor)
    start_clocks(clocks, stage, received_at)
    used = held.usage.quotas.get(verdict.clause_id or "", QuotaUse())
    return Rehearsal(held.version, held.ticket, stage.decision, clocks.rows, asked, given, used)


def hold(
    version: ContractVersion,
    contract: Contract,
    actor: Membership,
    received_at: datetime,
    now: datetime,
    facts: Facts,
    answers: Told,
    told: Mapping[str, Any],
) -> Held:
    rules = rules_of(version)
    check_place(rules, told["system"], told["environment"])
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
    known = with_warranty(known, ticket, rules)
    reply, usage = interview(rules.terms, known, answers), Usage()
    if asks_quotas(reply.decision, rules):
        usage = usage_of(ticket)
        reply = interview(rules.terms, known, answers, usage)
    if actor.is_vendor and reply.asked:
        sure = replace(reply.facts, confirmed=known.confirmed | intake.told(reply.facts))
        reply = reply._replace(facts=sure, decision=scope.decide(rules.terms, sure, usage))
    return Held(version, rules, ticket, reply, usage)


def usage_of(ticket: Ticket) -> Usage:
    """Return the quotas of the month as they stand now, without a lock."""
    month = first_of_month(ticket.contract.local_date(ticket.received_at))
    starts_at, ends_at = bounds_of(month, ticket.contract.zone)
    period = Period(contract_id=ticket.contract_id, starts_at=starts_at, ends_at=ends_at)
    return Usage(quotas=quotas_used(period, ticket))


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
