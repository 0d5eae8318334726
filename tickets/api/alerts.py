"""Sources of alerts and the agreed maintenance that holds them back: the vendor's own."""

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
from tenants.api.serializers import Body, ClientSerializer, PersonSerializer, ZoneField
from tenants.api.views import CURSOR, LIMIT, ApiViewSet
from tickets.api.fields import MOST_REASON, choice, optional_text, text
from tickets.api.shapes import client, person
from tickets.domain.lifecycle import LEADS
from tickets.models import AlertRoute, AlertSource, AlertWindow
from tickets.models.alert import AlertSourceKind
from tickets.models.choices import Priority
from tickets.services import alert_sources
from tickets.services.alert_sources import MOST_ROUTES, RouteLine, SourcePlan
from tickets.views.alerts import check_desk, check_team, source_or_404

A_WEEK, A_DAY = 10_080, 1440  # minutes


class RouteBody(Body):
    """Where alerts with these labels go; patterns may hold * and ?."""

    match = serializers.DictField(child=text(200), default=dict)
    contract = text(40, required=False, help_text="Its number; else the source's own.")
    system = text(60)
    environment = text(60)
    priority = choice(Priority.choices, required=False)

    def validate(self, attrs: dict[str, Any]) -> RouteLine:
        own = self.context["contract"]
        if number := attrs.pop("contract", ""):
            own = Contract.objects.active().filter(tenant_id=own.tenant_id, number=number).first()
        return RouteLine(contract=own or self.context["contract"], **attrs)


class SourceBody(Body):
    """What a source is; it is another one from its next message on."""

    name = text(80)
    system = text(60)
    environment = text(60)
    timezone = ZoneField(help_text="Of times that come without an offset.")
    silent_after_minutes = serializers.IntegerField(
        required=False, allow_null=True, min_value=1, max_value=A_WEEK
    )
    settle_minutes = serializers.IntegerField(default=5, min_value=0, max_value=A_DAY)
    routes = RouteBody(many=True, required=False, max_length=MOST_ROUTES)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        return {"plan": SourcePlan(**attrs)}


class SwitchBody(Body):
    on = serializers.BooleanField()


class WindowBody(Body):
    system = optional_text(60, help_text="Empty: every one.")
    environment = optional_text(60, help_text="Empty: every one.")
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    reason = text(MOST_REASON)


class AlertRouteSerializer(serializers.Serializer):
    match = serializers.DictField(child=serializers.CharField())
    contract = serializers.CharField(help_text="Its number.")
    system = serializers.CharField()
    environment = serializers.CharField()
    priority = serializers.CharField(allow_blank=True)


class AlertSourceSerializer(serializers.Serializer):
    id = serializers.CharField()
    client = ClientSerializer()
    contract = serializers.CharField(help_text="Its id.")
    kind = choice(AlertSourceKind.choices)
    name = serializers.CharField()
    system = serializers.CharField()
    environment = serializers.CharField()
    timezone = serializers.CharField()
    silent_after_minutes = serializers.IntegerField(allow_null=True)
    settle_minutes = serializers.IntegerField()
    heard_at = serializers.DateTimeField()
    disabled_at = serializers.DateTimeField(allow_null=True)
    routes = AlertRouteSerializer(many=True)


class AlertWindowSerializer(serializers.Serializer):
    id = serializers.CharField()
    client = ClientSerializer()
    contract = serializers.CharField(help_text="Its id.")
    system = serializers.CharField(allow_blank=True)
    environment = serializers.CharField(allow_blank=True)
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    reason = serializers.CharField()
    by = PersonSerializer()
    cancelled_at = serializers.DateTimeField(allow_null=True)


def route(row: AlertRoute) -> dict[str, Any]:
    names = ("match", "system", "environment", "priority")
    return {"contract": row.contract.number, **{name: getattr(row, name) for name in names}}


def source(row: AlertSource) -> dict[str, Any]:
    names = ("kind", "name", "system", "environment", "timezone", "silent_after_minutes")
    return {
        "id": row.public_id,
        "client": client(row.tenant),
        "contract": row.contract.public_id,
        **{name: getattr(row, name) for name in (*names, "settle_minutes")},
        "heard_at": row.heard_at,
        "disabled_at": row.disabled_at,
        "routes": [route(each) for each in row.routes.all()],
    }


def window(row: AlertWindow) -> dict[str, Any]:
    names = ("system", "environment", "starts_at", "ends_at", "reason", "cancelled_at")
    return {
        "id": row.public_id,
        "client": client(row.tenant),
        "contract": row.contract.public_id,
        **{name: getattr(row, name) for name in names},
        "by": person(row.by),
    }


class AlertSourceViewSet(ApiViewSet):
    """Monitoring systems that post alerts; one is connected, and gets its secret, on its page."""

    lookup_field = "public_id"
    lookup_value_converter = "slug"
    queryset = AlertSource.objects.none()

    def found(self, public_id: str) -> AlertSource:
        row = source_or_404(public_id)
        check_desk(self.request, row.tenant_id)
        return row

    def context_for(self, found: AlertSource) -> dict[str, Any]:
        return {"contract": found.contract}

    @extend_schema(
        operation_id="alert_source_list",
        summary="List the sources of alerts",
        parameters=[LIMIT, CURSOR],
        responses={200: paged(AlertSourceSerializer)},
    )
    def list(self, request: Request) -> Response:
        """
        Return the sources of your clients, by name.

        :raises NotPermitted: to a client.
        """
        check_team(request)
        rows = AlertSource.objects.select_related("contract", "tenant")
        return Response(part_of(request, rows.prefetch_related("routes__contract"), source))

    @extend_schema(
        operation_id="alert_source_read",
        summary="Read a source of alerts",
        responses={200: AlertSourceSerializer},
    )
    def retrieve(self, request: Request, public_id: str) -> Response:
        """Return where its alerts go; its secret is shown by nothing."""
        return Response(source(self.found(public_id)))

    @deed("alert_source_change", "change", SourceBody, AlertSourceSerializer)
    def change(self, row: AlertSource, now: datetime, plan: SourcePlan) -> dict[str, Any]:
        """Change a source from its next message on."""
        actor = check_desk(self.request, row.tenant_id, LEADS)
        alert_sources.change_source(source=row, actor=actor, plan=plan, now=now)
        return source(self.found(row.public_id))

    @deed("alert_source_switch", "switch", SwitchBody, AlertSourceSerializer)
    def switch(self, row: AlertSource, now: datetime, on: bool) -> dict[str, Any]:
        """Turn a source off or on."""
        actor = check_desk(self.request, row.tenant_id, LEADS)
        alert_sources.switch_source(source=row, actor=actor, on=on, now=now)
        return source(self.found(row.public_id))


class NewAlertWindowViewSet(ApiViewSet):
    """Agreed maintenance of one contract's systems."""

    queryset = AlertWindow.objects.none()

    def found(self, public_id: str) -> Contract:
        return get_object_or_404(Contract.objects.select_related("tenant"), public_id=public_id)

    @deed("alert_window_agree", None, WindowBody, AlertWindowSerializer, status=201)
    def create(self, contract: Contract, now: datetime, **told: Any) -> dict[str, Any]:
        """Write down agreed maintenance: what begins in it raises no ticket."""
        actor = self.desk(contract.tenant_id, LEADS)
        return window(alert_sources.agree_window(contract=contract, actor=actor, now=now, **told))


class AlertWindowViewSet(ApiViewSet):
    """Agreed maintenance, the latest first."""

    lookup_field = "public_id"
    lookup_value_converter = "slug"
    queryset = AlertWindow.objects.none()

    def found(self, public_id: str) -> AlertWindow:
        rows = AlertWindow.objects.select_related("contract", "tenant", "by__user")
        row = get_object_or_404(rows, public_id=public_id)
        check_desk(self.request, row.tenant_id)
        return row

    @extend_schema(
        operation_id="alert_window_list",
        summary="List agreed maintenance",
        parameters=[LIMIT, CURSOR],
        responses={200: paged(AlertWindowSerializer)},
    )
    def list(self, request: Request) -> Response:
        """
        Return what was agreed, what is over among it.

        :raises NotPermitted: to a client.
        """
        check_team(request)
        rows = AlertWindow.objects.select_related("contract", "tenant", "by__user")
        return Response(part_of(request, rows, window))

    @deed("alert_window_cancel", "cancel", answers=AlertWindowSerializer)
    def cancel(self, row: AlertWindow, now: datetime) -> dict[str, Any]:
        """End maintenance early: from now on alerts raise tickets again."""
        actor = check_desk(self.request, row.tenant_id, LEADS)
        alert_sources.cancel_window(window=row, actor=actor, now=now)
        return window(self.found(row.public_id))
