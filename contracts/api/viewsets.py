"""Contracts: what was agreed, in which version, what it covers and what its lint finds."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, OpenApiTypes, extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from contracts.api import serializers as shown
from contracts.api.drafts import ContractDrafts
from contracts.domain.coverage import coverage
from contracts.models import Contract, ContractVersion
from contracts.rules import rules_of
from contracts.terms_yaml import dump
from contracts.views.coverage import lint_of
from contracts.views.shown import current, sees_cost, versions_for
from tenants.api.pagination import paged, part_of
from tenants.api.views import CURSOR, LIMIT, PAGES, ApiViewSet
from tenants.errors import NotPermitted
from tenants.models import Membership

NUMBER = OpenApiParameter("number", int, OpenApiParameter.PATH, description="Of the version.")
A_VERSION = "versions/<int:number>"


class ContractViewSet(ContractDrafts, ApiViewSet):
    """Agreements with your clients; a version in force never changes."""

    lookup_field = "public_id"
    lookup_value_converter = "slug"
    queryset = Contract.objects.none()
    sends_files = frozenset({"terms_yaml"})

    def contract(self, public_id: str) -> Contract:
        """Return the contract; another client's is the same 404 as one that never was."""
        rows = Contract.objects.select_related("tenant")
        return get_object_or_404(rows, public_id=public_id)

    def version(self, contract: Contract, number: int) -> ContractVersion:
        rows = versions_for(contract, self.desks(contract))
        return get_object_or_404(rows, number=min(number, 2**31 - 1))

    def desks(self, contract: Contract) -> list[Membership]:
        return [m for m in self.request.memberships if m.tenant_id == contract.tenant_id]

    @extend_schema(
        operation_id="contract_list",
        summary="List contracts",
        parameters=[LIMIT, CURSOR],
        responses={200: paged(shown.ContractSerializer)},
    )
    def list(self, request: Request) -> Response:
        """Return the contracts of your clients, by client and number."""
        rows = Contract.objects.select_related("tenant").order_by("tenant__code", "number")
        return Response(part_of(request, rows, shown.contract))

    @extend_schema(
        operation_id="contract_read",
        summary="Read a contract",
        responses={200: shown.ContractDetailSerializer},
    )
    def retrieve(self, request: Request, public_id: str) -> Response:
        """Return the contract with its versions."""
        contract = self.contract(public_id)
        rows = versions_for(contract, self.desks(contract))
        versions = list(rows.defer("terms", "holidays", "examples"))
        in_force = current(contract, versions)
        return Response(
            {
                **shown.contract(contract),
                "in_force": in_force and in_force.number,
                "versions": [shown.version(row) for row in versions],
            }
        )

    @extend_schema(
        operation_id="contract_version",
        summary="Read a version with its terms",
        parameters=[NUMBER],
        responses={200: shown.VersionWithTermsSerializer},
    )
    @action(detail=True, methods=["get"], url_path=A_VERSION)
    def one_version(self, request: Request, public_id: str, number: int) -> Response:
        """Return the terms as data; a requester reads them without the money."""
        contract = self.contract(public_id)
        row = self.version(contract, number)
        money = sees_cost(self.desks(contract))
        terms = row.terms if money else shown.without_money(row.terms)
        return Response({**shown.version(row), "terms": terms, "holidays": row.holidays})

    @extend_schema(
        operation_id="contract_version_yaml",
        summary="Read a version's terms as YAML",
        parameters=[NUMBER],
        responses={(200, "application/yaml"): OpenApiTypes.OBJECT},
    )
    @action(detail=True, methods=["get"], url_path=f"{A_VERSION}/terms.yaml")
    def terms_yaml(self, request: Request, public_id: str, number: int) -> HttpResponse:
        """Return the terms as a contract file, as people write it."""
        contract = self.contract(public_id)
        row = self.version(contract, number)
        money = sees_cost(self.desks(contract))
        text = dump(row.terms if money else shown.without_money(row.terms))
        return HttpResponse(text, content_type="application/yaml")

    @extend_schema(
        operation_id="contract_coverage",
        summary="See what decides where",
        parameters=[NUMBER],
        responses={200: shown.CoverageSerializer},
    )
    @action(detail=True, methods=["get"], url_path=f"{A_VERSION}/coverage")
    def coverage(self, request: Request, public_id: str, number: int) -> Response:
        """Return which clauses decide for each kind of work in each place, and the gaps."""
        row = self.version(self.contract(public_id), number)
        covered = coverage(rules_of(row).terms)
        found = {"cells": list(shown.cells(covered)), "gaps": shown.gaps(covered)}
        return Response({"version": row.number, **found, "seal": covered.seal()})

    @extend_schema(
        operation_id="contract_lint",
        summary="See what the lint finds",
        parameters=[NUMBER],
        responses={200: shown.LintSerializer},
    )
    @action(detail=True, methods=["get"], url_path=f"{A_VERSION}/lint")
    def lint(self, request: Request, public_id: str, number: int) -> Response:
        """
        Return what keeps a version from being activated, and what is only doubtful.

        :raises NotPermitted: to a client.
        """
        contract = self.contract(public_id)
        if not any(desk.is_vendor for desk in self.desks(contract)):
            raise NotPermitted(_("What the lint finds is for the vendor's desks."))
        row = self.version(contract, number)
        return Response({"version": row.number, **lint_of(row)})

    @extend_schema(
        operation_id="contract_periods",
        summary="List the months",
        parameters=[LIMIT, CURSOR],
        responses={200: paged(shown.PeriodSerializer)},
    )
    @action(detail=True, methods=["get"], url_path="periods", parameters=PAGES)
    def periods(self, request: Request, public_id: str) -> Response:
        """Return the months that were needed so far, the latest first."""
        rows = self.contract(public_id).periods.order_by("-month")
        return Response(part_of(request, rows, shown.period))
