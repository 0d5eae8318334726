"""On call: rosters and their turns, swaps, absences, and the calls for tickets. The vendor's own."""

from datetime import datetime
from typing import Any

from django.db.models import Prefetch, QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from tenants.api.deeds import deed
from tenants.api.idempotency import once
from tenants.api.pagination import paged, part_of, wrong
from tenants.api.views import CURSOR, LIMIT, PAGES, ApiViewSet
from tenants.errors import NotPermitted
from tenants.models import Membership
from tickets.api import oncall_shapes as shapes
from tickets.domain.lifecycle import AGENTS
from tickets.models import Absence, Call, Page, Roster, RosterSeat, Swap
from tickets.models.oncall import Tier
from tickets.services import rosters
from tickets.services.rosters import RosterPlan
from tickets.views.oncall import team, teammate, tenant_and_lead, week_of

SEATS = Prefetch("seats", RosterSeat.objects.select_related("member__user"))
CALLS = Prefetch("calls", Call.objects.select_related("member__user"))


def teams_of(request: Request) -> set[int]:
    """
    Return the clients at which this person is of the vendor's team.

    :raises NotPermitted: to a client.
    """
    if not (found := {m.tenant_id for m in request.memberships if m.role in AGENTS}):
        raise NotPermitted(_("Only the vendor's team is on call."))
    return found


class OnCallViewSet(ApiViewSet):
    lookup_field = "public_id"
    lookup_value_converter = "slug"

    def rows(self) -> QuerySet:
        """Return all rows in scope, as they are shown."""
        raise NotImplementedError

    def listed_rows(self) -> QuerySet:
        """Return the rows of the clients at which this person is of the vendor's team."""
        return self.rows().filter(tenant_id__in=teams_of(self.request))

    def found(self, public_id: str) -> Any:
        row = get_object_or_404(self.rows(), public_id=public_id)
        teammate(self.request, row.tenant_id)
        return row


class RosterViewSet(OnCallViewSet):
    """Who is on call for a tier of a client."""

    queryset = Roster.objects.none()

    def rows(self) -> QuerySet[Roster]:
        rows = Roster.objects.select_related("tenant").prefetch_related(SEATS)
        return rows.order_by("tenant__name", "tier")

    @extend_schema(
        operation_id="roster_list",
        summary="List rosters",
        parameters=[LIMIT, CURSOR],
        responses={200: paged(shapes.RosterSerializer)},
    )
    def list(self, request: Request) -> Response:
        """Return the rosters of your clients, by client and tier."""
        return Response(part_of(request, self.listed_rows(), shapes.roster))

    @extend_schema(
        operation_id="roster_read",
        summary="Read a roster and its week",
        responses={200: shapes.RosterWeekSerializer},
    )
    def retrieve(self, request: Request, public_id: str) -> Response:
        """Return who sits on it, and who has which turn in the next seven days."""
        row = self.found(public_id)
        now = timezone.now()
        rule = rosters.rule_of(row, now)
        turns = week_of(row, rule, team({row.tenant_id}), now)["turns"]
        return Response({**shapes.roster(row), "week": [shapes.turn(each) for each in turns]})

    @deed("swap_turn", "swap", shapes.SwapBody, shapes.SwapSerializer, status=201)
    def swap(
        self, row: Roster, now: datetime, person: Membership, starts_at: datetime, ends_at: datetime
    ) -> dict[str, Any]:
        """Let somebody take the turn of whoever has it: yourself, or as a lead anybody."""
        actor = teammate(self.request, row.tenant_id)
        made = rosters.swap_turn(
            roster=row, actor=actor, member=person, starts_at=starts_at, ends_at=ends_at, now=now
        )
        return shapes.swap(made)


class NewRosterViewSet(ApiViewSet):
    """The roster of one tier of one client."""

    queryset = Roster.objects.none()

    def found(self, code: str, tier: str) -> Membership:
        _tenant, lead = tenant_and_lead(self.request, code)
        if tier not in Tier.values:
            raise Http404
        return lead

    @deed("roster_write", None, shapes.RosterBody, shapes.RosterSerializer)
    def write(self, lead: Membership, now: datetime, **told: Any) -> dict[str, Any]:
        """Write the roster of a tier, or write it anew; a webhook is set on its page."""
        tier = self.kwargs["tier"]
        row = Roster.objects.filter(tenant_id=lead.tenant_id, tier=tier).first()
        plan = RosterPlan(tier=tier, hook_url=row.hook_url if row else "", **told)
        made, _secret = rosters.write_roster(tenant=lead.tenant, actor=lead, plan=plan, now=now)
        rows = Roster.objects.select_related("tenant").prefetch_related(SEATS)
        return shapes.roster(rows.get(pk=made.pk))


class SwapViewSet(OnCallViewSet):
    """Turns that somebody else takes."""

    queryset = Swap.objects.none()

    def rows(self) -> QuerySet[Swap]:
        rows = Swap.objects.select_related("tenant", "roster", "member__user", "by__user")
        return rows.order_by("-starts_at", "-pk")

    @extend_schema(
        operation_id="swap_list",
        summary="List swapped turns",
        parameters=[LIMIT, CURSOR],
        responses={200: paged(shapes.SwapSerializer)},
    )
    def list(self, request: Request) -> Response:
        """Return the swaps of your clients' rosters, the latest first."""
        return Response(part_of(request, self.listed_rows(), shapes.swap))

    @deed("remove_swap", "remove")
    def remove(self, row: Swap, now: datetime) -> None:
        """Take a swap back."""
        rosters.take_back(row=row, actor=teammate(self.request, row.tenant_id), now=now)


class AbsenceViewSet(OnCallViewSet):
    """When somebody is away: nobody calls them."""

    queryset = Absence.objects.none()

    def rows(self) -> QuerySet[Absence]:
        rows = Absence.objects.select_related("tenant", "member__user", "by__user")
        return rows.order_by("-starts_at", "-pk")

    @extend_schema(
        operation_id="absence_list",
        summary="List absences",
        parameters=[LIMIT, CURSOR],
        responses={200: paged(shapes.AbsenceSerializer)},
    )
    def list(self, request: Request) -> Response:
        """Return who is away and was, the latest first."""
        return Response(part_of(request, self.listed_rows(), shapes.absence))

    @extend_schema(
        operation_id="note_absence",
        summary="Write down that somebody is away",
        request=shapes.AbsenceBody,
        responses={201: shapes.AbsenceSerializer},
    )
    def create(self, request: Request) -> Response:
        """Write down that you are away, or as a lead somebody of the team."""
        told = self.told(shapes.AbsenceBody, tenants=teams_of(request))
        member = told.pop("person")
        actor = teammate(request, member.tenant_id)

        def act() -> Response:
            now = timezone.now()
            row = rosters.note_absence(actor=actor, member=member, now=now, **told)
            return Response(shapes.absence(row), status=201)

        return once(request, member.tenant_id, act)

    @deed("remove_absence", "remove")
    def remove(self, row: Absence, now: datetime) -> None:
        """Take an absence back."""
        rosters.take_back(row=row, actor=teammate(self.request, row.tenant_id), now=now)


class PageViewSet(OnCallViewSet):
    """The calls for tickets; `tickets/{key}/have-it/` ends those of one."""

    queryset = Page.objects.none()
    listed = PAGES | {"waiting"}

    def rows(self) -> QuerySet[Page]:
        rows = Page.objects.select_related("ticket", "roster", "taken_by__user")
        return rows.prefetch_related(CALLS).order_by("-started_at", "-pk")

    @extend_schema(
        operation_id="page_list",
        summary="List the calls for tickets",
        parameters=[LIMIT, CURSOR, OpenApiParameter("waiting", str, enum=["true"])],
        responses={200: paged(shapes.PageSerializer)},
    )
    def list(self, request: Request) -> Response:
        """Return for which tickets people were called, the latest first, with each call."""
        rows = self.listed_rows()
        if (asked := request.query_params.get("waiting")) is not None:
            if asked != "true":
                raise wrong("waiting", "true")
            rows = rows.waiting()
        return Response(part_of(request, rows, shapes.page))
