"""Commands that end a ticket, and the one that brings it back."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from contracts.domain.scope import Facts
from contracts.models import Period, PeriodState
from contracts.rules import rules_of
from tenants.errors import Invalid, Refused
from tenants.models import Membership
from tenants.services import audit
from tickets.domain.lifecycle import Action
from tickets.models import Ticket
from tickets.models.choices import ObligationKind, Status, TicketType, WorkStream
from tickets.services.clocks import Clocks
from tickets.services.conversation import say
from tickets.services.guard import begin
from tickets.services.intake import begin_stage
from tickets.services.progress import restored

RESOLVED_COLUMNS = ["status", "resolution", "resolved_at", "restored_at", "next_due_at"]


@transaction.atomic
def resolve_ticket(
    *,
    ticket: Ticket,
    actor: Membership,
    resolution: str,
    now: datetime,
    fix: str = "none_needed",
    fix_reason: str = "",
) -> Ticket:
    """
    Resolve the ticket and tell the client how; its clocks stop, a pause ends at that instant.

    The permanent fix is `delivered` by maintenance, or `none_needed` for a reason that the client
    may dispute: then its clock is void and counts in no percentage.

    :raises Invalid: if the resolution is empty.
    """
    if not resolution.strip():
        raise Invalid(_("Say how it was resolved: the client reads this."), field="resolution")
    ticket = begin(ticket, actor, Action.RESOLVE)
    clocks = Clocks(ticket, actor)
    if ticket.type == TicketType.INCIDENT and ticket.restored_at is None:
        restored(ticket, clocks, now)
    delivered = fix == "delivered" or ticket.stage.stream == WorkStream.MAINTENANCE
    if delivered:
        clocks.stop(ObligationKind.PERMANENT_FIX, now)
    else:
        clocks.void(ObligationKind.PERMANENT_FIX, now, cause="no_fix_needed", reason=fix_reason)
    clocks.stop(ObligationKind.RESOLVE, now)
    clocks.stop(ObligationKind.UPDATE, now)
    say(ticket, actor, resolution, now, clocks=clocks)
    clocks.save()
    ticket.resolution, ticket.resolved_at = resolution, now
    ticket.save(update_fields=RESOLVED_COLUMNS)
    audit.record(
        actor=actor,
        verb="ticket.resolved",
        subject=ticket,
        at=now,
        fix="delivered" if delivered else "none_needed",
        reason=fix_reason,
    )
    return ticket


@transaction.atomic
def close_ticket(*, ticket: Ticket, actor: Membership, now: datetime) -> Ticket:
    """Close a resolved ticket."""
    ticket = begin(ticket, actor, Action.CLOSE)
    ticket.closed_at = now
    _end_stage(ticket, now)
    ticket.save(update_fields=["status", "closed_at"])
    audit.record(actor=actor, verb="ticket.closed", subject=ticket, at=now)
    return ticket


@transaction.atomic
def cancel_ticket(*, ticket: Ticket, actor: Membership, reason: str, now: datetime) -> Ticket:
    """
    Cancel a ticket that is not to be done; its open clocks are void.

    :raises Invalid: if there is no reason.
    """
    if not reason.strip():
        raise Invalid(_("Say why the ticket is cancelled."), field="reason")
    ticket = begin(ticket, actor, Action.CANCEL)
    clocks = Clocks(ticket, actor)
    clocks.void_all(now, cause="cancelled", reason=reason)
    clocks.save()
    ticket.closed_at = now
    _end_stage(ticket, now)
    ticket.save(update_fields=["status", "closed_at", "next_due_at"])
    audit.record(actor=actor, verb="ticket.cancelled", subject=ticket, at=now, reason=reason)
    return ticket


@transaction.atomic
def reopen_ticket(
    *, ticket: Ticket, actor: Membership, reason: str, now: datetime, late: bool = False
) -> Ticket:
    """
    Take up a ticket again that was not done; its clock runs on where it stood.

    `late` is for what another desk reopened already (an imported log): the limit does not hold.

    :raises Refused: if `reopen_within` of the terms is over: that is a new ticket, linked to it.
    """
    was = ticket.status
    ticket = begin(ticket, actor, Action.REOPEN)
    if not late and now > reopen_until(ticket):
        raise Refused(_("The time to reopen is over. Open a new ticket and link this one."))
    if was == Status.CLOSED:
        _stage_again(ticket, actor, now)
    clocks = Clocks(ticket, actor, stopped=True)
    for kind in (ObligationKind.RESOLVE, ObligationKind.PERMANENT_FIX):
        clocks.reopen(kind, now, month_is_closed=lambda at: _month_is_closed(ticket, at))
    clocks.save()
    ticket.reopened += 1
    ticket.resolved_at = ticket.closed_at = None
    ticket.save(
        update_fields=["status", "reopened", "resolved_at", "closed_at", "stage", "next_due_at"]
    )
    audit.record(actor=actor, verb="ticket.reopened", subject=ticket, at=now, reason=reason)
    return ticket


def reopen_until(ticket: Ticket) -> datetime:
    """Return the last instant at which a resolved ticket may be reopened."""
    rules = rules_of(ticket.version)
    within = rules.terms.time.reopen_within
    ended = ticket.resolved_at or ticket.closed_at
    if within.business_days is not None:
        hours = rules.hours[rules.terms.time.hours or "always"]
        return hours.close_of_business_day(ended, within.business_days)
    return ended + within.duration


def _end_stage(ticket: Ticket, now: datetime) -> None:
    ticket.stage.ended_at = now
    ticket.stage.save(update_fields=["ended_at"])


def _stage_again(ticket: Ticket, actor: Membership, now: datetime) -> None:
    before = ticket.stage
    begin_stage(
        ticket=ticket,
        facts=Facts.from_dict(before.facts),
        rules=rules_of(ticket.version),
        actor=actor,
        at=now,
        owner=before.owner,
        stream=before.stream,
        sequence=before.sequence + 1,
        reason="reopened",
    )


def _month_is_closed(ticket: Ticket, at: datetime) -> bool:
    return Period.objects.filter(
        contract_id=ticket.contract_id, starts_at__lte=at, ends_at__gt=at, state=PeriodState.CLOSED
    ).exists()
