"""From operation to maintenance: an offer with evidence, answered under a clock, dropped by nobody."""

from dataclasses import replace
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from contracts.domain.scope import Facts
from contracts.rules import rules_of
from tenants.errors import Invalid, Refused
from tenants.models import Membership
from tenants.services import audit
from tickets.domain.lifecycle import Action
from tickets.models import Handoff, Ticket
from tickets.models.choices import HandoffState, ObligationKind, WorkStream
from tickets.services.clocks import Clocks
from tickets.services.guard import begin
from tickets.services.intake import begin_stage, told
from tickets.services.owners import first_on_duty

EVIDENCE = ("symptom", "workaround", "logs", "impact")


@transaction.atomic
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
    ticket = begin(ticket, actor, Action.OFFER_HANDOFF)
    if ticket.stage.stream == WorkStream.MAINTENANCE:
        raise Refused(_("Maintenance has this ticket already."))
    if Handoff.objects.filter(ticket=ticket, state=HandoffState.OFFERED).exists():
        raise Refused(_("An offer waits for its answer already."))
    if not evidence.get("symptom", "").strip():
        raise Invalid(_("Describe the symptom, so that maintenance can begin."), field="symptom")
    handoff = Handoff.objects.create(
        tenant_id=ticket.tenant_id,
        ticket=ticket,
        stage=ticket.stage,
        to_stream=WorkStream.MAINTENANCE,
        offered_by=actor,
        offered_at=now,
        evidence={name: evidence.get(name, "") for name in EVIDENCE},
    )
    clocks = Clocks(ticket, actor)
    clocks.start(ObligationKind.HANDOFF, ticket.stage, now)
    clocks.start(ObligationKind.PERMANENT_FIX, ticket.stage, now)
    clocks.save()
    ticket.save(update_fields=["next_due_at"])
    audit.record(
        actor=actor, verb="handoff.offered", subject=ticket, at=now, handoff=handoff.public_id
    )
    return handoff


@transaction.atomic
def accept_handoff(
    *, handoff: Handoff, actor: Membership, now: datetime, activity: str = ""
) -> Ticket:
    """
    Take the ticket over: a maintenance stage begins with a verdict of its own, owned by `actor`.

    :raises Refused: if somebody answered the offer before.
    """
    return _hand_over(handoff, actor, actor, now, HandoffState.ACCEPTED, activity)


@transaction.atomic
def dispute_handoff(*, handoff: Handoff, actor: Membership, reason: str, now: datetime) -> Ticket:
    """
    Refuse the offer with a reason. The giver stays accountable and the handoff clock runs on.

    :raises Invalid: if there is no reason.
    :raises Refused: if somebody answered the offer before.
    """
    if not reason.strip():
        raise Invalid(_("Say why, so that operation can answer."), field="reason")
    ticket = begin(handoff.ticket, actor, Action.DISPUTE_HANDOFF)
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


@transaction.atomic
def default_handoff(*, handoff: Handoff, now: datetime) -> Ticket:
    """
    Give an unanswered or disputed offer to the default owner that the terms name.

    :raises Refused: if it was answered meanwhile.
    """
    target = rules_of(handoff.ticket.version).terms.target_for("handoff")
    desk = target.default_owner if target and target.default_owner else "bridge_se"
    owner = first_on_duty(desk, "bridge_se", "account_manager")
    return _hand_over(handoff, owner, None, now, HandoffState.DEFAULTED, "")


def _hand_over(
    handoff: Handoff,
    owner: Membership,
    actor: Membership | None,
    now: datetime,
    state: str,
    activity: str,
) -> Ticket:
    ticket = begin(handoff.ticket, owner, Action.ACCEPT_HANDOFF)
    _answer(handoff, actor, now, state, "")
    rules, before = rules_of(ticket.version), ticket.stage
    before.ended_at = now
    before.save(update_fields=["ended_at"])
    facts = replace(Facts.from_dict(before.facts), activity=activity or None)
    facts = replace(facts, confirmed=(facts.confirmed - {"activity"}) | told(facts))
    begin_stage(
        ticket=ticket,
        facts=facts,
        rules=rules,
        actor=actor,
        at=now,
        owner=owner,
        stream=WorkStream.MAINTENANCE,
        sequence=before.sequence + 1,
    )
    clocks = Clocks(ticket, actor)
    clocks.stop(ObligationKind.HANDOFF, now)
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


def _answer(
    handoff: Handoff, actor: Membership | None, now: datetime, state: str, reason: str
) -> None:
    """Answer the offer once: the row count of one conditional UPDATE says who was first."""
    waiting = Handoff.objects.filter(pk=handoff.pk, state=HandoffState.OFFERED)
    if state == HandoffState.DEFAULTED:
        waiting = Handoff.objects.filter(
            pk=handoff.pk, state__in=[HandoffState.OFFERED, HandoffState.DISPUTED]
        )
    answered = waiting.update(state=state, answered_by=actor, answered_at=now, reason=reason)
    if not answered:
        raise Refused(_("Somebody answered this offer before."))
