"""What became of a ticket: its history in words, and how it was passed from desk to desk."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from tenants.api.serializers import PersonSerializer
from tenants.errors import NotPermitted
from tickets.api.parts import Desks, for_vendor, part
from tickets.api.shapes import Shape, person
from tickets.models import Ticket
from tickets.services.passing import potato
from tickets.views.desk import desks_at, ticket_or_404
from tickets.views.history import Line, Said, lines


class HistoryValueSerializer(serializers.Serializer):
    label = serializers.CharField(allow_blank=True)
    value = serializers.CharField(allow_blank=True, help_text="A code, a text, or an instant.")


class HistoryLineSerializer(serializers.Serializer):
    at = serializers.DateTimeField()
    by = PersonSerializer(allow_null=True, help_text="null: the portal itself.")
    verb = serializers.CharField(help_text="For programs; stays as it is in every language.")
    what = serializers.CharField(help_text="For people, in the language that was asked for.")
    details = HistoryValueSerializer(many=True)
    before = HistoryValueSerializer(many=True)
    after = HistoryValueSerializer(many=True)
    reason = serializers.CharField(allow_blank=True)


class PassingSerializer(serializers.Serializer):
    offers = serializers.IntegerField(help_text="To maintenance.")
    disputes = serializers.IntegerField()
    reassignments = serializers.IntegerField(help_text="Within a stage.")
    returns = serializers.IntegerField(help_text="To a desk that held the ticket before.")
    still_minutes = serializers.IntegerField(
        help_text="Stretches of more than a day without a step, on the vendor's side."
    )


def line(row: Line) -> Shape:
    return {
        "at": row.at,
        "by": person(row.who),
        "verb": row.verb,
        "what": row.what,
        "details": said(row.details),
        "before": said(row.before),
        "after": said(row.after),
        "reason": row.reason,
    }


def said(found: list[Said]) -> list[Shape]:
    return [{"label": one.label, "value": plain(one.value)} for one in found]


def plain(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


@part("history", "List what was recorded", HistoryLineSerializer)
def history(ticket: Ticket, desks: Desks) -> tuple[list[Line], Callable]:
    """Return who did what and when, the newest first; a client reads what is not the vendor's own."""
    return list(lines(ticket, for_vendor=for_vendor(desks))), line


@extend_schema(
    operation_id="ticket_passing",
    summary="Count how it was passed between desks",
    responses={200: PassingSerializer},
)
@action(detail=True, methods=["get"], url_path="passing")
def passing(viewset: Any, request: Request, key: str) -> Response:
    """
    Return the hot-potato figures of the ticket until now, as the month's report counts them.

    :raises NotPermitted: to a client.
    """
    ticket = ticket_or_404(request, key)
    if not for_vendor(desks_at(request, ticket)):
        raise NotPermitted(_("Handoffs are the vendor's own."))
    found = potato(ticket, ticket.time_entries.all(), timezone.now())
    return Response({name: getattr(found, name) for name in PassingSerializer().fields})


class TicketStory:
    """The two of them, for the viewset of tickets."""

    history = history
    passing = passing
