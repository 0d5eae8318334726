"""Estimates: written for a ticket, approved, sent, accepted, delivered; each step one command."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db.models import Prefetch, Q, QuerySet
from django.http import FileResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, OpenApiTypes, extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from tenants.api.deeds import deed, summary_of
from tenants.api.etag import check_match, tag_of
from tenants.api.idempotency import once
from tenants.api.pagination import Order, Rows, page_of, paged, wrong
from tenants.api.serializers import Nothing
from tenants.api.views import CURSOR, LIMIT, PAGES, ApiViewSet
from tenants.models import Membership, Verb
from tenants.roles import VENDOR, Role
from tickets import services
from tickets.api.estimate_shapes import BODIES, EstimateSerializer, OrderFilesBody, shown
from tickets.domain.estimate import EstimateAction, steps_for
from tickets.models import Estimate, EstimateAcceptance, PurchaseOrderFile, Ticket
from tickets.models.choices import EstimateStatus
from tickets.services.guard import lock
from tickets.views.desk import desks_at, tickets_of
from tickets.views.estimates import ESTIMATE_MOVES, file_of_order

DECIDE = {
    EstimateAction.APPROVE,
    EstimateAction.REFUSE,
    EstimateAction.ACCEPT,
    EstimateAction.DECLINE,
    EstimateAction.ACCEPT_DELIVERY,
    EstimateAction.REFUSE_DELIVERY,
}
WITH_ORDERS = Prefetch(
    "acceptances",
    EstimateAcceptance.objects.select_related("revision").prefetch_related("files"),
)
ORDERS = (Order("-drafted_at", "drafted_at", descending=True), Order("drafted_at", "drafted_at"))


def estimates_of(request: Request) -> QuerySet:
    """Return the estimates this person may see: the vendor all, a service owner what was sent."""
    vendor = {m.tenant_id for m in request.memberships if m.role in VENDOR}
    owned = {m.tenant_id for m in request.memberships if m.role == Role.SERVICE_OWNER} - vendor
    sent = Estimate.objects.shown_to_client().filter(tenant_id__in=owned)
    rows = Estimate.objects.filter(Q(tenant_id__in=vendor) | Q(pk__in=sent.values("pk")))
    rows = rows.filter(ticket__in=tickets_of(request)).exclude(revision=None)
    return rows.select_related("ticket", "revision", "accepted").prefetch_related(WITH_ORDERS)


def answer(request: Request, public_id: str, status: int = 200) -> Response:
    row = get_object_or_404(estimates_of(request), public_id=public_id)
    desks = desks_at(request, row.ticket)
    return Response(shown(row, desks), status, headers={"ETag": version_of(row)})


def version_of(row: Estimate) -> str:
    return tag_of("estimate", row.pk, row.version)


def step(
    taken: EstimateAction, command: Callable[..., Any], *, edits: bool = False, method: str = "post"
) -> Callable[..., Response]:
    """
    Return the action that takes a step of an estimate.

    What `edits` changes what somebody else may have changed: `If-Match` is required.
    """
    body = BODIES.get(taken, Nothing)

    def take(viewset: Any, request: Request, public_id: str) -> Response:
        row = get_object_or_404(estimates_of(request), public_id=public_id)
        told = viewset.told(body)

        def act() -> Response:
            check_version(request, row, required=edits)
            actor = actor_for(request, row, taken)
            command(estimate=row, actor=actor, now=timezone.now(), **told)
            return answer(request, public_id)

        return once(request, row.tenant_id, act)

    take.__name__, take.__doc__ = taken.value, command.__doc__
    verb, path = Verb.APPROVE if taken in DECIDE else None, taken.value.replace("_", "-")
    acting = action(detail=True, methods=[method], url_path=path, verb=verb)(take)
    return extend_schema(
        operation_id=f"estimate_{taken.value}",
        summary=summary_of(command),
        request=body,
        responses={200: EstimateSerializer},
    )(acting)


def check_version(request: Request, row: Estimate, *, required: bool) -> None:
    """Compare with `If-Match`; nobody changes the estimate from then to the commit."""
    if request.headers.get("If-Match"):
        lock(row.ticket_id)
        row.refresh_from_db(fields=["version"])
    check_match(request, version_of(row), required=required)


def actor_for(request: Request, row: Estimate, taken: EstimateAction) -> Membership:
    """Return the desk at which this person takes the step: the first that may, else the first."""
    desks = desks_at(request, row.ticket)
    same = {taken, EstimateAction.RECORD_ORDER} if taken == EstimateAction.ACCEPT else {taken}
    able = (m for m in desks if same & {s.action for s in steps_for(row.status, m.role)})
    return next(able, desks[0])


STEPS = (
    step(EstimateAction.EDIT, services.edit_estimate, edits=True, method="patch"),
    step(EstimateAction.REVISE, services.revise_estimate, edits=True),
    *(
        step(move.action, move.run)
        for move in ESTIMATE_MOVES
        if move.action != EstimateAction.RECORD_ORDER  # accepting, by another desk
    ),
)
EstimateSteps = type("EstimateSteps", (), {take.__name__: take for take in STEPS})


class EstimateViewSet(EstimateSteps, ApiViewSet):
    """Offers of extra work, in revisions; work may be charged once one is accepted."""

    lookup_field = "public_id"
    lookup_value_converter = "slug"
    queryset = Estimate.objects.none()
    listed = PAGES | {"ordering", "status", "ticket"}

    @extend_schema(
        operation_id="estimate_list",
        summary="List estimates",
        parameters=[
            LIMIT,
            CURSOR,
            OpenApiParameter("ordering", str, enum=[order.name for order in ORDERS]),
            OpenApiParameter("status", str, enum=EstimateStatus.values),
            OpenApiParameter("ticket", str, description="The key of a ticket."),
        ],
        responses={200: paged(EstimateSerializer)},
    )
    def list(self, request: Request) -> Response:
        """Return the estimates that you may see, the latest first."""
        rows = estimates_of(request)
        if (status := request.query_params.get("status")) is not None:
            if status not in EstimateStatus.values:
                raise wrong("status", ", ".join(EstimateStatus.values))
            rows = rows.filter(status=status)
        if (key := request.query_params.get("ticket")) is not None:
            rows = rows.filter(ticket__in=ticket_named(request, key))

        def load(found: Rows) -> list[dict[str, Any]]:
            return [shown(row, desks_at(request, row.ticket)) | {"public_id": row.public_id}
                    for row in found()]  # fmt: skip

        page = page_of(request, lambda: rows, ORDERS, load)
        for row in page.rows:
            del row["public_id"]
        return Response(page.answer(page.rows))

    @extend_schema(
        operation_id="estimate_read",
        summary="Read an estimate",
        responses={200: EstimateSerializer},
    )
    def retrieve(self, request: Request, public_id: str) -> Response:
        """Return the revision on the table, and what was accepted."""
        return answer(request, public_id)

    def found(self, public_id: str) -> Estimate:
        return get_object_or_404(estimates_of(self.request), public_id=public_id)

    @deed(
        "estimate_attach_order", "order-file", OrderFilesBody, EstimateSerializer,
        verb=Verb.APPROVE, files=True,
    )  # fmt: skip
    def attach_order(self, row: Estimate, now: datetime, files: list) -> dict[str, Any]:
        """Attach the client's purchase order to the acceptance that was recorded with its number."""
        actor = self.desk(row.tenant_id, {Role.ACCOUNT_MANAGER})
        kept = stored_for(actor, files) if actor.role == Role.ACCOUNT_MANAGER else []
        services.attach_order(estimate=row, actor=actor, files=kept, now=now)
        return shown(self.found(row.public_id), desks_at(self.request, row.ticket))


def stored_for(actor: Membership, files: list) -> list[services.StoredFile]:
    return [services.store_file(file, tenant_id=actor.tenant_id) for file in files]


class OrderFileViewSet(ApiViewSet):
    """Purchase orders as they came; always a download, for whoever may see the estimate's money."""

    lookup_field = "public_id"
    lookup_value_converter = "slug"
    queryset = PurchaseOrderFile.objects.none()
    sends_files = frozenset({"retrieve"})

    @extend_schema(
        operation_id="order_file_download",
        summary="Download a purchase order",
        responses={(200, "application/octet-stream"): OpenApiTypes.BINARY},
    )
    def retrieve(self, request: Request, public_id: str) -> FileResponse:
        """Return the bytes."""
        return file_of_order(request, public_id)


def ticket_named(request: Request, key: str) -> QuerySet[Ticket]:
    if "\0" in key or len(key) > 40:
        raise wrong("ticket", "ACME-123")
    return tickets_of(request).filter(key=key)
