"""Tickets: their list, one as it is now, a new one, and every step of `tickets.services`."""

from typing import Any

from django.db.models import CharField, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django_filters.rest_framework import DjangoFilterBackend
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import action
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from contracts.models import Contract
from tenants import roles
from tenants.api.idempotency import once
from tenants.api.pagination import Order, Rows, page_of, paged
from tenants.api.views import CURSOR, LIMIT, PAGES, ApiViewSet
from tenants.errors import NotPermitted
from tenants.models import Membership
from tenants.prepared import Prepared, Slot
from tickets import services
from tickets.api import bodies, shapes
from tickets.api.estimate_shapes import EstimateSerializer, NewEstimateBody
from tickets.api.estimates import answer as estimate_answer
from tickets.api.parts import TicketParts
from tickets.api.seen import opened_seen, version_at
from tickets.api.serializers import TicketDetailSerializer, TicketSerializer
from tickets.api.steps import TicketSteps, answer
from tickets.api.story import TicketStory
from tickets.domain.lifecycle import Action
from tickets.filters import ApiTicketFilter, asking
from tickets.models import Ticket
from tickets.models.choices import Channel
from tickets.views.desk import actor_for, ticket_or_404, tickets_of
from tickets.views.rows import kept, words_of

ORDERS = (
    Order("due", "next_due_at", unique="key"),
    Order("received_at", "received_at", unique="key"),
    Order("-received_at", "received_at", descending=True, unique="key"),
)
LIST_PARAMETERS = [
    LIMIT,
    CURSOR,
    OpenApiParameter("ordering", str, enum=[order.name for order in ORDERS]),
]
FOR_THE_VENDOR = ("requester", "channel", "received_at")


class TicketViewSet(TicketSteps, TicketParts, TicketStory, ApiViewSet):
    """Requests and incidents, each held against its contract."""

    lookup_field = "key"
    lookup_value_converter = "ticket_key"
    queryset = Ticket.objects.none()
    filterset_class = ApiTicketFilter
    filter_backends = [DjangoFilterBackend]

    def known_parameters(self) -> frozenset[str]:
        if self.action == "list":
            return PAGES | {"ordering"} | ApiTicketFilter.base_filters.keys()
        return super().known_parameters()

    @extend_schema(
        operation_id="ticket_list",
        summary="List tickets",
        parameters=LIST_PARAMETERS,
        filters=True,
        responses={200: paged(TicketSerializer)},
    )
    def list(self, request: Request) -> Response:
        """Return the tickets that you may see, the soonest deadline first."""
        clients = shapes.clients_of(request.memberships)

        def rows() -> QuerySet:
            tickets = tickets_of(request)
            asked = request.query_params.keys() & ApiTicketFilter.base_filters.keys()
            if asked:
                self.filterset_class = asking(frozenset(asked))
                tickets = self.filter_queryset(tickets)
            return tickets

        def load(page: Rows) -> list[dict[str, Any]]:
            made = kept(words_of(request), page, shapes.ROW)
            return [shapes.row(values, clients) for values in made]

        page = page_of(request, rows, ORDERS, load)
        return Response(page.answer(page.rows))

    @extend_schema(
        operation_id="ticket_read",
        summary="Read a ticket",
        responses={200: TicketDetailSerializer},
    )
    def retrieve(self, request: Request, key: str) -> Response:
        """Return the ticket with its verdict, its clocks and the steps that you may take now."""
        return answer(request, key)

    @extend_schema(
        operation_id="ticket_open",
        summary="Open a ticket",
        request=bodies.NewTicketBody,
        responses={201: TicketDetailSerializer},
    )
    def create(self, request: Request) -> Response:
        """Open a ticket: it is held against the contract at once, and its clocks run."""
        told = self.told(bodies.NewTicketBody, tickets=tickets_of(request))
        contract = contract_named(told.pop("contract"))
        actor = desk_at(request, contract)
        told["requester"] = requester_of(told, contract, actor)
        now = timezone.now()
        told = {"received_at": now, "channel": Channel.API, **told}

        def act() -> Response:
            made = services.opened(contract=contract, actor=actor, now=now, **told)
            ticket = made.ticket
            address = request.build_absolute_uri(reverse("api:ticket-detail", args=[ticket.key]))
            tag = version_at(ticket, made.event.pk)
            return Response(
                opened_seen(request, made), 201, headers={"Location": address, "ETag": tag}
            )

        return once(request, contract.tenant_id, act)

    @extend_schema(
        operation_id="ticket_draft_estimate",
        summary="Write an estimate for extra work",
        request=NewEstimateBody,
        responses={201: EstimateSerializer},
    )
    @action(detail=True, methods=["post"], url_path="estimates")
    def draft_estimate(self, request: Request, key: str) -> Response:
        """Write the first revision; the verdict on the ticket asks for one."""
        ticket = ticket_or_404(request, key)
        told = self.told(NewEstimateBody)

        def act() -> Response:
            actor = actor_for(request, ticket, Action.DRAFT_ESTIMATE)
            made = services.draft_estimate(ticket=ticket, actor=actor, now=timezone.now(), **told)
            return estimate_answer(request, made.public_id, 201)

        return once(request, ticket.tenant_id, act)


NAMED = Prepared(
    lambda: (
        Contract.objects.active()
        .select_related("tenant")
        .filter(public_id=Slot("public_id", CharField()))
    )
)


def contract_named(public_id: str) -> Contract:
    """
    Return the contract; another client's is the same error as one that never was.

    :raises ValidationError: if there is none.
    """
    if contract := NAMED.first(public_id=public_id):
        return contract
    raise ValidationError(
        {"contract": [ErrorDetail(_("There is no such contract in force."), "does_not_exist")]}
    )


def desk_at(request: Request, contract: Contract) -> Membership:
    return next(m for m in request.memberships if m.tenant_id == contract.tenant_id)


def requester_of(told: dict[str, Any], contract: Contract, actor: Membership) -> Membership:
    """
    Return who asked: a client's person themselves, or whom a vendor person names.

    :raises NotPermitted: if a client's person says who asked, how or when.
    :raises ValidationError: if a vendor person does not say who.
    """
    if not actor.is_vendor:
        if told.keys() & FOR_THE_VENDOR:
            raise NotPermitted(_("Only the vendor says who asked, how and when."))
        return actor
    named = told.pop("requester", None)
    people = Membership.objects.active().filter(
        tenant_id=contract.tenant_id, role__in=roles.CLIENT, public_id=named or ""
    )
    if requester := people.select_related("user").first():
        return requester
    said = _("Say who asked: the id of a person of the client.")
    raise ValidationError({"requester": [ErrorDetail(said, "does_not_exist")]})
