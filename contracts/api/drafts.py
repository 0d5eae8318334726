"""A draft version through the API: begun from what is in force, written as one document, signed."""

from datetime import date, datetime
from typing import Any

from django.http import Http404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from contracts import services
from contracts.api.serializers import VersionSerializer, version
from contracts.domain.terms import TermsInvalid
from contracts.models import Contract, ContractVersion
from contracts.views.drafts import begun_from, writing_desk
from contracts.views.shown import current
from tenants.api.deeds import deed
from tenants.api.serializers import Body
from tenants.models import Verb

NUMBER = OpenApiParameter("number", int, OpenApiParameter.PATH, description="Of the version.")


class DocumentBody(Body):
    """The whole document in place of what stands there, as the contract file has it."""

    document = serializers.DictField(child=serializers.JSONField(allow_null=True))
    effective_on = serializers.DateField(required=False, help_text="Left out: stays.")
    seen = serializers.CharField(max_length=64, help_text="`sha256` of the draft that was read.")


class ActivateBody(Body):
    """What was read of the draft: the text, its day, and what no clause of it decides."""

    seen = serializers.CharField(max_length=64, help_text="`sha256` of the draft that was read.")
    effective_on = serializers.DateField(help_text="Its day as it was read.")
    accept_gaps = serializers.CharField(
        max_length=64,
        required=False,
        default="",
        help_text="`seal` of its coverage, if it has gaps.",
    )


class ContractDrafts:
    """The steps of a draft, for the viewset of contracts."""

    def found(self, public_id: str, number: int = 0) -> Contract | ContractVersion:
        contract = self.contract(public_id)
        writing_desk(self.request, contract)
        return self.version(contract, number) if "number" in self.kwargs else contract

    @deed("contract_amend", "amend", answers=VersionSerializer, status=201)
    def amend(self, contract: Contract, now: datetime) -> dict[str, Any]:
        """Begin an amendment: a draft that says what is in force, from the next month on."""
        versions = list(contract.versions.order_by("number"))
        origin = current(contract, versions) or (versions[-1] if versions else None)
        if origin is None:
            raise Http404
        return version(begun_from(origin, contract, writing_desk(self.request, contract), now))

    @extend_schema(parameters=[NUMBER])
    @deed("contract_write_draft", "versions/<int:number>/document", DocumentBody, VersionSerializer)
    def write_draft(
        self, row: ContractVersion, now: datetime, document: dict[str, Any], **told: Any
    ) -> dict[str, Any]:
        """Write a draft anew; one that somebody else saved meanwhile is a 409."""
        if row.activated_at is not None:
            raise Http404
        actor = writing_desk(self.request, row.contract)
        try:
            made = services.replace_draft(
                version=row, document=document, actor=actor, now=now, **told
            )
        except TermsInvalid as wrong:
            raise ValidationError({"document": list(wrong.errors)}) from wrong
        return version(made)

    @extend_schema(parameters=[NUMBER])
    @deed(
        "contract_activate",
        "versions/<int:number>/activate",
        ActivateBody,
        VersionSerializer,
        verb=Verb.APPROVE,
    )
    def activate(
        self,
        row: ContractVersion,
        now: datetime,
        seen: str,
        effective_on: date,
        accept_gaps: str,
    ) -> dict[str, Any]:
        """
        Put a draft in force: its text never changes any more.

        A draft that the lint refuses, with gaps other than the accepted ones, or that somebody saved
        since it was read is a 409.
        """
        if row.activated_at is not None:
            raise Http404
        return version(
            services.activate_version(
                version=row,
                actor=writing_desk(self.request, row.contract),
                now=now,
                accept_gaps=accept_gaps,
                seen=seen,
                seen_on=effective_on,
            )
        )
