"""Who is accountable: the named person of the desk that the terms name, or the deputy."""

from django.utils.translation import gettext as _

from contracts.rules import Rules
from tenants.errors import Refused
from tenants.models import Membership
from tenants.roles import Role
from tickets.models import Ticket
from tickets.services.promises import is_clients

DESK_OF_TIER = {
    "L1": Role.SERVICE_DESK,
    "L2": Role.OPERATIONS_ENGINEER,
    "L3": Role.MAINTENANCE_ENGINEER,
    "PMO": Role.BRIDGE_SE,
}


def accountable_for(ticket: Ticket, activity: str, rules: Rules) -> tuple[Membership, str]:
    """
    Return the owner and tier for an activity (empty: not known yet, so the service desk).

    An empty desk falls back to the bridge SE, then to the account manager: nobody is dropped.

    :raises Refused: if the client's team has no person at any of these desks.
    """
    if is_clients(activity, rules):
        return first_on_duty(ticket, Role.SERVICE_OWNER, Role.BRIDGE_SE, Role.ACCOUNT_MANAGER), ""
    named = rules.terms.accountable(activity or "service_desk")
    tier = named.tier if named else "L1"
    owner = first_on_duty(ticket, DESK_OF_TIER[tier], Role.BRIDGE_SE, Role.ACCOUNT_MANAGER)
    return owner, tier


def first_on_duty(ticket: Ticket, *desks: str) -> Membership:
    """
    Return the named person of the first of these desks that has one on the ticket's team.

    :raises Refused: if none has.
    """
    team = Membership.objects.active().filter(tenant_id=ticket.tenant_id, role__in=desks)
    people = {m.role: m for m in team.order_by("-duty_order", "-pk")}
    for desk in desks:
        if desk in people:
            return people[desk]
    raise Refused(_("Nobody is on this client's team to take the ticket. Add a bridge SE first."))
