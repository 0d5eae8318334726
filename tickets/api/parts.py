"""What hangs on a ticket, each as a page of its own, as far as its reader may see it."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from contracts.rules import rules_of
from contracts.views.shown import sees_cost
from tenants.api.deeds import deed
from tenants.api.pagination import paged, part_of
from tenants.api.views import CURSOR, LIMIT, PAGES
from tenants.errors import NotPermitted
from tenants.models import Membership
from tenants.roles import CLIENT
from tickets import services
from tickets.api import bodies, part_shapes, shapes
from tickets.api import serializers as shown
from tickets.api.attachments import AttachBody, AttachmentSerializer, attachment
from tickets.api.seen import ticket_seen
from tickets.api.serializers import TicketDetailSerializer
from tickets.domain.lifecycle import AGENTS, Action
from tickets.models import Decision, Dispute, Link, Ticket, TimeEntry
from tickets.models.choices import Lane
from tickets.services import paging
from tickets.services.corrections import corrector_of
from tickets.services.timers import running_of
from tickets.views.clocks import faces
from tickets.views.desk import actor_for, desks_at, ticket_or_404
from tickets.views.time import entry_or_404

Desks = list[Membership]
Shape = dict[str, Any]


def part(
    path: str, summary: str, of: type[serializers.Serializer]
) -> Callable[[Callable[..., Any]], Callable[..., Response]]:
    """Make an action of a function that returns the rows of a ticket and how one is shown."""

    def decorate(rows_of: Callable[[Ticket, Desks], tuple[QuerySet | list, Callable]]):
        def read(viewset: Any, request: Request, key: str) -> Response:
            ticket = ticket_or_404(request, key)
            rows, show = rows_of(ticket, desks_at(request, ticket))
            return Response(part_of(request, rows, show))

        read.__name__, read.__doc__ = rows_of.__name__, rows_of.__doc__
        reading = action(detail=True, methods=["get"], url_path=path, parameters=PAGES)(read)
        return extend_schema(
            operation_id=f"ticket_{rows_of.__name__}",
            summary=summary,
            parameters=[LIMIT, CURSOR],
            responses={200: paged(of)},
        )(reading)

    return decorate


@part("comments", "List the messages", shown.CommentSerializer)
def comments(ticket: Ticket, desks: Desks) -> tuple[QuerySet, Callable]:
    """Return the messages, the oldest first; a client reads the public lane."""
    rows = ticket.comments.select_related("author__user").prefetch_related("translations")
    return (rows if for_vendor(desks) else rows.filter(lane=Lane.PUBLIC)), part_shapes.comment


@part("stages", "List the stages", shown.StageOfTicketSerializer)
def stages(ticket: Ticket, desks: Desks) -> tuple[QuerySet, Callable]:
    """Return the stages in their order, each with its accountable owner and what is known."""
    return ticket.stages.select_related("owner__user"), part_shapes.stage


@part("decisions", "List the verdicts", shown.DecisionOfTicketSerializer)
def decisions(ticket: Ticket, desks: Desks) -> tuple[QuerySet, Callable]:
    """Return every verdict that was ever given, the oldest first."""
    terms, money = rules_of(ticket.version).terms, sees_cost(desks)

    def show(row: Decision) -> Shape:
        return {
            **shapes.decision(row, terms, sees_cost=money),
            "stage": row.stage.sequence,
        }

    return Decision.objects.filter(ticket=ticket).select_related("by__user", "stage"), show


@part("handoffs", "List the handoffs", shown.HandoffSerializer)
def handoffs(ticket: Ticket, desks: Desks) -> tuple[QuerySet, Callable]:
    """
    Return the offers to maintenance and their answers.

    :raises NotPermitted: to a client.
    """
    if not for_vendor(desks):
        raise NotPermitted(_("Handoffs are the vendor's own."))
    return ticket.handoffs.select_related(
        "offered_by__user", "answered_by__user"
    ), part_shapes.handoff


@part("disputes", "List the disputes", shown.DisputeSerializer)
def disputes(ticket: Ticket, desks: Desks) -> tuple[QuerySet, Callable]:
    """Return the disputes about verdicts, with their rulings."""
    people = ("opened_by__user", "ruled_by__user", "agreed_by__user")
    rows = Dispute.objects.filter(ticket=ticket).select_related("decision", "ruling", *people)
    return rows.order_by("pk"), part_shapes.dispute


@part("time-entries", "List the time worked", shown.TimeEntrySerializer)
def time_entries(ticket: Ticket, desks: Desks) -> tuple[QuerySet, Callable]:
    """
    Return the time worked, with what stands behind it.

    :raises NotPermitted: to a requester.
    """
    if not sees_cost(desks):
        raise NotPermitted(_("Time worked is for the service owner and the vendor's desks."))
    rows = ticket.time_entries.select_related("person__user", "period", "adjusts")
    numbers = {pk: number for number, pk in enumerate(numbered(ticket), 1)}
    rows = rows.prefetch_related("settlements", "corrections").order_by("starts_at", "pk")
    return rows, lambda row: part_shapes.time_entry(row, numbers[row.pk])


def numbered(ticket: Ticket) -> QuerySet:
    """Return the ids of a ticket's entries as they were written down; none is ever removed."""
    return ticket.time_entries.order_by("pk").values_list("pk", flat=True)


@part("attachments", "List the files", AttachmentSerializer)
def attachments(ticket: Ticket, desks: Desks) -> tuple[QuerySet, Callable]:
    """Return the files, the oldest first; a client sees those of the public lane."""
    rows = ticket.attachments.select_related("comment", "by__user")
    return (rows if for_vendor(desks) else rows.filter(lane=Lane.PUBLIC)), attachment


@part("links", "List the linked tickets", shown.LinkSerializer)
def links(ticket: Ticket, desks: Desks) -> tuple[QuerySet, Callable]:
    """Return what the ticket is to others that you may see, and what they are to it."""
    visible = Ticket.objects.visible_to(desks).values("pk")
    rows = Link.objects.filter(
        Q(ticket=ticket, other__in=visible) | Q(other=ticket, ticket__in=visible)
    )
    return rows.select_related("ticket", "other", "by__user"), lambda row: part_shapes.link(
        row, ticket
    )


@part("watchers", "List who hears of it", shown.WatcherSerializer)
def watchers(ticket: Ticket, desks: Desks) -> tuple[QuerySet, Callable]:
    """Return who hears of the ticket; a client sees its own people only."""
    rows = ticket.watchers.select_related("member__user")
    if not for_vendor(desks):
        rows = rows.filter(member__role__in=CLIENT)
    return rows, lambda row: {"person": shapes.person(row.member), "since": row.since}


@extend_schema(
    operation_id="ticket_clocks",
    summary="List the clocks with their ledgers",
    responses={200: shown.ClocksSerializer},
)
@action(detail=True, methods=["get"], url_path="clocks")
def clocks(viewset: Any, request: Request, key: str) -> Response:
    """Return every clock as it stands now, with each entry that made it so."""
    ticket = ticket_or_404(request, key)
    found = faces(ticket, rules_of(ticket.version), timezone.now())
    shape = [
        {
            **part_shapes.clock(face),
            "ledger": [part_shapes.ledger_entry(row) for row in face.ledger],
        }
        for face in found
    ]
    return Response({"results": shape})


@deed("ticket_attach", "attach", AttachBody, TicketDetailSerializer, files=True)
def attach(viewset: Any, ticket: Ticket, now: datetime, files: list, **said: Any) -> Shape:
    """Send files, with a message or without."""
    stored = [services.store_file(file, tenant_id=ticket.tenant_id) for file in files]
    actor = actor_for(viewset.request, ticket, Action.COMMENT)
    services.comment(ticket=ticket, actor=actor, now=now, files=stored, **said)
    return viewset.seen_again(ticket)


@deed(
    "ticket_correct_time",
    "time/<int:number>/correct",
    bodies.CorrectionBody,
    TicketDetailSerializer,
)
def correct_time(viewset: Any, entry: TimeEntry, now: datetime, **told: Any) -> Shape:
    """Put time right that was written down wrong; without instants it was no work at all."""
    if (actor := corrector_of(entry, desks_at(viewset.request, entry.ticket))) is None:
        raise NotPermitted(_("Another person's time is corrected by them or by a lead."))
    services.correct_time(entry=entry, actor=actor, now=now, **told)
    return viewset.seen_again(entry.ticket)


@deed("ticket_stop_timer", "timer/stop", bodies.StopTimerBody, TicketDetailSerializer)
def stop_timer(viewset: Any, ticket: Ticket, now: datetime, **told: Any) -> Shape:
    """Stop your timer on the ticket and record its minutes; 404 where none of yours runs there."""
    timer = running_of(viewset.request.user)
    if timer is None or timer.ticket_id != ticket.pk:
        raise Http404
    services.stop_timer(timer=timer, actor=timer.person, now=now, **told)
    return viewset.seen_again(ticket)


def for_vendor(desks: Desks) -> bool:
    return any(desk.is_vendor for desk in desks)


@deed("ticket_take_page", "have-it", answers=TicketDetailSerializer)
def take_page(viewset: Any, ticket: Ticket, now: datetime) -> Shape:
    """Say that you have the ticket: nobody else is called."""
    actor = viewset.desk(ticket.tenant_id, AGENTS)
    paging.take_page(ticket=ticket, actor=actor, now=now)
    return viewset.seen_again(ticket)


class TicketParts:
    """The pages of what hangs on a ticket, and what is sent to it, for its viewset."""

    def found(self, key: str, number: int = 0) -> Ticket | TimeEntry:
        ticket = ticket_or_404(self.request, key)
        return entry_or_404(ticket, number) if "number" in self.kwargs else ticket

    def seen_again(self, ticket: Ticket) -> Shape:
        return ticket_seen(self.request, ticket_or_404(self.request, ticket.key))

    comments = comments
    stages = stages
    decisions = decisions
    handoffs = handoffs
    disputes = disputes
    time_entries = time_entries
    clocks = clocks
    attachments = attachments
    links = links
    watchers = watchers
    attach = attach
    correct_time = correct_time
    stop_timer = stop_timer
    take_page = take_page
