"""What every view of a ticket asks first: which ticket, and at which desk this person stands."""

from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404

from tenants.models import Membership
from tickets.domain import lifecycle
from tickets.domain.lifecycle import Action
from tickets.models import Ticket
from tickets.models.ticket import TicketQuerySet


def tickets_of(request: HttpRequest) -> TicketQuerySet:
    return Ticket.objects.visible_to(request.memberships)


def ticket_or_404(request: HttpRequest, key: str) -> Ticket:
    """Return the ticket; another client's is the same 404 as one that never was."""
    rows = tickets_of(request).select_related(
        "tenant",
        "contract",
        "version",
        "requester__user",
        "stage__owner__user",
        "stage__decision__by__user",
    )
    return get_object_or_404(rows, key=key)


def desks_at(request: HttpRequest, ticket: Ticket) -> list[Membership]:
    return [m for m in request.memberships if m.tenant_id == ticket.tenant_id]


def actor_for(request: HttpRequest, ticket: Ticket, action: Action | None = None) -> Membership:
    """Return the desk at which this person takes the step: the first that may, else the first."""
    if not (desks := desks_at(request, ticket)):
        raise Http404
    able = (m for m in desks if action in actions_at(ticket, m))
    return next(able, desks[0])


def actions_at(ticket: Ticket, member: Membership) -> list[Action]:
    return [step.action for step in lifecycle.steps_for(ticket.status, member.role)]
