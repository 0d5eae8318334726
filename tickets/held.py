"""What an owner of open tickets would leave behind."""

from collections.abc import Iterator

from django.urls import reverse

from tenants.leaving import Held, holds
from tenants.models import Membership
from tickets.models import Ticket


@holds
def open_tickets(member: Membership) -> Iterator[Held]:
    """List the open tickets for which the member is accountable, by key."""
    mine = Ticket.objects.open().filter(stage__owner=member).order_by("number")
    for key, title in mine.values_list("key", "title"):
        yield Held(f"{key} · {title}", reverse("tickets:page", args=[key]))
