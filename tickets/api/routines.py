"""Routine tasks: agreed in a rhythm, their runs planned ahead, each done with its evidence."""

from datetime import date, datetime
from typing import Any

from django.http import FileResponse
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiParameter, OpenApiTypes, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from contracts.models import Contract
from tenants.api.deeds import deed
from tenants.api.pagination import paged, part_of, wrong
from tenants.api.views import CURSOR, LIMIT, PAGES, ApiViewSet
from tenants.errors import Invalid
from tickets.api.routine_shapes import (
    DoneBody,
    EndBody,
    KeptSerializer,
    NewRoutineBody,
    PlanBody,
    ProofBody,
    RoutineSerializer,
    RunSerializer,
    routine,
    run,
)
from tickets.domain.lifecycle import AGENTS, LEADS
from tickets.models import RoutineProof, RoutineRun, RoutineTask
from tickets.services import routines
from tickets.services.attachments import store_file
from tickets.services.kept_files import kept_files, note_of
from tickets.services.routines import Answers, Plan
from tickets.views.routines import file_of_proof, task_or_404


class RoutineViewSet(ApiViewSet):
    """Work that comes back by itself."""

    lookup_field = "public_id"
    lookup_value_converter = "slug"
    queryset = RoutineTask.objects.none()

    def found(self, public_id: str) -> RoutineTask:
        return task_or_404(public_id)

    @extend_schema(
        operation_id="routine_list",
        summary="List routines",
        parameters=[LIMIT, CURSOR],
        responses={200: paged(RoutineSerializer)},
    )
    def list(self, request: Request) -> Response:
        """Return the routines of your clients, those that ended among them."""
        rows = RoutineTask.objects.select_related("contract", "tenant")
        return Response(part_of(request, rows, routine))

    @extend_schema(
        operation_id="routine_read", summary="Read a routine", responses={200: RoutineSerializer}
    )
    def retrieve(self, request: Request, public_id: str) -> Response:
        """Return what was agreed."""
        return Response(routine(self.found(public_id)))

    @deed("routine_change", "change", PlanBody, RoutineSerializer)
    def change(self, row: RoutineTask, now: datetime, plan: Plan) -> dict[str, Any]:
        """Change a routine from its next run on; what is due by now stays as it was planned."""
        actor = self.desk(row.tenant_id, LEADS)
        routines.change_routine(task=row, actor=actor, plan=plan, now=now)
        return routine(self.found(row.public_id))

    @deed("routine_end", "end", EndBody, RoutineSerializer)
    def end(self, row: RoutineTask, now: datetime, reason: str) -> dict[str, Any]:
        """End a routine; what is due stays due."""
        actor = self.desk(row.tenant_id, LEADS)
        routines.end_routine(task=row, actor=actor, reason=reason, now=now)
        return routine(self.found(row.public_id))


class NewRoutineViewSet(ApiViewSet):
    """Routines of one contract."""

    queryset = RoutineTask.objects.none()

    def found(self, public_id: str) -> Contract:
        return get_object_or_404(Contract.objects.select_related("tenant"), public_id=public_id)

    @deed("routine_agree", None, NewRoutineBody, RoutineSerializer, status=201)
    def create(self, contract: Contract, now: datetime, plan: Plan, starts_on: date) -> Any:
        """Agree a routine from a day on, and plan its first runs."""
        row = routines.create_routine(
            contract=contract,
            actor=self.desk(contract.tenant_id, LEADS),
            plan=plan,
            starts_on=starts_on,
            now=now,
        )
        return routine(task_or_404(row.public_id))


class RunViewSet(ApiViewSet):
    """One day's run of a routine; a miss is final, also when it is done later."""

    lookup_field = "public_id"
    lookup_value_converter = "slug"
    queryset = RoutineRun.objects.none()
    listed = PAGES | {"waiting"}

    def found(self, public_id: str) -> RoutineRun:
        rows = RoutineRun.objects.for_list().prefetch_related("proofs")
        return get_object_or_404(rows, public_id=public_id)

    @extend_schema(
        operation_id="routine_run_list",
        summary="List runs",
        parameters=[LIMIT, CURSOR, OpenApiParameter("waiting", str, enum=["true"])],
        responses={200: paged(RunSerializer)},
    )
    def list(self, request: Request) -> Response:
        """Return the runs that are planned and those that were, the soonest end first."""
        rows = RoutineRun.objects.for_list().prefetch_related("proofs")
        if (asked := request.query_params.get("waiting")) is not None:
            if asked != "true":
                raise wrong("waiting", "true")
            rows = rows.waiting()
        return Response(part_of(request, rows, run))

    @extend_schema(
        operation_id="routine_run_read", summary="Read a run", responses={200: RunSerializer}
    )
    def retrieve(self, request: Request, public_id: str) -> Response:
        """Return how it was done, or that it waits."""
        return Response(run(self.found(public_id)))

    @deed("routine_run_send", "files", ProofBody, KeptSerializer, files=True)
    def files(self, row: RoutineRun, now: datetime, file: Any) -> dict[str, str]:
        """Send a file that proves a line; doing the run names it."""
        actor = routines.doer(row, self.desk(row.tenant_id, AGENTS))
        return {"file": note_of(store_file(file, tenant_id=row.tenant_id), actor)}

    @deed("routine_run_complete", "complete", DoneBody, RunSerializer)
    def complete(self, row: RoutineRun, now: datetime, lines: list, note: str) -> dict[str, Any]:
        """Record that a run was done, and its evidence; late is better than never, and stays late."""
        actor = self.desk(row.tenant_id, AGENTS)
        proofs = [told for told in lines if "file" in told]
        try:
            kept = kept_files([told["file"] for told in proofs], actor)
        except Invalid as error:
            raise Invalid(error.message, field="lines") from error
        answers = Answers(
            {told["line"] for told in lines},
            {told["line"]: told["value"] for told in lines if "value" in told},
            {told["line"]: file for told, file in zip(proofs, kept, strict=True)},
        )
        routines.complete_run(run=row, actor=actor, answers=answers, note=note, now=now)
        return run(self.found(row.public_id))


class ProofViewSet(ApiViewSet):
    """Files that prove a line of a run; always a download."""

    lookup_field = "public_id"
    lookup_value_converter = "slug"
    queryset = RoutineProof.objects.none()
    sends_files = frozenset({"retrieve"})

    @extend_schema(
        operation_id="routine_proof_download",
        summary="Download the proof of a run",
        responses={(200, "application/octet-stream"): OpenApiTypes.BINARY},
    )
    def retrieve(self, request: Request, public_id: str) -> FileResponse:
        """Return the bytes."""
        return file_of_proof(public_id)
