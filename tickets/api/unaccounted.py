"""Working time that nothing was written down for."""

from datetime import date
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from tenants.api.pagination import wrong
from tenants.api.serializers import PersonSerializer
from tenants.api.views import ApiViewSet
from tickets.services.unaccounted import WorkerDay, check_days, days_of
from tickets.views.unaccounted import usual_span, workers_or_refused


class GapSerializer(serializers.Serializer):
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField(help_text="The gap ends before it.")


class UnaccountedSerializer(serializers.Serializer):
    person = PersonSerializer()
    timezone = serializers.CharField(help_text="Of the person: the day is one of theirs.")
    on = serializers.DateField()
    working_minutes = serializers.IntegerField()
    unaccounted_minutes = serializers.IntegerField()
    gaps = GapSerializer(many=True)


def shown(found: WorkerDay) -> dict[str, Any]:
    worker, day = found.worker, found.day
    return {
        "person": {"id": worker.public_id, "name": worker.user.name},
        "timezone": worker.user.timezone,
        "on": day.on,
        "working_minutes": day.working_minutes,
        "unaccounted_minutes": day.unaccounted_minutes,
        "gaps": [{"starts_at": starts, "ends_at": ends} for starts, ends in day.gaps],
    }


class UnaccountedViewSet(ApiViewSet):
    """A person's working days with what of them stands in no time entry."""

    listed = frozenset({"since", "until", "person"})

    @extend_schema(
        operation_id="unaccounted_list",
        summary="List working days with their unaccounted time",
        parameters=[
            OpenApiParameter("since", date, description="The first day; usually a week ago."),
            OpenApiParameter("until", date, description="The last day; usually today."),
            OpenApiParameter("person", str, description="The id of a person's desk."),
        ],
        responses={200: UnaccountedSerializer(many=True)},
    )
    def list(self, request: Request) -> Response:
        """Return your own days; a lead's answer has those of the team too. At most 31 days."""
        workers = workers_or_refused(request.memberships)
        if (person := request.query_params.get("person")) is not None:
            workers = [each for each in workers if each.public_id == person]
            if not workers:
                raise wrong("person", _("There is no such person here."))
        first, last = self.span()
        return Response([shown(each) for each in days_of(workers, first, last, timezone.now())])

    def span(self) -> tuple[date, date]:
        first, last = usual_span()
        first, last = self.day("since", first), self.day("until", last)
        check_days(first, last)
        return first, last

    def day(self, name: str, usual: date) -> date:
        if (said := self.request.query_params.get(name)) is None:
            return usual
        try:
            return date.fromisoformat(said)
        except ValueError:
            raise wrong(name, _("Write a day as in 2026-04-15.")) from None
