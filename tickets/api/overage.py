"""Hours beyond pools that ask when they are empty: what waits, and the client's agreement."""

from datetime import date
from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from contracts.models import AgreedOverage, Contract
from contracts.views.shown import SEE_COST
from tenants.api.idempotency import once
from tenants.api.serializers import Body
from tenants.api.views import ApiViewSet
from tenants.models import Verb
from tickets import services
from tickets.api.fields import optional_text, text
from tickets.services.overage import AGREE, MOST_HOURS, MOST_REFERENCE, Beyond, beyond_pools

MONTH = r"^20[0-9]{2}-(0[1-9]|1[0-2])$"


class AgreeBody(Body):
    """Minutes of a month beyond a pool, and the highest price that was seen."""

    contract = text(40, help_text="Its public id.")
    pool = text(40)
    month = serializers.RegexField(MONTH, help_text="YYYY-MM, in the contract's zone.")
    minutes = serializers.IntegerField(min_value=1, max_value=MOST_HOURS * 60)
    at_most = serializers.IntegerField(
        min_value=0, max_value=10**15, help_text="Minor units, before tax."
    )
    reference = optional_text(MOST_REFERENCE, help_text="An account manager names the order.")


class BeyondSerializer(serializers.Serializer):
    contract = serializers.CharField()
    pool = serializers.CharField()
    month = serializers.CharField()
    worked_minutes = serializers.IntegerField()
    needed_minutes = serializers.IntegerField(help_text="What must be agreed, after rounding.")
    at_most = serializers.IntegerField(help_text="Their highest price, minor units before tax.")
    currency = serializers.CharField()
    tickets = serializers.ListField(child=serializers.CharField())


class AgreedSerializer(serializers.Serializer):
    pool = serializers.CharField()
    month = serializers.CharField()
    counts_in = serializers.CharField()
    minutes = serializers.IntegerField()
    at_most = serializers.IntegerField()
    currency = serializers.CharField()
    agreed_at = serializers.DateTimeField()


def shown(beyond: Beyond) -> dict[str, Any]:
    return {
        "contract": beyond.contract.public_id,
        "pool": beyond.pool,
        "month": beyond.month,
        "worked_minutes": beyond.worked,
        "needed_minutes": beyond.needed,
        "at_most": beyond.at_most,
        "currency": beyond.currency,
        "tickets": beyond.tickets,
    }


def agreed(row: AgreedOverage) -> dict[str, Any]:
    return {
        "pool": row.pool,
        "month": f"{row.period.month:%Y-%m}",
        "counts_in": f"{row.counts_in.month:%Y-%m}",
        "minutes": row.minutes,
        "at_most": row.at_most,
        "currency": row.currency,
        "agreed_at": row.agreed_at,
    }


class OverageViewSet(ApiViewSet):
    """What waits beyond hour pools, and the client's agreement to it."""

    listed = frozenset()

    @extend_schema(
        operation_id="overage_list",
        summary="List what waits beyond hour pools",
        responses={200: BeyondSerializer(many=True)},
    )
    def list(self, request: Request) -> Response:
        """Return what waits in the contracts whose costs you see, the oldest month first."""
        return Response([shown(each) for each in beyond_pools(contracts_of(request))])

    @extend_schema(
        operation_id="overage_agree",
        summary="Agree to hours beyond a pool",
        request=AgreeBody,
        responses={201: AgreedSerializer},
    )
    def create(self, request: Request) -> Response:
        """Bill what waited, and what comes, up to these minutes; the price must be what was seen."""
        told = self.told(AgreeBody)
        contract = get_object_or_404(contracts_of(request), public_id=told.pop("contract"))
        month = date.fromisoformat(f"{told.pop('month')}-01")
        desks = [m for m in request.memberships if m.tenant_id == contract.tenant_id]
        actor = next((m for m in desks if m.role in AGREE), desks[0])

        def act() -> Response:
            now = timezone.now()
            row = services.agree_overage(
                contract=contract, actor=actor, month=month, now=now, **told
            )
            return Response(agreed(row), status=201)

        return once(request, contract.tenant_id, act)

    @property
    def verb(self) -> str:
        return Verb.APPROVE if self.action == "create" else Verb.READ


def contracts_of(request: Request) -> QuerySet[Contract]:
    clients = {m.tenant_id for m in request.memberships if m.role in SEE_COST}
    return Contract.objects.filter(tenant__in=clients).select_related("tenant")
