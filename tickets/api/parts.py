"""What hangs on a ticket, each as a page of its own, as far as its reader may see it."""

from collections.abc import Callable
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from contracts.rules import rules_of
from contracts.views.shown import sees_cost
from tenants.api.pagination import paged, part_of
from tenants.api.views import CURSOR, LIMIT, PAGES
from tenants.errors import NotPermitted
from tenants.models import Membership
from tickets.api import serializers as shown
from tickets.api import shapes
from tickets.models import Decision, Dispute, Ticket
from tickets.models.choices import Lane
from tickets.views.clocks import faces
from tickets.views.desk import desks_at, ticket_or_404

Desks = list[Membership]
Shape = dict[str, Any]


def part(
    path: str, summary: str, of: type[serializers.Serializer]
) -> Callable[[Callable[..., Any]], Callable[..., Response]]:
    """Make an action of a function that returns the rows of a ticket and how one is shown."""

    def decorate(rows_of: Callable[[Ticket, Desks], tuple[QuerySet, Callable]]):
        def read(viewset: Any, request: Request, key: str) -> Response:
            ticket = ticket_or_404(request, key)
            rows, show = rows_of(ticket, desks_at(request, ticket))
            return Response(part_of(request, rows, show))

        read.__name__, read.__doc__ = rows_of.__name__, rows_of.__doc__
        described = extend_schema(
            operation_id=f"ticket_{rows_of.__name__}",
            summary=summary,
            parameters=[LIMIT, CURSOR],
            responses={200: paged(of)},
        )
        return action(detail=True, methods=["get"], url_path=path, parameters=PAGES)(
            described(read)
        )

    return decorate


@part("comments", "List the messages", shown.CommentSerializer)
def comments(ticket: Ticket, desks: Desks) -> tuple[QuerySet, Callable]:
    """Return the messages, the oldest first; a client reads the public lane."""
    rows = ticket.comments.select_related("author__user")
    return (rows if for_vendor(desks) else rows.filter(lane=Lane.PUBLIC)), shapes.comment


@part("stages", "List the stages", shown.StageOfTicketSerializer)
def stages(ticket: Ticket, desks: Desks) -> tuple[QuerySet, Callable]:
    """Return the stages in their order, each with its accountable owner and what is known."""
    return ticket.stages.select_related("owner__user"), shapes.stage


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
    return ticket.handoffs.select_related("offered_by__user", "answered_by__user"), shapes.handoff


@part("disputes", "List the disputes", shown.DisputeSerializer)
def disputes(ticket: Ticket, desks: Desks) -> tuple[QuerySet, Callable]:
    """Return the disputes about verdicts, with their rulings."""
    people = ("opened_by__user", "ruled_by__user", "agreed_by__user")
    rows = Dispute.objects.filter(ticket=ticket).select_related("decision", "ruling", *people)
    return rows.order_by("pk"), shapes.dispute


@part("time-entries", "List the time worked", shown.TimeEntrySerializer)
def time_entries(ticket: Ticket, desks: Desks) -> tuple[QuerySet, Callable]:
    """
    Return the time worked, with what stands behind it.

    :raises NotPermitted: to a requester.
    """
    if not sees_cost(desks):
        raise NotPermitted(_("Time worked is for the service owner and the vendor's desks."))
    rows = ticket.time_entries.select_related("person__user", "period", "adjusts")
    return rows.prefetch_related("settlements").order_by("starts_at", "pk"), shapes.time_entry


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
        {**shapes.clock(face), "ledger": [shapes.ledger_entry(row) for row in face.ledger]}
        for face in found
    ]
    return Response({"results": shape})


def for_vendor(desks: Desks) -> bool:
    return any(desk.is_vendor for desk in desks)


class TicketParts:
    """The pages of what hangs on a ticket, for its viewset."""

    comments = comments
    stages = stages
    decisions = decisions
    handoffs = handoffs
    disputes = disputes
    time_entries = time_entries
    clocks = clocks
