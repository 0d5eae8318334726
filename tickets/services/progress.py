"""Commands that move a ticket while it is worked on: assign, start, pause, resume, restore."""

from datetime import datetime

from django.utils.translation import gettext as _

from contracts.rules import rules_of
from tenants.errors import Invalid, NotPermitted, Refused
from tenants.models import Membership
from tenants.roles import Role
from tenants.services import audit
from tickets.domain.lifecycle import Action
from tickets.models import Handoff, Stage, Ticket
from tickets.models.choices import (
    HandoffState,
    ObligationKind,
    PauseCause,
    TicketType,
    WorkStream,
)
from tickets.services.clocks import Clocks
from tickets.services.guard import begin, command, stage_of
from tickets.services.promises import AFTER_RESTORATION, is_clients, start_if_promised
from tickets.services.stages import note_owner


@command
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
    Make a person of this client's team accountable for the current stage.

    What fell to its default owner is assigned by the bridge SE only.

    :raises Invalid: if `owner` has left the team, or is not of the side whose activity it is.
    """
    ticket = begin(ticket.pk, actor, Action.ASSIGN)
    stage = stage_of(ticket)
    check_owner(ticket, stage, owner)
    if actor.role != Role.BRIDGE_SE and fell_to_default(stage):
        raise NotPermitted(_("This fell to its default owner: only the bridge SE assigns it."))
    before = stage.owner_id
    stage.owner, stage.tier = owner, tier or owner.tier
    stage.save(update_fields=["owner", "tier"])
    note_owner(stage, actor=actor, at=now, team=team, reason=reason)
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


def check_owner(ticket: Ticket, stage: Stage, owner: Membership) -> None:
    if not owner.is_active or owner.tenant_id != ticket.tenant_id:
        raise Invalid(_("Choose a person of the vendor's team for this client."), field="owner")
    if is_clients(stage.activity, rules_of(ticket.version)):
        if owner.is_vendor:
            raise Invalid(_("This is the client's to do: choose one of them."), field="owner")
    elif not owner.is_vendor:
        raise Invalid(_("Choose a person of the vendor's team for this client."), field="owner")


def fell_to_default(stage: Stage) -> bool:
    """Return whether nobody took the stage, so that it went to the default owner."""
    if stage.stream != WorkStream.MAINTENANCE or stage.sequence == 1:
        return False
    return Handoff.objects.filter(ticket_id=stage.ticket_id, state=HandoffState.DEFAULTED).exists()


@command
def start_work(*, ticket: Ticket, actor: Membership, now: datetime) -> Ticket:
    """Begin to work on a new ticket."""
    ticket = begin(ticket.pk, actor, Action.START)
    ticket.save(update_fields=["status"])
    audit.record(actor=actor, verb="ticket.started", subject=ticket, at=now)
    return ticket


@command
def pause_ticket(
    *, ticket: Ticket, actor: Membership, cause: str, now: datetime, reason: str = ""
) -> Ticket:
    """
    Stop the clocks for something the client causes; the client reads cause and reason.

    The acknowledge and handoff clocks never pause.

    :raises Invalid: if `cause` is not on the closed list.
    """
    if cause not in PauseCause.values:
        raise Invalid(_("Only what the client causes pauses a clock."), field="cause")
    ticket = begin(ticket.pk, actor, Action.PAUSE)
    clocks = Clocks.of(ticket, actor)
    clocks.pause(now, cause=cause, reason=reason)
    clocks.save()
    ticket.save(update_fields=["status", "next_due_at"])
    audit.record(
        actor=actor, verb="ticket.paused", subject=ticket, at=now, cause=cause, reason=reason
    )
    return ticket


@command
def resume_ticket(*, ticket: Ticket, actor: Membership, now: datetime) -> Ticket:
    """Let the clocks run on."""
    ticket = begin(ticket.pk, actor, Action.RESUME)
    clocks = Clocks.of(ticket, actor)
    clocks.resume(now)
    clocks.save()
    ticket.save(update_fields=["status", "next_due_at"])
    audit.record(actor=actor, verb="ticket.resumed", subject=ticket, at=now)
    return ticket


@command
def restore_service(*, ticket: Ticket, actor: Membership, now: datetime, note: str = "") -> Ticket:
    """
    Say that service is back; the restore clock stops here, and the permanent fix starts its own.

    :raises Refused: if service was restored already, or the ticket is no incident.
    """
    ticket = begin(ticket.pk, actor, Action.RESTORE)
    if ticket.type != TicketType.INCIDENT:
        raise Refused(_("Only an incident has a service to restore."))
    if ticket.restored_at is not None:
        raise Refused(_("Service was restored already."))
    clocks = Clocks.of(ticket, actor, stopped=True)
    restored(ticket, clocks, now)
    clocks.save()
    ticket.save(update_fields=["restored_at", "next_due_at"])
    audit.record(actor=actor, verb="ticket.restored", subject=ticket, at=now, note=note)
    return ticket


def restored(ticket: Ticket, clocks: Clocks, now: datetime) -> None:
    """Stop what ends with the restoration and start what begins with it."""
    ticket.restored_at = now
    clocks.stop(ObligationKind.RESTORE, now)
    clocks.void(ObligationKind.UPDATE, now, cause="restored")
    for kind in AFTER_RESTORATION:
        start_if_promised(clocks, kind, stage_of(ticket), now)
