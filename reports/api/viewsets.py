"""Reports: the frozen facts of closed months, word for word, and drafts of running ones."""

from datetime import date

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, OpenApiTypes, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from contracts.models import Contract
from reports.access import clients_with_money
from reports.api.life import ReportLife
from reports.api.serializers import ReportSerializer, report
from reports.models import MonthlyReport
from reports.services.issue import draft_facts
from reports.views.pages import is_running
from tenants.api.pagination import paged, part_of
from tenants.api.views import CURSOR, LIMIT, ApiViewSet
from tenants.errors import NotPermitted


class ReportViewSet(ReportLife, ApiViewSet):
    """Monthly reports; a figure is never read from a row again."""

    lookup_field = "public_id"
    lookup_value_converter = "slug"
    queryset = MonthlyReport.objects.none()

    @extend_schema(
        operation_id="report_list",
        summary="List reports",
        parameters=[LIMIT, CURSOR],
        responses={200: paged(ReportSerializer)},
    )
    def list(self, request: Request) -> Response:
        """Return every report that was issued, the latest month and revision first."""
        rows = MonthlyReport.objects.select_related("tenant", "contract").defer("facts")
        rows = rows.order_by("-month", "-issued_at", "-pk")
        return Response(part_of(request, rows, report))

    @extend_schema(
        operation_id="report_read", summary="Read a report", responses={200: ReportSerializer}
    )
    def retrieve(self, request: Request, public_id: str) -> Response:
        """Return which report it is, with its fingerprint."""
        return Response(report(self.report(public_id)))

    @extend_schema(
        operation_id="report_facts",
        summary="Read a report's facts",
        responses={200: OpenApiTypes.OBJECT},
    )
    def facts(self, request: Request, public_id: str) -> HttpResponse:
        """
        Return the frozen facts, the very bytes that the fingerprint is of.

        :raises NotPermitted: to a requester, who sees no money.
        """
        row = self.report(public_id)
        self.check_money(row.tenant_id)
        return HttpResponse(
            row.facts, content_type="application/json", headers={"ETag": f'"{row.sha256}"'}
        )

    @extend_schema(
        operation_id="report_draft",
        summary="Read a month as it stands",
        parameters=[
            OpenApiParameter("contract", str, OpenApiParameter.PATH),
            OpenApiParameter("month", str, OpenApiParameter.PATH, description="2026-10"),
        ],
        responses={200: OpenApiTypes.OBJECT},
    )
    def draft(self, request: Request, contract: str, month: date) -> Response:
        """
        Return what the report of a running month would say now.

        :raises NotPermitted: to a requester.
        """
        found = get_object_or_404(Contract.objects.select_related("tenant"), public_id=contract)
        self.check_money(found.tenant_id)
        if not is_running(found, month):
            raise Http404
        return Response(draft_facts(found, month, now=timezone.now()))

    def report(self, public_id: str) -> MonthlyReport:
        rows = MonthlyReport.objects.select_related("tenant", "contract")
        return get_object_or_404(rows, public_id=public_id)

    def check_money(self, tenant_id: int) -> None:
        if tenant_id not in clients_with_money(self.request.memberships):
            raise NotPermitted(_("The facts are for the service owner and the vendor's desks."))
