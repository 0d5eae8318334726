"""What an owner of open tickets would leave behind."""

from collections.abc import Iterator

from django.urls import reverse
from django.utils.translation import gettext as _

from tenants.leaving import Held, holds
from tenants.models import Membership
from tickets.models import RosterSeat, Ticket


@holds
def open_tickets(member: Membership) -> Iterator[Held]:
    """List the open tickets for which the member is accountable, by key."""
    mine = Ticket.objects.open().filter(stage__owner=member).order_by("number")
    for key, title in mine.values_list("key", "title"):
        yield Held(f"{key} · {title}", reverse("tickets:page", args=[key]))


@holds
def seats_on_rosters(member: Membership) -> Iterator[Held]:
    """List the rosters on which the member is called."""
    for seat in RosterSeat.objects.filter(member=member).select_related("roster"):
        said = _("On call: %(tier)s") % {"tier": seat.roster.get_tier_display()}
        yield Held(said, reverse("tickets:oncall"))
