"""What a client's account managers administer: its settings, limits of people, jobs that died."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from portal.administration.desk import managed, seat_at
from portal.administration.jobs import jobs_of
from tenants.api.deeds import deed
from tenants.api.pagination import paged, part_of, wrong
from tenants.api.serializers import Body, ZoneField
from tenants.api.views import CURSOR, LIMIT, PAGES, ApiViewSet
from tenants.errors import NotPermitted
from tenants.models import Job, JobState, Membership, Verb
from tenants.roles import Role
from tenants.services import jobs, members
from tickets import services
from tickets.api.fields import choice, money, text
from tickets.services.estimate_people import UNLIMITED

LANGUAGES = [code for code, _name in settings.LANGUAGES]


class ClientBody(Body):
    """What can be changed of a client; leave out what stays."""

    name = text(200, required=False)
    language = choice(LANGUAGES, required=False)
    timezone = ZoneField(required=False)
    requesters_see_all = serializers.BooleanField(required=False)
    second_factor_roles = serializers.ListField(
        child=choice(Role.choices), required=False, max_length=len(Role)
    )


class ClientSettingsSerializer(serializers.Serializer):
    code = serializers.CharField()
    name = serializers.CharField()
    language = choice(LANGUAGES)
    timezone = serializers.CharField()
    requesters_see_all = serializers.BooleanField()
    second_factor_roles = serializers.ListField(child=choice(Role.choices))


class ClientViewSet(ApiViewSet):
    """Clients and their settings, for their account managers."""

    lookup_field = "code"
    lookup_value_converter = "slug"

    def found(self, code: str) -> Membership:
        return seat_at(self.request, code)

    @extend_schema(
        operation_id="client_read",
        summary="Read a client's settings",
        responses={200: ClientSettingsSerializer},
    )
    def retrieve(self, request: Request, code: str) -> Response:
        """Return the settings of a client, to its account managers."""
        return Response(self.shown(self.found(code)))

    @deed("client_change", "change", ClientBody, ClientSettingsSerializer, verb=Verb.APPROVE)
    def change(self, seat: Membership, now: datetime, **told: Any) -> dict[str, Any]:
        """Change name, language, zone, what requesters see, and who needs a second step."""
        seat.tenant = members.change_client(tenant=seat.tenant, actor=seat, now=now, **told)
        return self.shown(seat)

    def shown(self, seat: Membership) -> dict[str, Any]:
        return {name: getattr(seat.tenant, name) for name in ClientSettingsSerializer().fields}


class LimitBody(Body):
    amount = serializers.IntegerField(
        min_value=0, max_value=UNLIMITED, help_text="Minor units; in place of the desk's limit."
    )


class LimitSerializer(serializers.Serializer):
    member = serializers.CharField(help_text="The id of the desk.")
    amount = money()


class SeatViewSet(ApiViewSet):
    """A person's seat at a client, by its id."""

    lookup_field = "public_id"
    lookup_value_converter = "slug"

    def found(self, public_id: str) -> Membership:
        rows = Membership.objects.select_related("user", "tenant")
        row = get_object_or_404(rows, public_id=public_id)
        seat_at(self.request, row.tenant.code)
        return row

    @deed("member_limit", "limit", LimitBody, LimitSerializer, verb=Verb.APPROVE)
    def limit(self, row: Membership, now: datetime, amount: int) -> dict[str, Any]:
        """Give a person a limit of their own for estimates, in place of their desk's."""
        seat = seat_at(self.request, row.tenant.code)
        made = services.set_amount_limit(member=row, actor=seat, amount=amount, now=now)
        return {"member": row.public_id, "amount": made.amount}


class JobSerializer(serializers.Serializer):
    id = serializers.CharField()
    kind = serializers.CharField()
    client = serializers.CharField(allow_null=True, help_text="Its code; null: the portal's own.")
    state = choice(JobState.choices)
    progress = serializers.IntegerField(help_text="Percent.")
    attempts = serializers.IntegerField()
    due_at = serializers.DateTimeField()
    error = serializers.CharField(allow_blank=True, help_text="Of the last attempt.")


def job(row: Job) -> dict[str, Any]:
    names = ("kind", "state", "progress", "attempts", "due_at", "error")
    return {
        "id": row.public_id,
        "client": row.tenant and row.tenant.code,
        **{name: getattr(row, name) for name in names},
    }


class JobViewSet(ApiViewSet):
    """Background work of the clients that you manage, and the portal's own."""

    lookup_field = "public_id"
    lookup_value_converter = "slug"
    queryset = Job.objects.none()
    listed = PAGES | {"state"}

    def found(self, public_id: str) -> Job:
        if not managed(self.request):
            raise Http404
        return get_object_or_404(jobs_of(self.request), public_id=public_id)

    @extend_schema(
        operation_id="job_list",
        summary="List jobs",
        parameters=[LIMIT, CURSOR, OpenApiParameter("state", str, enum=JobState.values)],
        responses={200: paged(JobSerializer)},
    )
    def list(self, request: Request) -> Response:
        """
        Return the jobs, the latest due first.

        :raises NotPermitted: to anybody but an account manager.
        """
        if not managed(request):
            raise NotPermitted(_("Only account managers open this page."))
        rows = jobs_of(request).select_related("tenant").order_by("-due_at", "-pk")
        if (state := request.query_params.get("state")) is not None:
            if state not in JobState.values:
                raise wrong("state", ", ".join(JobState.values))
            rows = rows.filter(state=state)
        return Response(part_of(request, rows, job))

    @extend_schema(operation_id="job_read", summary="Read a job", responses={200: JobSerializer})
    def retrieve(self, request: Request, public_id: str) -> Response:
        """Return its state, and what its last attempt died of."""
        return Response(job(self.found(public_id)))

    @deed("job_retry", "retry", answers=JobSerializer)
    def retry(self, row: Job, now: datetime) -> dict[str, Any]:
        """Give a dead job its attempts again, from now."""
        seat = next((s for s in managed(self.request) if s.tenant_id == row.tenant_id), None)
        jobs.retry(job=row, actor=seat, now=now)
        return job(self.found(row.public_id))
