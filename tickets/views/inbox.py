"""What waits for this person, over all their clients on screen."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from tickets.waiting import heaps, with_tickets


@require_GET
def inbox(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    context = {
        "heaps": with_tickets(heaps(request.memberships, now)),
        "now": now,
        "many_clients": len({m.tenant_id for m in request.memberships}) > 1,
    }
    return render(request, "tickets/inbox.html", context)
