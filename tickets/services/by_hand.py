"""A verdict that a person gives: what they say is completed from its clause and written down."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from contracts.domain.scope import Facts
from contracts.domain.terms import Clause
from contracts.rules import Rules, rules_of
from contracts.services import period_at
from contracts.services.periods import lock_exclusive
from tenants.errors import Invalid
from tenants.models import Membership
from tickets.models import Decision, Stage, Ticket
from tickets.models.choices import Outcome
from tickets.services import verdicts
from tickets.services.clocks import Clocks
from tickets.services.promises import hold_ruling, hold_to_verdict
from tickets.services.settlements import settle_stage


@dataclass(frozen=True, slots=True)
class Said:
    """What a person says; what they leave out is the clause's, and the clause is that of before."""

    outcome: str
    clause_id: str = ""
    pool: str = ""
    cap: int | None = None

    @classmethod
    def by(cls, decision: Decision) -> "Said":
        """Return what a decision says."""
        pool, cap = decision.verdict.get("pool") or "", decision.verdict.get("cap")
        return cls(decision.outcome, decision.clause_id, pool, cap)


def complete(said: Said, before: Decision, rules: Rules) -> Said:
    """
    Return the whole verdict that a person gives.

    :raises Invalid: if the outcome is none, or its clause, pool or cap is missing or unknown.
    """
    if said.outcome not in Outcome.values or said.outcome == Outcome.UNDECIDED:
        raise Invalid(_("Choose what the verdict is."), field="outcome")
    said = replace(said, clause_id=said.clause_id or before.clause_id)
    if not said.clause_id:
        raise Invalid(_("Name the clause that this rests on."), field="clause_id")
    if (clause := rules.terms.clause(said.clause_id)) is None:
        names = ", ".join(clause.id for clause in rules.terms.scope.clauses)
        raise Invalid(_("The contract has these clauses: %s.") % names, field="clause_id")
    return replace(said, pool=_pool(said, clause, rules), cap=_cap(said, clause))


def _pool(said: Said, clause: Clause, rules: Rules) -> str:
    if said.outcome != Outcome.POOL:
        return ""
    pool = said.pool or clause.then.pool or ""
    if rules.terms.pool(pool) is None:
        names = ", ".join(pool.key for pool in rules.terms.cost.pools)
        raise Invalid(_("The contract has these hour pools: %s.") % names, field="pool")
    return pool


def _cap(said: Said, clause: Clause) -> int | None:
    if said.outcome != Outcome.PREAPPROVED:
        return None
    cap = clause.then.cap if said.cap is None else said.cap
    if cap is None or cap < 1:
        raise Invalid(_("Say up to which amount it may be billed."), field="cap")
    return cap


def decide(
    *,
    ticket: Ticket,
    stage: Stage,
    said: Said,
    kind: str,
    actor: Membership,
    reason: str,
    now: datetime,
    goodwill: bool = False,
    **more: Any,
) -> Decision:
    """
    Write down what a person decided on a stage of a locked ticket; clocks and minutes follow.

    It names the rule's answer that it overrules. What counts as the clause's own use takes from its
    quota, under the lock of the month, even where that is used up: a person may.
    """
    before, rules = stage.decision, rules_of(ticket.version)
    clause = rules.terms.clause(said.clause_id)
    quota = bool(clause and clause.quota and clause.then.outcome == said.outcome and not goodwill)
    if quota:
        lock_exclusive(period_at(ticket.contract, ticket.received_at))
    decision = verdicts.write(
        ticket,
        stage,
        Facts.from_dict(stage.facts),
        kind=kind,
        outcome=said.outcome,
        clause_id=said.clause_id,
        activity=before.activity,
        uses_quota=quota,
        verdict={
            "outcome": str(said.outcome),
            "clause_id": said.clause_id,
            "activity": before.activity or None,
            "pool": said.pool or None,
            "cap": said.cap,
            "pending": False,
            "question": None,
            "provisional": False,
            "path": before.verdict.get("path", []),
            "goodwill": goodwill,
            "overrules": verdicts.overruled_by(before),
            **more,
        },
        by=actor,
        reason=reason,
        at=now,
    )
    stage.save(update_fields=["decision", "facts"])
    settle_stage(stage, by=actor, now=now)
    follow(ticket, stage, actor, now)
    return decision


def follow(ticket: Ticket, stage: Stage, actor: Membership, now: datetime) -> None:
    """Hold the clocks of a ticket to the new verdict on its current stage; once done, the ruling's."""
    if stage.pk == ticket.stage_id:
        clocks = Clocks.of(ticket, actor, stopped=True)
        hold = hold_to_verdict if ticket.is_open else hold_ruling
        hold(clocks, stage, now)
        clocks.save()
        ticket.save(update_fields=["next_due_at"])


def said_why(reason: str) -> str:
    """
    Return the reason of a verdict by hand.

    :raises Invalid: if there is none.
    """
    if not reason.strip():
        raise Invalid(_("Say why: the client reads this."), field="reason")
    return reason.strip()
