"""What waits for this person: the inbox of the pages, by the same rules."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from tenants.api.views import ApiViewSet
from tickets.api import shapes
from tickets.api.serializers import TicketSerializer
from tickets.models import Ticket
from tickets.waiting import EACH, RULES, heaps


class WaitingSerializer(serializers.Serializer):
    rule = serializers.ChoiceField([rule.code for rule in RULES], help_text="Why they wait.")
    label = serializers.CharField(help_text="The same for people.")
    tickets = TicketSerializer(
        many=True, help_text=f"The first {EACH}, the soonest deadline first."
    )
    more = serializers.BooleanField(help_text="Whether others wait for the same.")


class WaitingViewSet(ApiViewSet):
    """Tickets that wait for something only you, or a desk of yours, can do."""

    listed = frozenset()

    @extend_schema(
        operation_id="waiting_list",
        summary="List what waits for you",
        responses={200: WaitingSerializer(many=True)},
    )
    def list(self, request: Request) -> Response:
        """Return what waits for you over your clients, by what is to be done; a ticket may wait twice."""
        found = heaps(request.memberships, timezone.now())
        rows = rows_of(request, {pk for heap in found for pk in heap.ids})
        return Response(
            [
                {
                    "rule": heap.rule.code,
                    "label": heap.rule.label,
                    "tickets": [rows[pk] for pk in heap.ids],
                    "more": heap.more,
                }
                for heap in found
            ]
        )


def rows_of(request: Request, ids: set[int]) -> dict[int, dict[str, Any]]:
    """Return these tickets as a list shows them, by id, in one statement."""
    clients = shapes.clients_of(request.memberships)
    made = Ticket.objects.filter(pk__in=ids).values_list("pk", *shapes.ROW) if ids else ()
    return {pk: shapes.row(tuple(values), clients) for pk, *values in made}
