"""The client's answer to an estimate: accepted within an authority, declined, or none in time."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import formats
from django.utils.translation import gettext as _

from contracts.services import period_for_work
from tenants.errors import Invalid, Refused
from tenants.models import Membership
from tenants.roles import Role
from tickets.domain.estimate import UNLIMITED, EstimateAction
from tickets.models import Estimate, EstimateAcceptance, Ticket
from tickets.models.choices import EstimateStatus, ObligationKind, TicketType
from tickets.services.attachments import StoredFile
from tickets.services.clocks import Clocks
from tickets.services.estimate_approval import check_day
from tickets.services.estimate_burn import warn_of_burn
from tickets.services.estimate_orders import keep_order
from tickets.services.estimate_people import (
    above_authority,
    check_not_own,
    client_limit,
    cumulative_of,
)
from tickets.services.estimate_steps import begin_step, check_seen, move, record, terms_of
from tickets.services.estimates import end_decision, take_off_the_table
from tickets.services.guard import command, lock, stage_of
from tickets.services.offers import said_why
from tickets.services.settlements import settle_held

Authority = EstimateAcceptance.Authority


@command
def accept_estimate(
    *,
    estimate: Estimate,
    actor: Membership,
    revision: int,
    amount: int,
    now: datetime,
    purchase_order: str = "",
    files: Sequence[StoredFile] = (),
) -> Estimate:
    """
    Accept the revision and amount (minor units) that were seen: work may be charged under it.

    A service owner accepts within their authority, which is held against all extra work of the
    ticket; above it an account manager records the number of the client's purchase order, and its
    `files` where it came as some. Minutes
    that were held for the estimate come under it, and its delivery date is the fix deadline.

    :raises Refused: if something else is on the table, or it or its delivery date has expired.
    :raises NotPermitted: if the amount is above the authority; it names the ways out.
    :raises Invalid: if an account manager records no purchase order.
    """
    by_order = actor.role == Role.ACCOUNT_MANAGER
    action = EstimateAction.RECORD_ORDER if by_order else EstimateAction.ACCEPT
    ticket, estimate, target = begin_step(estimate, actor, action)
    check_seen(estimate, revision, amount)
    check_not_own(estimate.revision, actor)
    if now > estimate.expires_at:
        raise Refused(_("This estimate has expired. Ask for a new revision."))
    check_day(estimate, ticket, now)
    authority = under_authority(estimate, actor, amount, purchase_order.strip(), now)
    acceptance = EstimateAcceptance.objects.create(
        tenant_id=estimate.tenant_id,
        estimate=estimate,
        revision=estimate.revision,
        by=actor,
        at=now,
        amount=amount,
        sha256=estimate.revision.sha256,
        period=period_for_work(ticket.contract, now, now)[0],
        **authority,
    )
    since = estimate.accepted_at or now
    move(
        estimate,
        target,
        now,
        accepted=estimate.revision,
        accepted_at=since,
        expires_at=None,
        warned_at=None,
    )
    if files:
        keep_order(acceptance, estimate, files, actor, now)
    settle_held(estimate, by=actor, now=now)
    hold_to_delivery(ticket, estimate, actor, now)
    record(estimate, "accepted", actor=actor, now=now, **said(authority))
    warn_of_burn(estimate, actor=None, now=now)
    return estimate


def under_authority(
    estimate: Estimate, actor: Membership, amount: int, purchase_order: str, now: datetime
) -> dict[str, Any]:
    """Return the columns that say with which authority an amount is accepted."""
    cumulative = cumulative_of(estimate, amount)
    columns = {"cumulative": cumulative, "purchase_order": purchase_order[:80]}
    if actor.role == Role.ACCOUNT_MANAGER:
        if not purchase_order:
            raise Invalid(
                _("Write the number of the client's purchase order."), field="purchase_order"
            )
        return columns | {"authority": Authority.PURCHASE_ORDER, "limit": None}
    terms, currency = terms_of(estimate.ticket, now), estimate.revision.currency
    limit = client_limit(actor, terms)
    if cumulative > limit:
        raise above_authority(estimate.ticket, terms, cumulative, actor, limit, currency)
    return columns | {
        "authority": Authority.SERVICE_OWNER,
        "limit": None if limit == UNLIMITED else limit,
    }


def said(authority: dict[str, Any]) -> dict[str, Any]:
    return {
        "authority": str(authority["authority"]),
        "purchase_order": authority["purchase_order"],
        "cumulative": authority["cumulative"],
    }


def hold_to_delivery(ticket: Ticket, estimate: Estimate, actor: Membership, now: datetime) -> None:
    """Stop the client's clock; the delivery date that was accepted is the deadline of the fix."""
    clocks = Clocks.of(ticket, actor)
    clocks.stop(ObligationKind.CLIENT_DECISION, now)
    on = estimate.revision.delivery_on
    if on is not None and ticket.is_open:
        is_fix = ticket.type == TicketType.INCIDENT
        kind = ObligationKind.PERMANENT_FIX if is_fix else ObligationKind.RESOLVE
        reason = _("Delivery date of the accepted estimate: %s") % formats.date_format(on, "Y-m-d")
        clocks.agree(kind, stage_of(ticket), now, on, reason=reason)
    clocks.save()
    ticket.save(update_fields=["next_due_at"])


@command
def decline_estimate(
    *,
    estimate: Estimate,
    actor: Membership,
    reason: str,
    now: datetime,
    revision: int | None = None,
    amount: int | None = None,
) -> Estimate:
    """
    Say no for the client. What was accepted before stands; else the minutes that waited are given.

    :raises Invalid: if there is no reason.
    :raises Refused: if something else than what was seen is on the table.
    """
    reason = said_why(reason)
    ticket, estimate, target = begin_step(estimate, actor, EstimateAction.DECLINE)
    check_seen(estimate, revision, amount)
    clocks = Clocks.of(ticket, actor)
    clocks.stop(ObligationKind.CLIENT_DECISION, now)
    clocks.save()
    ticket.save(update_fields=["next_due_at"])
    take_off_the_table(estimate, target, now)
    record(estimate, "declined", actor=actor, now=now, reason=reason)
    return estimate


def expired_estimates(now: datetime) -> list[int]:
    """Return the estimates whose time to answer is over, the earliest first."""
    rows = Estimate.objects.filter(status=EstimateStatus.SENT, expires_at__lt=now)
    return list(rows.order_by("expires_at").values_list("pk", flat=True))


@transaction.atomic
def expire_estimate(estimate_id: int, now: datetime) -> None:
    """Let an unanswered estimate end, where nobody works on its ticket right now."""
    estimate = Estimate.objects.get(pk=estimate_id)
    if lock(estimate.ticket_id, skip_locked=True) is None:
        return
    fresh = Estimate.objects.get(pk=estimate_id)
    if fresh.status != EstimateStatus.SENT or fresh.expires_at >= now:
        return
    ticket, estimate, target = begin_step(fresh, None, EstimateAction.EXPIRE)
    end_decision(ticket, None, now, cause="expired")
    take_off_the_table(estimate, target, now)
    record(estimate, "expired", actor=None, now=now)
