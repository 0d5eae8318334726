"""What every command does first: lock the ticket, ask the table of steps."""

from tenants.models import Membership
from tickets.domain import lifecycle
from tickets.domain.lifecycle import Action
from tickets.models import Ticket


def begin(ticket: Ticket, actor: Membership, action: Action) -> Ticket:
    """
    Lock the ticket and move it along the lifecycle; the caller saves.

    :raises TransitionNotAllowed: if its status does not offer the step.
    :raises RoleNotAllowed: if it does, but not to the desk of `actor`.
    """
    locked = (
        Ticket.objects.select_for_update(of=["self"])
        .select_related("version", "contract", "stage__owner", "stage__decision", "tenant")
        .get(pk=ticket.pk)
    )
    locked.status = lifecycle.after(locked.status, action, role=actor.role)
    return locked
