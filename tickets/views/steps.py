"""A step of a ticket: one route, one form, one command; the refusals are the middleware's."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods
from django_htmx.http import HttpResponseClientRedirect

from tenants.errors import Invalid
from tickets.models import Dispute, Handoff, Ticket
from tickets.views.desk import actor_for, ticket_or_404, tickets_of
from tickets.views.moves import ANSWERS, MOVES, RULINGS, Move

__all__ = ["ANSWERS", "MOVES", "RULINGS", "answer_of", "ruling_of", "step_of"]

SHOWN_AS = {"system": "place", "environment": "place"}
View = Callable[..., HttpResponse]


def step_of(move: Move) -> View:
    """Return the view that takes `move` on a ticket."""

    @require_http_methods(["GET", "POST"])
    def step(request: HttpRequest, key: str) -> HttpResponse:
        ticket = ticket_or_404(request, key)
        action = reverse(f"tickets:{move.route}", args=[key])
        return take(request, move, ticket, action, {"ticket": ticket})

    return step


def answer_of(move: Move) -> View:
    """Return the view that answers a handoff; another client's is 404."""

    @require_http_methods(["GET", "POST"])
    def answer(request: HttpRequest, public_id: str) -> HttpResponse:
        seen = Handoff.objects.filter(ticket__in=tickets_of(request))
        handoff = get_object_or_404(seen.select_related("ticket"), public_id=public_id)
        ticket = ticket_or_404(request, handoff.ticket.key)
        action = reverse(f"tickets:{move.route}", args=[public_id])
        return take(request, move, ticket, action, {"handoff": handoff})

    return answer


def ruling_of(move: Move) -> View:
    """Return the view that answers a dispute, or agrees to the answer; another client's is 404."""

    @require_http_methods(["GET", "POST"])
    def ruling(request: HttpRequest, public_id: str) -> HttpResponse:
        seen = Dispute.objects.filter(ticket__in=tickets_of(request))
        dispute = get_object_or_404(seen.select_related("ticket"), public_id=public_id)
        ticket = ticket_or_404(request, dispute.ticket.key)
        action = reverse(f"tickets:{move.route}", args=[public_id])
        return take(request, move, ticket, action, {"dispute": dispute})

    return ruling


def take(
    request: HttpRequest, move: Move, ticket: Ticket, url: str, subject: dict[str, Any]
) -> HttpResponse:
    actor = actor_for(request, ticket, move.action)
    data = request.POST if request.method == "POST" else None
    form = move.form_for(ticket, actor, data, request.FILES if data is not None else None)
    if data is not None and form.is_valid():
        try:
            move.run(**subject, actor=actor, now=timezone.now(), **form.command())
        except Invalid as error:
            name = SHOWN_AS.get(error.field, error.field)
            form.add_error(name if name in form.fields else None, str(error.message))
        else:
            messages.success(request, str(move.done))
            return to_ticket(request, ticket)
    template = move.template if request.htmx else "tickets/ticket_step.html"
    context = {"ticket": ticket, "move": move, "form": form, "url": url, "primary": True}
    return render(request, template, context, status=200 if data is None else 422)


def to_ticket(request: HttpRequest, ticket: Ticket) -> HttpResponse:
    url = reverse("tickets:page", args=[ticket.key])
    return HttpResponseClientRedirect(url) if request.htmx else redirect(url)
