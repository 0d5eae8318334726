"""Failure patterns: what comes back, what it costs, and the steps to its end."""

from datetime import timedelta
from typing import Any

from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from contracts.models import Contract
from contracts.views.shown import SEE_COST
from tenants.api.idempotency import once
from tenants.api.serializers import Body
from tenants.api.views import ApiViewSet
from tenants.errors import NotPermitted
from tenants.models import Membership
from tickets import services
from tickets.api.estimate_shapes import EstimateSerializer
from tickets.api.estimates import answer as estimate_answer
from tickets.api.serializers import TicketDetailSerializer
from tickets.api.steps import answer
from tickets.models import Pattern
from tickets.services.pattern_figures import Figures, figures

LOOKED_BACK = timedelta(days=365)


class FixSerializer(serializers.Serializer):
    source = serializers.ChoiceField(["estimate", "typical", "unknown"])
    amount = serializers.IntegerField(allow_null=True, help_text="Minor units.")
    minutes = serializers.IntegerField(allow_null=True)
    sample = serializers.IntegerField(help_text="Fixes that it is the middle of.")
    estimate = serializers.CharField(allow_blank=True)


class SinceSerializer(serializers.Serializer):
    fixed_at = serializers.DateTimeField()
    before = serializers.IntegerField()
    count = serializers.IntegerField(help_text="Incidents that came after the fix.")
    last_at = serializers.DateTimeField(allow_null=True)


class PatternSerializer(serializers.Serializer):
    id = serializers.CharField()
    contract = serializers.CharField()
    system = serializers.CharField()
    title = serializers.CharField()
    symptom = serializers.CharField(allow_blank=True)
    count = serializers.IntegerField(help_text="Incidents of the last 365 days.")
    first_at = serializers.DateTimeField()
    last_at = serializers.DateTimeField()
    minutes = serializers.IntegerField()
    worth = serializers.IntegerField(help_text="Minor units, by the rate card of the work's day.")
    currency = serializers.CharField()
    fix = FixSerializer()
    pays_back = serializers.IntegerField(
        allow_null=True, help_text="How many times what it cost so far the fix costs, rounded up."
    )
    since_fix = SinceSerializer(allow_null=True)
    problem = serializers.CharField(allow_null=True, help_text="The key of its ticket.")


@extend_schema_serializer(many=False)
class PatternListSerializer(serializers.Serializer):
    results = PatternSerializer(many=True)


class FixBody(Body):
    minutes = serializers.IntegerField(
        required=False, default=0, min_value=0, max_value=600_000, help_text="Of the one line."
    )


def shape(row: Figures) -> dict[str, Any]:
    pattern, fix, since = row.pattern, row.fix, row.since_fix
    own = ("count", "first_at", "last_at", "minutes", "worth", "currency", "pays_back")
    return {
        "id": pattern.public_id,
        "contract": pattern.contract.public_id,
        **{name: getattr(pattern, name) for name in ("system", "title", "symptom")},
        **{name: getattr(row, name) for name in own},
        "fix": {name: getattr(fix, name) for name in fix.__slots__},
        "since_fix": since and {name: getattr(since, name) for name in since.__slots__},
        "problem": pattern.problem.ticket.key if pattern.problem else None,
    }


def clients_of(request: Request) -> set[int]:
    return {m.tenant_id for m in request.memberships if m.role in SEE_COST}


def shown(request: Request, contracts: list[Contract], **only: Any) -> list[Figures]:
    for_client = not any(m.is_vendor for m in request.memberships)
    return figures(contracts, timezone.now() - LOOKED_BACK, for_client=for_client, **only)


def pattern_named(request: Request, public_id: str) -> Pattern:
    rows = Pattern.objects.filter(tenant__in=clients_of(request)).select_related(
        "contract", "tenant"
    )
    return get_object_or_404(rows, public_id=public_id)


def desk_at(request: Request, pattern: Pattern) -> Membership:
    desks = [m for m in request.memberships if m.tenant_id == pattern.tenant_id]
    return next((m for m in desks if m.is_vendor), desks[0])


class PatternViewSet(ApiViewSet):
    """Faults that came back, recognised by system, symptom and similar words."""

    lookup_field = "public_id"
    lookup_value_converter = "slug"
    queryset = Pattern.objects.none()
    listed = frozenset()

    @extend_schema(
        operation_id="pattern_list",
        summary="List failure patterns",
        responses={200: PatternListSerializer},
    )
    def list(self, request: Request) -> Response:
        """
        Return the patterns of five incidents or more in a year, the dearest 200 first.

        :raises NotPermitted: to a requester.
        """
        if not (clients := clients_of(request)):
            raise NotPermitted(
                _("Failure patterns are for the service owner and the vendor's desks.")
            )
        contracts = list(Contract.objects.filter(tenant__in=clients))
        return Response({"results": [shape(row) for row in shown(request, contracts)]})

    @extend_schema(
        operation_id="pattern_problem",
        summary="Open the problem of a pattern",
        request=None,
        responses={200: TicketDetailSerializer},
    )
    @action(detail=True, methods=["post"], url_path="problem")
    def problem(self, request: Request, public_id: str) -> Response:
        """Open a problem with the pattern's open incidents, or return the one that is open."""
        pattern = pattern_named(request, public_id)

        def act() -> Response:
            ticket = services.raise_problem(
                pattern=pattern, actor=desk_at(request, pattern), now=timezone.now()
            )
            return answer(request, ticket.key)

        return once(request, pattern.tenant_id, act)

    @extend_schema(
        operation_id="pattern_fix",
        summary="Draft the estimate of a permanent fix",
        request=FixBody,
        responses={201: EstimateSerializer},
    )
    @action(detail=True, methods=["post"], url_path="fix")
    def fix(self, request: Request, public_id: str) -> Response:
        """Draft an estimate on the pattern's problem, which is opened where there is none."""
        pattern, told = pattern_named(request, public_id), self.told(FixBody)

        def act() -> Response:
            drafted = services.draft_fix(
                pattern=pattern, actor=desk_at(request, pattern), now=timezone.now(), **told
            )
            return estimate_answer(request, drafted.public_id, 201)

        return once(request, pattern.tenant_id, act)
