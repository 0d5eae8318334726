"""Security findings: until when each is mended, how it ended, and the risks one lives with."""

from datetime import datetime
from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from contracts.models import Contract
from tenants.api.deeds import deed
from tenants.api.pagination import paged, part_of
from tenants.api.serializers import Body, ClientSerializer
from tenants.api.views import CURSOR, LIMIT, PAGES, ApiViewSet
from tenants.roles import Role
from tickets import services
from tickets.api.bodies import optional_text, text
from tickets.api.fields import AnswersField, choice
from tickets.api.shapes import client
from tickets.domain.lifecycle import AGENTS
from tickets.models import SecurityFinding
from tickets.models.security import FindingSource, FindingState, Severity
from tickets.views.security import finding_or_404, findings_of


class FindingSerializer(serializers.Serializer):
    id = serializers.CharField()
    client = ClientSerializer()
    contract = serializers.CharField(help_text="Its id.")
    system = serializers.CharField()
    source = choice(FindingSource.choices)
    severity = choice(Severity.choices)
    title = serializers.CharField()
    description = serializers.CharField(allow_blank=True)
    reference = serializers.CharField(allow_blank=True)
    found_at = serializers.DateTimeField()
    due_at = serializers.DateTimeField(allow_null=True)
    missed_at = serializers.DateTimeField(allow_null=True)
    state = choice(FindingState.choices)
    accepted_until = serializers.DateField(allow_null=True, help_text="The first day without it.")
    ended_at = serializers.DateTimeField(allow_null=True)
    reason = serializers.CharField(allow_blank=True)
    ticket = serializers.CharField(allow_null=True)


class FindingBody(Body):
    system = text(60)
    source = choice(FindingSource.choices)
    severity = choice(Severity.choices)
    title = text(200)
    description = optional_text()
    reference = optional_text(60)
    found_at = serializers.DateTimeField(required=False, help_text="Now, where left out.")


class EndFindingBody(Body):
    fixed = serializers.BooleanField(help_text="False: it was none.")
    reason = text()


class AcceptRiskBody(Body):
    reason = text()
    expires_on = serializers.DateField()


class FindingTicketBody(Body):
    environment = text(60)
    answers = AnswersField(required=False)


def finding(row: SecurityFinding) -> dict[str, Any]:
    own = (
        *("system", "source", "severity", "title", "description", "reference", "found_at"),
        *("due_at", "missed_at", "state", "accepted_until", "ended_at", "reason"),
    )
    return {
        "id": row.public_id,
        "client": client(row.tenant),
        "contract": row.contract.public_id,
        **{name: getattr(row, name) for name in own},
        "ticket": row.ticket.key if row.ticket else None,
    }


class FindingViewSet(ApiViewSet):
    """Weaknesses of a client's systems; for its service owner and its vendor's team."""

    lookup_field = "public_id"
    lookup_value_converter = "slug"
    queryset = SecurityFinding.objects.none()

    def known_parameters(self) -> frozenset[str]:
        return PAGES if self.action == "list" else frozenset()

    def found(self, public_id: str) -> SecurityFinding:
        return finding_or_404(self.request, public_id)

    @extend_schema(
        operation_id="finding_list",
        summary="List security findings",
        parameters=[LIMIT, CURSOR],
        responses={200: paged(FindingSerializer)},
    )
    def list(self, request: Request) -> Response:
        """Return the findings of your clients, the soonest due date first."""
        return Response(part_of(request, findings_of(request), finding))

    @extend_schema(
        operation_id="finding_read",
        summary="Read a security finding",
        responses={200: FindingSerializer},
    )
    def retrieve(self, request: Request, public_id: str) -> Response:
        """Return the finding as it stands."""
        return Response(finding(self.found(public_id)))

    def again(self, row: SecurityFinding) -> dict[str, Any]:
        return finding(self.found(row.public_id))

    @deed("finding_end", "end", EndFindingBody, FindingSerializer)
    def end(self, row: SecurityFinding, now: datetime, **told: Any) -> dict[str, Any]:
        """Say that it is mended and how, or that it is none and why."""
        services.end_finding(finding=row, actor=self.desk(row.tenant_id, AGENTS), now=now, **told)
        return self.again(row)

    @deed("finding_accept_risk", "accept-risk", AcceptRiskBody, FindingSerializer)
    def accept_risk(self, row: SecurityFinding, now: datetime, **told: Any) -> dict[str, Any]:
        """Live with it until a day: the service owner's to say."""
        actor = self.desk(row.tenant_id, {Role.SERVICE_OWNER})
        services.accept_risk(finding=row, actor=actor, now=now, **told)
        return self.again(row)

    @deed("finding_ticket", "ticket", FindingTicketBody, FindingSerializer)
    def ticket(self, row: SecurityFinding, now: datetime, **told: Any) -> dict[str, Any]:
        """Open the ticket that mends it: security operation, or what the answers say."""
        actor = self.desk(row.tenant_id, AGENTS)
        services.open_finding_ticket(finding=row, actor=actor, now=now, **told)
        return self.again(row)


class NewFindingViewSet(ApiViewSet):
    """Findings of one contract's systems."""

    queryset = SecurityFinding.objects.none()

    def found(self, public_id: str) -> Contract:
        return get_object_or_404(Contract.objects.select_related("tenant"), public_id=public_id)

    @deed("finding_record", None, FindingBody, FindingSerializer, status=201)
    def create(self, contract: Contract, now: datetime, **told: Any) -> dict[str, Any]:
        """Write a finding down; the terms say until when it is mended."""
        actor = self.desk(contract.tenant_id, AGENTS)
        row = services.record_finding(contract=contract, actor=actor, now=now, **told)
        return finding(finding_or_404(self.request, row.public_id))
