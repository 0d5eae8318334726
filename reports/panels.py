"""What reports add to the ticket page."""

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from reports.models import IncidentReport
from tenants.models import Membership
from tickets.domain.lifecycle import Action
from tickets.models import Ticket
from tickets.models.choices import TicketType
from tickets.views import panels
from tickets.views.desk import actions_at


@panels.add
def incident_panel(
    request: HttpRequest, ticket: Ticket, desks: list[Membership]
) -> SafeString | str:
    """Return the incident report's panel: its state and the way to it, where there is one to go."""
    if ticket.type != TicketType.INCIDENT:
        return ""
    for_vendor = any(m.is_vendor for m in desks)
    last = IncidentReport.objects.latest(ticket, issued_only=not for_vendor)
    may_write = any(Action.WRITE_INCIDENT_REPORT in actions_at(ticket, m) for m in desks)
    begun = ticket.restored_at is not None or not ticket.is_open
    if last is None and not (may_write and begun):
        return ""
    context = {"ticket": ticket, "report": last}
    return render_to_string("reports/_incident_panel.html", context, request=request)
