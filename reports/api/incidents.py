"""The report on an incident: begun from what the ticket says, edited by people, issued to the client."""

import json
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from contracts.domain.vocabulary import Language
from reports.domain.incident import MOST, SECTIONS
from reports.models import IncidentReport
from reports.models.incident import IncidentState
from reports.services import incidents
from tenants.api.deeds import deed
from tenants.api.serializers import Body, PersonSerializer
from tenants.api.views import ApiViewSet
from tickets.api.fields import choice, optional_text
from tickets.api.shapes import person
from tickets.domain.lifecycle import AGENTS
from tickets.models import Ticket
from tickets.views.desk import desks_at, ticket_or_404

Sections = type("IncidentSectionsBody", (Body,), {name: optional_text(MOST) for name in SECTIONS})
SectionsSerializer = type(
    "IncidentSectionsSerializer",
    (serializers.Serializer,),
    {name: serializers.CharField(allow_blank=True) for name in SECTIONS},
)


class SeenRevisionBody(Body):
    seen = serializers.IntegerField(
        min_value=1, max_value=32_767, help_text="The last revision, as it was read."
    )


class IncidentEditBody(SeenRevisionBody):
    sections = Sections()
    language = choice([language.value for language in Language], required=False)


class IncidentSerializer(serializers.Serializer):
    ticket = serializers.CharField()
    revision = serializers.IntegerField()
    state = choice(IncidentState.choices)
    language = serializers.CharField()
    sections = SectionsSerializer()
    facts = serializers.DictField(child=serializers.JSONField(allow_null=True))
    sha256 = serializers.CharField()
    by = PersonSerializer(allow_null=True, help_text="null: the portal.")
    at = serializers.DateTimeField()


def shown(row: IncidentReport, ticket: Ticket) -> dict[str, Any]:
    names = ("revision", "state", "language", "sha256", "at")
    return {
        "ticket": ticket.key,
        **{name: getattr(row, name) for name in names},
        "sections": {name: row.sections.get(name, "") for name in SECTIONS},
        "facts": json.loads(row.facts),
        "by": person(row.by),
    }


class IncidentViewSet(ApiViewSet):
    """Incident reports by their ticket's key; a client reads what was issued."""

    lookup_field = "key"
    lookup_value_converter = "ticket_key"
    queryset: QuerySet = IncidentReport.objects.none()

    def found(self, key: str) -> Ticket:
        return ticket_or_404(self.request, key)

    def last(self, ticket: Ticket) -> dict[str, Any]:
        """Return the last revision that this reader may see; 404 where there is none."""
        for_client = not any(m.is_vendor for m in desks_at(self.request, ticket))
        row = IncidentReport.objects.latest(ticket, issued_only=for_client)
        if row is None:
            raise Http404
        return shown(row, ticket)

    @extend_schema(
        operation_id="incident_read",
        summary="Read an incident report",
        responses={200: IncidentSerializer},
    )
    def retrieve(self, request: Request, key: str) -> Response:
        """Return the last revision that you may see."""
        return Response(self.last(self.found(key)))

    @deed("incident_draft", "draft", answers=IncidentSerializer, status=201)
    def draft(self, ticket: Ticket, now: datetime) -> dict[str, Any]:
        """Write the first draft from what the ticket already says, in the client's language."""
        actor = self.desk(ticket.tenant_id, AGENTS)
        incidents.draft_incident_report(ticket=ticket, actor=actor, now=now)
        return self.last(ticket)

    @deed("incident_edit", "edit", IncidentEditBody, IncidentSerializer)
    def edit(self, ticket: Ticket, now: datetime, **told: Any) -> dict[str, Any]:
        """Write the next revision; earlier ones stay as they are."""
        actor = self.desk(ticket.tenant_id, AGENTS)
        incidents.edit_incident_report(ticket=ticket, actor=actor, now=now, **told)
        return self.last(ticket)

    @deed("incident_issue", "issue", SeenRevisionBody, IncidentSerializer)
    def issue(self, ticket: Ticket, now: datetime, seen: int) -> dict[str, Any]:
        """Issue the report to the client, with the facts as they are now; its clock stops."""
        actor = self.desk(ticket.tenant_id, AGENTS)
        incidents.issue_incident_report(ticket=ticket, actor=actor, seen=seen, now=now)
        return self.last(ticket)
