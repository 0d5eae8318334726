"""From operation to maintenance: an offer with evidence, answered under a clock, dropped by nobody."""

from dataclasses import replace
from datetime import datetime

from django.utils.translation import gettext as _

from contracts.domain.scope import Facts
from contracts.rules import rules_of
from tenants.errors import Invalid, Refused
from tenants.models import Membership
from tenants.roles import Role
from tenants.services import audit
from tickets.domain.lifecycle import Action
from tickets.models import Handoff, Stage, Ticket
from tickets.models.choices import HandoffState, ObligationKind, WorkStream
from tickets.services.clocks import Clocks
from tickets.services.guard import begin, command, stage_of
from tickets.services.owners import first_on_duty
from tickets.services.promises import hold_to_verdict, start_if_promised
from tickets.services.stages import begin_stage

WAITING = [HandoffState.OFFERED, HandoffState.DISPUTED]
EVIDENCE = ("symptom", "workaround", "logs", "impact")


@command
def offer_handoff(
    *, ticket: Ticket, actor: Membership, evidence: dict[str, str], now: datetime
) -> Handoff:
    """
    Offer the ticket to maintenance. The giver stays accountable until somebody accepts.

    The handoff clock runs from the first offer through every dispute; the permanent fix runs from
    here or from the restoration, whichever came first.

    :raises Invalid: if the symptom is missing from the evidence.
    :raises Refused: if it is with maintenance already, or an offer waits for its answer.
    """
    ticket = begin(ticket.pk, actor, Action.OFFER_HANDOFF)
    stage = stage_of(ticket)
    if stage.stream == WorkStream.MAINTENANCE:
        raise Refused(_("Maintenance has this ticket already."))
    if Handoff.objects.filter(ticket=ticket, state=HandoffState.OFFERED).exists():
        raise Refused(_("An offer waits for its answer already."))
    if not evidence.get("symptom", "").strip():
        raise Invalid(_("Describe the symptom, so that maintenance can begin."), field="symptom")
    handoff = Handoff.objects.create(
        tenant_id=ticket.tenant_id,
        ticket=ticket,
        stage=stage,
        to_stream=WorkStream.MAINTENANCE,
        offered_by=actor,
        offered_at=now,
        evidence={name: evidence.get(name, "") for name in EVIDENCE},
    )
    clocks = Clocks.of(ticket, actor, stopped=True)
    start_if_promised(clocks, ObligationKind.HANDOFF, stage, now)
    start_if_promised(clocks, ObligationKind.PERMANENT_FIX, stage, now)
    clocks.save()
    ticket.save(update_fields=["next_due_at"])
    audit.record(
        actor=actor, verb="handoff.offered", subject=ticket, at=now, handoff=handoff.public_id
    )
    return handoff


@command
def accept_handoff(
    *, handoff: Handoff, actor: Membership, now: datetime, activity: str = ""
) -> Ticket:
    """
    Take the ticket over: a maintenance stage begins with a verdict of its own, owned by `actor`.

    :raises Refused: if somebody answered the offer before.
    """
    ticket = begin(handoff.ticket_id, actor, Action.ACCEPT_HANDOFF)
    return _hand_over(ticket, handoff, actor, actor, now, HandoffState.ACCEPTED, activity)


@command
def dispute_handoff(*, handoff: Handoff, actor: Membership, reason: str, now: datetime) -> Ticket:
    """
    Refuse the offer with a reason. The giver stays accountable and the handoff clock runs on.

    :raises Invalid: if there is no reason.
    :raises Refused: if somebody answered the offer before.
    """
    if not reason.strip():
        raise Invalid(_("Say why, so that operation can answer."), field="reason")
    ticket = begin(handoff.ticket_id, actor, Action.DISPUTE_HANDOFF)
    _answer(handoff, actor, now, HandoffState.DISPUTED, reason)
    audit.record(
        actor=actor,
        verb="handoff.disputed",
        subject=ticket,
        at=now,
        handoff=handoff.public_id,
        reason=reason,
    )
    return ticket


@command
def default_handoff(*, handoff: Handoff, now: datetime) -> Ticket:
    """
    Give an unanswered or disputed offer to the default owner that the terms name.

    :raises Refused: if it was answered meanwhile.
    """
    ticket = begin(handoff.ticket_id, None, Action.ACCEPT_HANDOFF)
    return _hand_over(ticket, handoff, _default_owner(ticket), None, now, HandoffState.DEFAULTED)


def _default_owner(ticket: Ticket) -> Membership:
    """Return the named person of the desk that the terms name; the giver where there is nobody."""
    stage = stage_of(ticket)
    target = rules_of(ticket.version).terms.target_for(
        ObligationKind.HANDOFF, stage.activity or None, ticket.priority, ticket.system
    )
    desk = target.default_owner if target and target.default_owner else Role.BRIDGE_SE
    try:
        return first_on_duty(ticket, desk, Role.BRIDGE_SE, Role.ACCOUNT_MANAGER)
    except Refused:
        return stage.owner


def _hand_over(
    ticket: Ticket,
    handoff: Handoff,
    owner: Membership,
    actor: Membership | None,
    now: datetime,
    state: str,
    activity: str = "",
) -> Ticket:
    _answer(handoff, actor, now, state, "")
    before = stage_of(ticket)
    before.ended_at = now
    before.save(update_fields=["ended_at"])
    stage = begin_stage(
        ticket=ticket,
        facts=_facts_for(before, activity),
        rules=rules_of(ticket.version),
        actor=actor,
        at=now,
        before=before,
        owner=owner,
        stream=WorkStream.MAINTENANCE,
    )
    clocks = Clocks.of(ticket, actor, stopped=True)
    clocks.stop(ObligationKind.HANDOFF, now)
    hold_to_verdict(clocks, stage, now)
    clocks.save()
    ticket.save(update_fields=["stage", "next_due_at"])
    audit.record(
        actor=actor,
        verb=f"handoff.{state}",
        subject=ticket,
        at=now,
        handoff=handoff.public_id,
        owner=owner.pk,
    )
    return ticket


def _facts_for(before: Stage, activity: str) -> Facts:
    """Return what is known, with the activity as the receiver names it or else to be classified."""
    facts = replace(Facts.from_dict(before.facts), activity=activity or None)
    named = {"activity"} if activity else set()
    return replace(facts, confirmed=facts.confirmed - {"activity"} | named)


def waiting_offer(ticket: Ticket) -> Handoff | None:
    """Return the last offer of a ticket where nobody has taken it, disputed or not."""
    last = Handoff.objects.filter(ticket=ticket).order_by("pk").last()
    return last if last and last.state in WAITING else None


def _answer(
    handoff: Handoff, actor: Membership | None, now: datetime, state: str, reason: str
) -> None:
    """Answer the offer once: the row count of one conditional UPDATE says who was first."""
    states = WAITING if state == HandoffState.DEFAULTED else [HandoffState.OFFERED]
    waiting = Handoff.objects.filter(pk=handoff.pk, state__in=states)
    answered = waiting.update(state=state, answered_by=actor, answered_at=now, reason=reason)
    if not answered:
        raise Refused(_("Somebody answered this offer before."))
