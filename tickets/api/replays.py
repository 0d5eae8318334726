"""A version of a contract run against its past tickets: asked for, done by a job, read."""

from datetime import date, datetime, timedelta
from typing import Any

from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from contracts.models import Contract
from contracts.views.shown import versions_for
from tenants.api.deeds import deed
from tenants.api.pagination import paged, part_of
from tenants.api.serializers import Body, PersonSerializer
from tenants.api.views import CURSOR, LIMIT, ApiViewSet
from tenants.models import Job, JobState
from tickets.api.shapes import person
from tickets.models import Replay
from tickets.services.replays import KIND, MAY_ASK, ask_replay
from tickets.views.replays import asking_desk


class AskBody(Body):
    """Days are widened to whole months; left out, the contract's first and the running one."""

    version = serializers.IntegerField(min_value=1, max_value=32767)
    from_on = serializers.DateField(required=False)
    until_on = serializers.DateField(required=False, help_text="The last day, itself included.")


class ReplaySerializer(serializers.Serializer):
    id = serializers.CharField()
    contract = serializers.CharField(help_text="Its id.")
    version = serializers.IntegerField()
    from_on = serializers.DateField()
    until_on = serializers.DateField(help_text="The first day after.")
    asked_by = PersonSerializer()
    asked_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)


class ReplayDetailSerializer(ReplaySerializer):
    state = serializers.ChoiceField([*JobState.values, "finished"], help_text="Of its job.")
    progress = serializers.IntegerField(help_text="Percent.")
    result = serializers.DictField(
        child=serializers.JSONField(allow_null=True),
        allow_null=True,
        help_text="Changes, gaps, rulings, hours and money by outcome, before and after.",
    )


def summary(row: Replay) -> dict[str, Any]:
    return {
        "id": row.public_id,
        "contract": row.contract.public_id,
        "version": row.version.number,
        "from_on": row.from_on,
        "until_on": row.until_on,
        "asked_by": person(row.asked_by),
        "asked_at": row.asked_at,
        "finished_at": row.finished_at,
    }


def detail(row: Replay) -> dict[str, Any]:
    shape = {**summary(row), "state": "finished", "progress": 100, "result": row.result}
    if row.is_finished:
        return shape
    job = Job.objects.filter(kind=KIND, tenant_id=row.tenant_id, key=row.job_key).first()
    waiting = {"state": JobState.WAITING, "progress": 0}
    return {**shape, **(waiting if job is None else {"state": job.state, "progress": job.progress})}


class NewReplayViewSet(ApiViewSet):
    """The replays of one contract, for who may ask for one; to others there are none."""

    queryset = Replay.objects.none()

    def found(self, public_id: str) -> Contract:
        rows = Contract.objects.select_related("tenant")
        contract = get_object_or_404(rows, public_id=public_id)
        asking_desk(self.request, contract)
        return contract

    @extend_schema(
        operation_id="replay_list",
        summary="List replays",
        parameters=[LIMIT, CURSOR],
        responses={200: paged(ReplaySerializer)},
    )
    def list(self, request: Request, public_id: str) -> Response:
        """Return the replays of the contract, the latest first."""
        rows = Replay.objects.filter(contract=self.found(public_id)).defer("result")
        rows = rows.select_related("contract", "version", "asked_by__user")
        return Response(part_of(request, rows, summary))

    @deed("replay_ask", None, AskBody, ReplayDetailSerializer, status=202)
    def create(
        self,
        contract: Contract,
        now: datetime,
        version: int,
        from_on: date | None = None,
        until_on: date | None = None,
    ) -> dict[str, Any]:
        """Ask for a version, a draft as a rule, to be run against the tickets of past months."""
        actor = self.desk(contract.tenant_id, MAY_ASK)
        known = versions_for(contract, [actor]).filter(number=version).first()
        if known is None:
            said = _("There is no such version here.")
            raise ValidationError({"version": [ErrorDetail(said, "does_not_exist")]})
        if until_on is not None and until_on < date.max:
            until_on += timedelta(days=1)
        asked = ask_replay(
            contract=contract,
            version=known,
            from_on=from_on,
            until_on=until_on,
            actor=actor,
            now=now,
        )
        return detail(asked)


class ReplayViewSet(ApiViewSet):
    """One replay by its id."""

    lookup_field = "public_id"
    lookup_value_converter = "slug"
    queryset = Replay.objects.none()

    @extend_schema(
        operation_id="replay_read",
        summary="Read a replay",
        responses={200: ReplayDetailSerializer},
    )
    def retrieve(self, request: Request, public_id: str) -> Response:
        """Return how far it is, and what it found."""
        rows = Replay.objects.select_related("contract", "version", "asked_by__user")
        row = get_object_or_404(rows, public_id=public_id)
        asking_desk(request, row.contract)
        return Response(detail(row))
