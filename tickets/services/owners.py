"""Who is accountable: the named person of the desk that the terms name, or the deputy."""

from functools import reduce
from itertools import cycle
from operator import or_

from django.db.models import BigIntegerField, CharField, Q
from django.utils.translation import gettext as _

from contracts.rules import Rules
from tenants.errors import Refused
from tenants.models import Membership
from tenants.prepared import Prepared, Slot
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


DESKS = ("first", "second", "third")
ON_DUTY = Prepared(
    lambda: (
        Membership.objects.active()
        .filter(tenant_id=Slot("tenant", BigIntegerField()))
        .filter(reduce(or_, (Q(role=Slot(desk, CharField())) for desk in DESKS)))
        .select_related("user")
        .order_by("-duty_order", "-pk")
    )
)


def first_on_duty(ticket: Ticket, *desks: str) -> Membership:
    """
    Return the named person of the first of these desks that has one on the ticket's team, with the user.

    :raises Refused: if none has.
    """
    asked = zip(DESKS, cycle(desks), strict=False)  # two desks are asked as three
    team = ON_DUTY.all(tenant=ticket.tenant_id, **dict(asked))
    people = {m.role: m for m in team}
    for desk in desks:
        if desk in people:
            return people[desk]
    raise Refused(_("Nobody is on this client's team to take the ticket. Add a bridge SE first."))
