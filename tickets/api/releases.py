"""What maintenance delivered to a system, and which tickets it fixes."""

from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from contracts.models import Contract
from tenants.api.deeds import deed
from tenants.api.pagination import paged, part_of
from tenants.api.serializers import ClientSerializer, PersonSerializer
from tenants.api.views import CURSOR, LIMIT, ApiViewSet
from tickets import services
from tickets.api.bodies import ReleaseBody
from tickets.api.fields import OtherTicketField, choice, text
from tickets.api.shapes import client, person
from tickets.domain.lifecycle import AGENTS
from tickets.models import Release
from tickets.models.release import ReleaseKind
from tickets.views.desk import tickets_of


class NewReleaseBody(ReleaseBody):
    """What was released to a system of the contract."""

    system = text(60)
    fixes = serializers.ListField(
        child=OtherTicketField(), required=False, max_length=100, help_text="Keys of tickets."
    )


class ReleaseSerializer(serializers.Serializer):
    id = serializers.CharField()
    client = ClientSerializer()
    contract = serializers.CharField(help_text="Its id.")
    system = serializers.CharField()
    kind = choice(ReleaseKind.choices)
    name = serializers.CharField()
    summary = serializers.CharField(allow_blank=True)
    documents = serializers.ListField(child=serializers.CharField())
    released_at = serializers.DateTimeField()
    written_at = serializers.DateTimeField()
    by = PersonSerializer()
    incidents_after = serializers.IntegerField(help_text="Of its system, in the two weeks after.")


class ReleaseDetailSerializer(ReleaseSerializer):
    fixes = serializers.ListField(child=serializers.CharField(), help_text="Keys you may see.")


def release(row: Release) -> dict[str, Any]:
    names = ("system", "kind", "name", "summary", "documents", "released_at", "written_at")
    return {
        "id": row.public_id,
        "client": client(row.tenant),
        "contract": row.contract.public_id,
        **{name: getattr(row, name) for name in names},
        "by": person(row.by),
        "incidents_after": row.incidents_after,
    }


def detail(request: Request, public_id: str) -> dict[str, Any]:
    row = get_object_or_404(Release.objects.for_list(), public_id=public_id)
    fixed = tickets_of(request).filter(deliveries__release=row).distinct().order_by("number")
    return {**release(row), "fixes": list(fixed.values_list("key", flat=True))}


class ReleaseViewSet(ApiViewSet):
    """Patches and versions; one that is recorded never changes."""

    lookup_field = "public_id"
    lookup_value_converter = "slug"
    queryset = Release.objects.none()

    @extend_schema(
        operation_id="release_list",
        summary="List releases",
        parameters=[LIMIT, CURSOR],
        responses={200: paged(ReleaseSerializer)},
    )
    def list(self, request: Request) -> Response:
        """Return the releases of your clients, the latest first."""
        rows: QuerySet = Release.objects.for_list()
        return Response(part_of(request, rows, release))

    @extend_schema(
        operation_id="release_read",
        summary="Read a release",
        responses={200: ReleaseDetailSerializer},
    )
    def retrieve(self, request: Request, public_id: str) -> Response:
        """Return the release with the tickets that it fixes."""
        return Response(detail(request, public_id))


class NewReleaseViewSet(ApiViewSet):
    """Releases of one contract's systems."""

    queryset = Release.objects.none()

    def found(self, public_id: str) -> Contract:
        return get_object_or_404(Contract.objects.select_related("tenant"), public_id=public_id)

    def context_for(self, found: Contract) -> dict[str, Any]:
        return {"tickets": tickets_of(self.request).filter(contract=found)}

    @deed("release_record", None, NewReleaseBody, ReleaseDetailSerializer, status=201)
    def create(self, contract: Contract, now: datetime, **told: Any) -> dict[str, Any]:
        """Write down what was released, and which tickets in maintenance it fixes."""
        actor = self.desk(contract.tenant_id, AGENTS)
        row = services.record_release(contract=contract, actor=actor, now=now, **told)
        return detail(self.request, row.public_id)
