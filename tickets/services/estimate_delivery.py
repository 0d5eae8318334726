"""What was accepted is delivered, and taken: then a fixed price falls due. Or it is cancelled."""

from datetime import datetime

from django.db import transaction

from contracts.rules import rules_of
from contracts.services import period_for_work
from tenants.models import Membership
from tickets.domain.estimate import EstimateAction
from tickets.models import Estimate, EstimateCharge, Ticket
from tickets.models.choices import EstimateStatus, Pricing
from tickets.services.estimate_burn import burn_of
from tickets.services.estimate_steps import begin_step, move, record, terms_of
from tickets.services.estimates import take_off_the_table
from tickets.services.guard import command, lock, stage_of
from tickets.services.offers import said_why
from tickets.services.promises import end_of

Ground = EstimateCharge.Ground


@command
def deliver_estimate(
    *, estimate: Estimate, actor: Membership, now: datetime, note: str = ""
) -> Estimate:
    """
    Say that what was accepted is delivered; the service owner accepts the delivery.

    Where the terms have `deemed_after`, silence until then is acceptance.
    """
    ticket, estimate, target = begin_step(estimate, actor, EstimateAction.DELIVER)
    deemed_after = terms_of(ticket, now).deemed_after
    deemed_at = end_of(deemed_after, now, rules_of(ticket.version)) if deemed_after else None
    move(estimate, target, now, delivered_at=now, deemed_at=deemed_at)
    record(estimate, "delivered", actor=actor, now=now, note=note.strip()[:200])
    return estimate


@command
def accept_delivery(*, estimate: Estimate, actor: Membership, now: datetime) -> Estimate:
    """Accept a delivery for the client: the estimate is over, and a fixed price falls due now."""
    _ticket, estimate, target = begin_step(estimate, actor, EstimateAction.ACCEPT_DELIVERY)
    take_delivery(estimate, target, actor, now, now, Ground.DELIVERED)
    return estimate


def take_delivery(
    estimate: Estimate,
    target: str,
    actor: Membership | None,
    at: datetime,
    now: datetime,
    ground: str,
) -> None:
    move(estimate, target, now, deemed_at=None, ended_at=at)
    price = estimate.accepted.amount
    charge(estimate, ground, price, actor, at, now)
    deemed = ground == Ground.DEEMED
    record(estimate, "delivery_accepted", actor=actor, now=now, deemed=deemed)


def charge(
    estimate: Estimate,
    ground: str,
    amount: int,
    actor: Membership | None,
    at: datetime,
    now: datetime,
) -> None:
    """Let a fixed price fall due in the open month of `at`; time and material is charged as worked."""
    if estimate.accepted.pricing != Pricing.FIXED:
        return
    ticket = estimate.ticket
    EstimateCharge.objects.create(
        tenant_id=estimate.tenant_id,
        estimate=estimate,
        revision=estimate.accepted,
        ground=ground,
        amount=amount,
        clause_id=stage_of(ticket).decision.clause_id,
        period=period_for_work(ticket.contract, at, now)[0],
        by=actor,
        at=at,
    )


@command
def refuse_delivery(
    *, estimate: Estimate, actor: Membership, reason: str, now: datetime
) -> Estimate:
    """
    Say for the client what is missing: the work goes on under the estimate.

    :raises Invalid: if there is no reason.
    """
    reason = said_why(reason)
    _ticket, estimate, target = begin_step(estimate, actor, EstimateAction.REFUSE_DELIVERY)
    move(estimate, target, now, delivered_at=None, deemed_at=None)
    record(estimate, "delivery_refused", actor=actor, now=now, reason=reason)
    return estimate


@command
def cancel_estimate(
    *, estimate: Estimate, actor: Membership, reason: str, now: datetime
) -> Estimate:
    """
    Stop accepted work. Of a fixed price what was done is charged, at the rates and up to the price.

    :raises Invalid: if there is no reason.
    :raises RateMissing: if no rate was agreed for some of the work.
    """
    reason = said_why(reason)
    _ticket, estimate, target = begin_step(estimate, actor, EstimateAction.CANCEL)
    cancel(estimate, target, actor, reason, now)
    return estimate


def cancel(
    estimate: Estimate, target: str, actor: Membership | None, reason: str, now: datetime
) -> None:
    burn = burn_of(estimate)
    move(estimate, target, now, deemed_at=None)
    charge(estimate, Ground.CANCELLED, min(burn.used, burn.amount), actor, now, now)
    record(estimate, "cancelled", actor=actor, now=now, reason=reason, used=burn.used)


def end_with_ticket(ticket: Ticket, actor: Membership, *, reason: str, now: datetime) -> None:
    """End what is on the table or at work when its ticket is cancelled, by whoever may do that."""
    estimate = Estimate.objects.alive().filter(ticket=ticket).first()
    if estimate is None:
        return
    if estimate.is_on_the_table:
        _t, estimate, target = begin_step(estimate, None, EstimateAction.WITHDRAW)
        take_off_the_table(estimate, target, now)
        record(estimate, "withdrawn", actor=actor, now=now, reason=reason)
    if estimate.ended_at is None:
        _t, estimate, target = begin_step(estimate, None, EstimateAction.CANCEL)
        cancel(estimate, target, actor, reason, now)


def deemed_deliveries(now: datetime) -> list[int]:
    """Return the deliveries on which the client was silent for too long, the earliest first."""
    rows = Estimate.objects.filter(status=EstimateStatus.DELIVERED, deemed_at__lt=now)
    return list(rows.order_by("deemed_at").values_list("pk", flat=True))


@transaction.atomic
def deem_delivered(estimate_id: int, now: datetime) -> None:
    """Take a delivery by the client's silence, where nobody works on its ticket right now."""
    estimate = Estimate.objects.get(pk=estimate_id)
    if lock(estimate.ticket_id, skip_locked=True) is None:
        return
    fresh = Estimate.objects.get(pk=estimate_id)
    if fresh.status != EstimateStatus.DELIVERED or not fresh.deemed_at or fresh.deemed_at >= now:
        return
    _ticket, estimate, target = begin_step(fresh, None, EstimateAction.ACCEPT_DELIVERY)
    take_delivery(estimate, target, None, fresh.deemed_at, now, Ground.DEEMED)
