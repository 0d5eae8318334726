"""Hear of a ticket, or no more; links between tickets as the page shows them."""

from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from tenants.models import Membership
from tickets import services
from tickets.domain.lifecycle import Action
from tickets.models import Link, LinkKind, Ticket, Watcher
from tickets.views.desk import actor_for, ticket_or_404, tickets_of
from tickets.views.steps import to_ticket
from tickets.views.timeline import link_word


@require_POST
def watch(request: HttpRequest, key: str) -> HttpResponse:
    """Add this person to the watchers, or with `stop` take them away."""
    ticket = ticket_or_404(request, key)
    actor = actor_for(request, ticket, Action.WATCH)
    stop = bool(request.POST.get("stop"))
    command = services.unwatch_ticket if stop else services.watch_ticket
    command(ticket=ticket, actor=actor, now=timezone.now())
    said = (
        _("You hear of this ticket no more.") if stop else _("You hear of this ticket from now on.")
    )
    messages.success(request, said)
    return to_ticket(request, ticket)


@require_POST
def unlink(request: HttpRequest, public_id: str) -> HttpResponse:
    rows = Link.objects.filter(ticket__in=tickets_of(request)).select_related("ticket", "other")
    link = get_object_or_404(rows, public_id=public_id)
    ticket = ticket_or_404(request, link.ticket.key)
    actor = actor_for(request, ticket, Action.LINK)
    services.unlink_tickets(link=link, actor=actor, now=timezone.now())
    messages.success(request, _("The link is taken back."))
    return to_ticket(request, ticket)


@dataclass(frozen=True, slots=True)
class Linked:
    """Another ticket, what this one is to it, and the id with which the link is taken back."""

    word: str
    ticket: Ticket
    public_id: str


def linked(ticket: Ticket, seen: list[Membership], *, for_vendor: bool) -> list[Linked]:
    """Return the tickets linked to this one that the reader may see."""
    visible = Ticket.objects.visible_to(seen).values("pk")
    ahead = Link.objects.filter(ticket=ticket, other__in=visible).select_related("other")
    back = Link.objects.filter(other=ticket, ticket__in=visible).select_related("ticket")
    free = LinkKind.DUPLICATE_OF
    return [
        *(
            Linked(
                link_word(row.kind, back=False),
                row.other,
                row.public_id if for_vendor and row.kind != free else "",
            )
            for row in ahead
        ),
        *(Linked(link_word(row.kind, back=True), row.ticket, "") for row in back),
    ]


def watching(ticket: Ticket, desks: list[Membership], *, for_vendor: bool) -> dict[str, object]:
    """Return the names of the watchers that the reader may know, and whether they are one."""
    rows = Watcher.objects.filter(ticket=ticket).select_related("member__user")
    members = [row.member for row in rows]
    mine = {m.pk for m in desks}
    shown = [m.user.name for m in members if for_vendor or not m.is_vendor]
    return {"names": sorted(set(shown)), "mine": any(m.pk in mine for m in members)}
