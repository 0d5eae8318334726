"""What changed on a ticket since a page was drawn: asked by the page itself, every few seconds."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from contracts.rules import rules_of
from tickets.views.clocks import faces
from tickets.views.desk import ticket_or_404
from tickets.views.page import context_of, state_of


@require_GET
def ticket_now(request: HttpRequest, key: str) -> HttpResponse:
    """
    Return the parts that changed since `?seen=`; 204 where nothing did.

    When only time went by that is the clocks; no form is among them.
    """
    ticket, now = ticket_or_404(request, key), timezone.now()
    seen, state = request.GET.get("seen", ""), state_of(ticket, now)
    if seen == state:
        return HttpResponse(status=204)
    if seen.partition(".")[0] == state.partition(".")[0]:
        context = {"ticket": ticket, "now": now, "only_clocks": True}
        context["clocks"] = faces(ticket, rules_of(ticket.version), now)
    else:
        context = context_of(request, ticket, now)
    return render(request, "tickets/_ticket_now.html", context | {"seen_at": state})
