"""What people do with an issued report: sign, remark, answer, correct; and close a month early."""

from datetime import date, datetime
from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from contracts.models import Contract
from reports.api.serializers import ReportSerializer, report
from reports.models import MonthlyReport, ReportRemark
from reports.services import life
from tenants.api.deeds import deed
from tenants.api.pagination import paged, part_of
from tenants.api.serializers import Body, PersonSerializer
from tenants.api.views import CURSOR, LIMIT, PAGES, ApiViewSet
from tenants.models import Verb
from tenants.roles import Role
from tickets.api.fields import text
from tickets.api.shapes import person


class SignBody(Body):
    seen_sha256 = text(64, help_text="Of the revision that was read.")


class RemarkBody(Body):
    text = text(5000)


class AnswerBody(Body):
    answer = text(5000)


class CorrectBody(Body):
    reason = text(5000, help_text="The client reads it beside the figures that changed.")


class SignatureSerializer(serializers.Serializer):
    sha256 = serializers.CharField()
    by = PersonSerializer()
    at = serializers.DateTimeField()


class ReportRemarkSerializer(serializers.Serializer):
    id = serializers.CharField()
    text = serializers.CharField()
    by = PersonSerializer()
    at = serializers.DateTimeField()
    answer = serializers.CharField(allow_blank=True)
    answered_by = PersonSerializer(allow_null=True)
    answered_at = serializers.DateTimeField(allow_null=True)


def remark(row: ReportRemark) -> dict[str, Any]:
    return {
        "id": row.public_id,
        "text": row.text,
        "by": person(row.remarked_by),
        "at": row.remarked_at,
        "answer": row.answer,
        "answered_by": person(row.answered_by),
        "answered_at": row.answered_at,
    }


class ReportLife:
    """The steps of a report, for its viewset."""

    def found(self, public_id: str) -> MonthlyReport:
        return self.report(public_id)

    @deed("report_sign", "sign", SignBody, SignatureSerializer, verb=Verb.APPROVE, status=201)
    def sign(self, row: MonthlyReport, now: datetime, seen_sha256: str) -> dict[str, Any]:
        """Accept the figures of this revision for the client."""
        actor = self.desk(row.tenant_id, {Role.SERVICE_OWNER})
        made = life.sign_report(report=row, actor=actor, seen_sha256=seen_sha256, now=now)
        return {"sha256": made.sha256, "by": person(made.signed_by), "at": made.signed_at}

    @deed("report_remark", "remark", RemarkBody, ReportRemarkSerializer, status=201)
    def remark(self, row: MonthlyReport, now: datetime, text: str) -> dict[str, Any]:
        """Say what is wrong with a report; the account manager answers."""
        actor = self.desk(row.tenant_id, {Role.SERVICE_OWNER})
        return remark(life.remark_report(report=row, actor=actor, text=text, now=now))

    @deed("report_reissue", "correct", CorrectBody, ReportSerializer, verb=Verb.APPROVE, status=201)
    def reissue(self, row: MonthlyReport, now: datetime, reason: str) -> dict[str, Any]:
        """Make the next revision from the rows as they are told now; the old one stays."""
        actor = self.desk(row.tenant_id, {Role.ACCOUNT_MANAGER})
        made = life.reissue_report(report=row, actor=actor, reason=reason, now=now)
        return report(self.report(made.public_id))

    @extend_schema(
        operation_id="report_remarks",
        summary="List the remarks",
        parameters=[LIMIT, CURSOR],
        responses={200: paged(ReportRemarkSerializer)},
    )
    @action(detail=True, methods=["get"], url_path="remarks", parameters=PAGES)
    def remarks(self, request: Request, public_id: str) -> Response:
        """Return what the service owner held against the report, and the answers."""
        rows = self.report(public_id).remarks.select_related(
            "remarked_by__user", "answered_by__user"
        )
        return Response(part_of(request, rows, remark))


class RemarkViewSet(ApiViewSet):
    """A remark on a report, by its id; its report lists them."""

    lookup_field = "public_id"
    lookup_value_converter = "slug"
    queryset = ReportRemark.objects.none()

    def found(self, public_id: str) -> ReportRemark:
        rows = ReportRemark.objects.select_related("report", "remarked_by__user")
        return get_object_or_404(rows, public_id=public_id)

    @deed("remark_answer", "answer", AnswerBody, ReportRemarkSerializer)
    def answer(self, row: ReportRemark, now: datetime, answer: str) -> dict[str, Any]:
        """Answer a remark, once."""
        actor = self.desk(row.tenant_id, {Role.ACCOUNT_MANAGER})
        life.answer_remark(remark=row, actor=actor, answer=answer, now=now)
        row.refresh_from_db()
        return remark(row)


class MonthViewSet(ApiViewSet):
    """A month of a contract."""

    verb = Verb.APPROVE

    def found(self, contract: str, month: date) -> Contract:
        return get_object_or_404(Contract.objects.select_related("tenant"), public_id=contract)

    @extend_schema(
        parameters=[
            OpenApiParameter("contract", str, OpenApiParameter.PATH),
            OpenApiParameter("month", str, OpenApiParameter.PATH, description="2026-10"),
        ]
    )
    @deed("month_close", None, status=202)
    def close(self, contract: Contract, now: datetime) -> None:
        """Close an ended month before its grace is over; a job issues its report."""
        actor = self.desk(contract.tenant_id, {Role.ACCOUNT_MANAGER})
        life.close_early(contract=contract, month=self.kwargs["month"], actor=actor, now=now)
