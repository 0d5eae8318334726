"""The dry run: a request held against a contract before it is made."""

from typing import Any

from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from contracts.domain.scope import Facts
from contracts.models import Contract
from contracts.rules import rules_of
from contracts.views.shown import sees_cost
from tenants.api.views import ApiViewSet
from tenants.models import Verb
from tickets.api import shapes
from tickets.api.bodies import FACTS, FactFields
from tickets.api.fields import choice, level, text
from tickets.api.serializers import DecisionSerializer
from tickets.models.choices import Level, ObligationKind, Priority, TicketType
from tickets.services.rehearsal import rehearse


class CheckBody(FactFields):
    """A request that is not made: what is known of the work."""

    type = choice(TicketType.choices)
    system = text(60)
    environment = text(60)
    impact = level(default=Level.MEDIUM)
    urgency = level(default=Level.MEDIUM)
    received_at = serializers.DateTimeField(required=False, help_text="Now, where left out.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        told = {name: attrs.pop(name) for name in FACTS if name in attrs}
        return {**attrs, "facts": Facts(**told)}


class DeadlineSerializer(serializers.Serializer):
    kind = choice(ObligationKind.choices)
    within = serializers.CharField(allow_blank=True)
    hours = serializers.CharField(allow_blank=True)
    due_at = serializers.DateTimeField(allow_null=True)
    creditable = serializers.BooleanField()


class CheckedSerializer(serializers.Serializer):
    version = serializers.IntegerField(help_text="Of the contract: in force at that time.")
    priority = choice(Priority.choices)
    verdict = DecisionSerializer()
    clocks = DeadlineSerializer(many=True, help_text="What would start to run.")


class CheckViewSet(ApiViewSet):
    verb = Verb.READ  # it writes nothing
    writes_nothing = True

    @extend_schema(
        operation_id="contract_check",
        summary="Check a request without making it",
        request=CheckBody,
        responses={200: CheckedSerializer},
    )
    def check(self, request: Request, public_id: str) -> Response:
        """Return the verdict, its way, the next question and the deadlines; nothing is written."""
        contracts = Contract.objects.select_related("tenant")
        contract = get_object_or_404(contracts, public_id=public_id)
        told, now = self.told(CheckBody), timezone.now()
        desks = [m for m in request.memberships if m.tenant_id == contract.tenant_id]
        found = rehearse(contract=contract, actor=desks[0], **{"received_at": now, **told}, now=now)
        terms = rules_of(found.version).terms
        return Response(
            {
                "version": found.version.number,
                "priority": found.ticket.priority,
                "verdict": shapes.decision(found.decision, terms, sees_cost=sees_cost(desks)),
                "clocks": [deadline(row) for row in found.clocks],
            }
        )


def deadline(row: Any) -> dict[str, Any]:
    names = ("kind", "within", "hours", "due_at", "creditable")
    return {name: getattr(row, name) for name in names}
