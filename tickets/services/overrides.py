"""A vendor person with authority decides otherwise than the contract's rule, in the open."""

from datetime import datetime

from django.utils.translation import gettext as _

from contracts.rules import rules_of
from tenants.errors import NotPermitted, Refused
from tenants.models import Membership
from tenants.roles import Role
from tenants.services import audit
from tickets.domain.favour import Side, favours
from tickets.domain.lifecycle import Action
from tickets.models import Decision, Dispute, Ticket
from tickets.models.choices import Outcome
from tickets.services import by_hand, verdicts
from tickets.services.by_hand import Said
from tickets.services.guard import begin, command, stage_of
from tickets.services.settlements import is_goodwill


@command
def override_verdict(
    *,
    ticket: Ticket,
    actor: Membership,
    outcome: str,
    reason: str,
    now: datetime,
    clause_id: str = "",
    pool: str = "",
    cap: int | None = None,
) -> Ticket:
    """
    Set another verdict on the current stage, for a reason that the client reads.

    In the client's favour it counts as goodwill, and reaches back to minutes of before; against the
    client it governs later minutes only. It stands until the rule's own answer is another one.

    :raises Invalid: if there is no reason, or the verdict is not a whole one.
    :raises Refused: if nothing is decided yet, nothing would change, or a dispute waits.
    :raises NotPermitted: if it would go back on a ruling.
    """
    reason = by_hand.said_why(reason)
    ticket = begin(ticket.pk, actor, Action.OVERRIDE_VERDICT)
    before = stage_of(ticket).decision
    if before.outcome == Outcome.UNDECIDED:
        raise Refused(_("Nothing is decided yet: an account manager rules on it."))
    if Dispute.objects.waiting().filter(ticket=ticket).exists():
        raise Refused(_("The client disputes this verdict: answer the dispute."))
    said = by_hand.complete(Said(outcome, clause_id, pool, cap), before, rules_of(ticket.version))
    if said == Said.by(before):
        raise Refused(_("The verdict says this already."))
    side = favours(before.outcome, said.outcome)
    check_ruling(before, side, actor)
    kind, verb = Decision.Kind.OVERRIDE, "verdict.overridden"
    return _decide(ticket, said, kind, verb, actor, reason, now, gives(before, said))


@command
def rule_undecided(
    *,
    ticket: Ticket,
    actor: Membership,
    outcome: str,
    reason: str,
    now: datetime,
    clause_id: str = "",
    pool: str = "",
    cap: int | None = None,
) -> Ticket:
    """
    Rule on what no clause decides, or on what nobody answers; the ruling names a clause it rests on.

    :raises Invalid: if there is no reason, or the verdict is not a whole one.
    :raises Refused: if the verdict is decided.
    """
    reason = by_hand.said_why(reason)
    ticket = begin(ticket.pk, actor, Action.RULE_UNDECIDED)
    before = stage_of(ticket).decision
    if before.outcome != Outcome.UNDECIDED:
        raise Refused(_("This is decided already: override the verdict."))
    said = by_hand.complete(Said(outcome, clause_id, pool, cap), before, rules_of(ticket.version))
    return _decide(ticket, said, Decision.Kind.RULING, "verdict.ruled", actor, reason, now)


def check_ruling(before: Decision, side: Side, actor: Membership) -> None:
    """
    Keep the answer to a dispute from being taken back.

    :raises NotPermitted: unless an account manager changes it in the client's favour.
    """
    if not before.verdict.get("answers"):
        return
    if side is not Side.CLIENT or actor.role != Role.ACCOUNT_MANAGER:
        raise NotPermitted(
            _("A ruling on a dispute changes only in the client's favour, by an account manager.")
        )


def gives(before: Decision, said: Said) -> bool:
    """Return whether a verdict is better for the client than what the contract or a ruling says."""
    contract_says = verdicts.overruled_by(before)["outcome"]
    if contract_says == Outcome.UNDECIDED or before.verdict.get("answers"):
        contract_says = before.outcome
    return favours(contract_says, said.outcome) is Side.CLIENT


def _decide(
    ticket: Ticket,
    said: Said,
    kind: str,
    verb: str,
    actor: Membership,
    reason: str,
    now: datetime,
    goodwill: bool = False,
) -> Ticket:
    stage = stage_of(ticket)
    before = stage.decision
    decision = by_hand.decide(
        ticket=ticket,
        stage=stage,
        said=said,
        kind=kind,
        actor=actor,
        reason=reason,
        now=now,
        goodwill=goodwill,
    )
    audit.record(
        actor=actor,
        verb=verb,
        subject=ticket,
        at=now,
        before={"outcome": before.outcome, "clause": before.clause_id},
        after={"outcome": decision.outcome, "clause": decision.clause_id},
        goodwill=is_goodwill(decision),
        reason=reason,
    )
    return ticket
