"""Your timer: one a person, which becomes a time entry when it is stopped; and links taken back."""

from datetime import datetime
from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from tenants.api.deeds import deed
from tenants.api.views import ApiViewSet
from tickets import services
from tickets.domain.lifecycle import Action
from tickets.models import Link
from tickets.services.timers import running_of
from tickets.views.desk import actor_for, ticket_or_404, tickets_of


class TimerSerializer(serializers.Serializer):
    ticket = serializers.CharField()
    started_at = serializers.DateTimeField()


class RunningSerializer(serializers.Serializer):
    timer = TimerSerializer(allow_null=True, help_text="null: none runs.")


class TimerViewSet(ApiViewSet):
    """A vendor person's timer; `tickets/{key}/timer/` starts it, `.../timer/stop/` stops it."""

    @extend_schema(
        operation_id="timer_read", summary="Read your timer", responses={200: RunningSerializer}
    )
    def retrieve(self, request: Request) -> Response:
        """Return the timer of yours that runs."""
        row = running_of(request.user)
        shape = row and {"ticket": row.ticket.key, "started_at": row.started_at}
        return Response({"timer": shape})


class LinkViewSet(ApiViewSet):
    """A link by its id; its ticket lists them."""

    lookup_field = "public_id"
    lookup_value_converter = "slug"
    queryset = Link.objects.none()

    def found(self, public_id: str) -> Link:
        rows = Link.objects.filter(ticket__in=tickets_of(self.request)).select_related(
            "ticket", "other"
        )
        return get_object_or_404(rows, public_id=public_id)

    @deed("link_remove", "remove")
    def remove(self, row: Link, now: datetime) -> Any:
        """Take a link back that was wrong."""
        ticket = ticket_or_404(self.request, row.ticket.key)
        actor = actor_for(self.request, ticket, Action.LINK)
        services.unlink_tickets(link=row, actor=actor, now=now)
