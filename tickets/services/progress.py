"""Commands that move a ticket while it is worked on: assign, start, pause, resume, restore."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from tenants.errors import Invalid, Refused
from tenants.models import Membership
from tenants.services import audit
from tickets.domain.lifecycle import Action
from tickets.models import Assignment, Ticket
from tickets.models.choices import ObligationKind, PauseCause, TicketType
from tickets.services.clocks import Clocks
from tickets.services.guard import begin


@transaction.atomic
def assign(
    *,
    ticket: Ticket,
    actor: Membership,
    owner: Membership,
    now: datetime,
    team: str = "",
    tier: str = "",
    reason: str = "",
) -> Ticket:
    """
    Make a vendor person of this client's team accountable for the current stage.

    :raises Invalid: if `owner` is a client, or has left the team.
    """
    if not (owner.is_vendor and owner.is_active):
        raise Invalid(_("Choose a person of the vendor's team for this client."), field="owner")
    ticket = begin(ticket, actor, Action.ASSIGN)
    stage, before = ticket.stage, ticket.stage.owner_id
    stage.owner, stage.tier = owner, tier or owner.tier
    stage.save(update_fields=["owner", "tier"])
    Assignment.objects.create(
        tenant_id=ticket.tenant_id,
        stage=stage,
        ticket=ticket,
        owner=owner,
        team=team,
        tier=stage.tier,
        by=actor,
        reason=reason,
        at=now,
    )
    audit.record(
        actor=actor,
        verb="ticket.assigned",
        subject=ticket,
        at=now,
        before=before,
        after=owner.pk,
        team=team,
        tier=stage.tier,
        reason=reason,
    )
    return ticket


@transaction.atomic
def start_work(*, ticket: Ticket, actor: Membership, now: datetime) -> Ticket:
    """Begin to work on a new ticket."""
    ticket = begin(ticket, actor, Action.START)
    ticket.save(update_fields=["status"])
    audit.record(actor=actor, verb="ticket.started", subject=ticket, at=now)
    return ticket


@transaction.atomic
def pause_ticket(
    *, ticket: Ticket, actor: Membership, cause: str, now: datetime, reason: str = ""
) -> Ticket:
    """
    Stop the clocks for something the client causes; the client reads cause and reason.

    The acknowledge clock never pauses, and the update clock ends its round.

    :raises Invalid: if `cause` is not on the closed list.
    """
    if cause not in PauseCause.values:
        raise Invalid(_("Only what the client causes pauses a clock."), field="cause")
    ticket = begin(ticket, actor, Action.PAUSE)
    clocks = Clocks(ticket, actor)
    clocks.stop(ObligationKind.UPDATE, now, cause=cause)
    clocks.pause(now, cause=cause, reason=reason)
    clocks.save()
    ticket.save(update_fields=["status", "next_due_at"])
    audit.record(
        actor=actor, verb="ticket.paused", subject=ticket, at=now, cause=cause, reason=reason
    )
    return ticket


@transaction.atomic
def resume_ticket(*, ticket: Ticket, actor: Membership, now: datetime) -> Ticket:
    """Let the clocks run on."""
    ticket = begin(ticket, actor, Action.RESUME)
    clocks = Clocks(ticket, actor)
    clocks.resume(now)
    clocks.save()
    ticket.save(update_fields=["status", "next_due_at"])
    audit.record(actor=actor, verb="ticket.resumed", subject=ticket, at=now)
    return ticket


@transaction.atomic
def restore_service(*, ticket: Ticket, actor: Membership, now: datetime, note: str = "") -> Ticket:
    """
    Say that service is back; the restore clock stops here, and the permanent fix starts its own.

    :raises Refused: if service was restored already, or the ticket is no incident.
    """
    ticket = begin(ticket, actor, Action.RESTORE)
    if ticket.type != TicketType.INCIDENT:
        raise Refused(_("Only an incident has a service to restore."))
    if ticket.restored_at is not None:
        raise Refused(_("Service was restored already."))
    clocks = Clocks(ticket, actor)
    restored(ticket, clocks, now)
    clocks.save()
    ticket.save(update_fields=["restored_at", "next_due_at"])
    audit.record(actor=actor, verb="ticket.restored", subject=ticket, at=now, note=note)
    return ticket


def restored(ticket: Ticket, clocks: Clocks, now: datetime) -> None:
    """Stop what ends with the restoration and start what begins with it."""
    ticket.restored_at = now
    clocks.stop(ObligationKind.RESTORE, now)
    clocks.stop(ObligationKind.UPDATE, now)
    clocks.start(ObligationKind.PERMANENT_FIX, ticket.stage, now)
