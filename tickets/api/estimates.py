"""Estimates: written for a ticket, approved, sent, accepted, delivered; each step one command."""

from collections.abc import Callable
from typing import Any

from django.db.models import Q, QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from contracts.domain.vocabulary import Language, Place, Tier
from tenants.api.etag import check_match, tag_of
from tenants.api.idempotency import once
from tenants.api.pagination import Order, Rows, page_of, paged, wrong
from tenants.api.serializers import Body, Nothing
from tenants.api.views import CURSOR, LIMIT, PAGES, ApiViewSet
from tenants.models import Membership, Verb
from tenants.roles import VENDOR, Role
from tickets import services
from tickets.api.bodies import choice, optional_text, text
from tickets.domain.estimate import SHOWN_TO_CLIENT, EstimateAction, steps_for
from tickets.domain.offer import MOST, MOST_LINES, MOST_MINUTES
from tickets.models import Estimate, Ticket
from tickets.models.choices import EstimateStatus, Pricing
from tickets.services.guard import lock
from tickets.services.offers import MOST_WORDS
from tickets.views.desk import desks_at, tickets_of

DECIDE = {
    EstimateAction.APPROVE,
    EstimateAction.REFUSE,
    EstimateAction.ACCEPT,
    EstimateAction.DECLINE,
    EstimateAction.ACCEPT_DELIVERY,
    EstimateAction.REFUSE_DELIVERY,
}
ORDERS = (Order("-drafted_at", "drafted_at", descending=True), Order("drafted_at", "drafted_at"))


# --- what is said ---


class LineBody(Body):
    """Work of a tier by its minutes, priced at the contract's rate; or words with a fixed amount."""

    text = text(200)
    tier = choice([tier.value for tier in Tier], required=False)
    place = choice([place.value for place in Place], required=False)
    minutes = serializers.IntegerField(required=False, min_value=1, max_value=MOST_MINUTES)
    amount = serializers.IntegerField(required=False, min_value=1, max_value=MOST)


class OfferFields(Body):
    pricing = choice(Pricing.choices, required=False)
    not_to_exceed = serializers.IntegerField(
        required=False, allow_null=True, min_value=1, max_value=MOST
    )
    assumptions = text(MOST_WORDS, required=False, allow_blank=True)
    exclusions = text(MOST_WORDS, required=False, allow_blank=True)
    date_effect = text(MOST_WORDS, required=False, allow_blank=True)
    delivery_on = serializers.DateField(required=False, allow_null=True)
    language = choice([language.value for language in Language], required=False)


class NewEstimateBody(OfferFields):
    lines = LineBody(many=True, max_length=MOST_LINES)


class EditEstimateBody(OfferFields):
    lines = LineBody(many=True, max_length=MOST_LINES, required=False)


class SeenBody(Body):
    """The revision and the amount that were seen: nothing else is decided on."""

    revision = serializers.IntegerField(min_value=1, max_value=32767)
    amount = serializers.IntegerField(min_value=1, max_value=MOST)


class AcceptBody(SeenBody):
    purchase_order = optional_text(60, help_text="An account manager records the client's order.")


class WhyBody(Body):
    reason = text(2000)


class RefuseBody(SeenBody, WhyBody):
    pass


class SendBody(Body):
    message = optional_text(help_text="A public reply that goes with it.")


class NoteBody(Body):
    note = optional_text(200)


# --- what is answered ---


class LineSerializer(serializers.Serializer):
    text = serializers.CharField()
    tier = serializers.CharField(allow_blank=True)
    place = serializers.CharField(allow_blank=True)
    minutes = serializers.IntegerField()
    rate = serializers.IntegerField(allow_null=True, help_text="Minor units an hour.")
    amount = serializers.IntegerField()


class AcceptedSerializer(serializers.Serializer):
    revision = serializers.IntegerField()
    amount = serializers.IntegerField()


class EstimateSerializer(serializers.Serializer):
    """Amounts in minor units of the currency, before tax."""

    id = serializers.CharField()
    ticket = serializers.CharField()
    number = serializers.IntegerField()
    status = choice(EstimateStatus.choices)
    revision = serializers.IntegerField()
    sha256 = serializers.CharField(help_text="Of the revision's content.")
    pricing = choice(Pricing.choices)
    currency = serializers.CharField()
    amount = serializers.IntegerField(help_text="The fixed price, or the not-to-exceed.")
    lines = LineSerializer(many=True)
    assumptions = serializers.CharField(allow_blank=True)
    exclusions = serializers.CharField(allow_blank=True)
    date_effect = serializers.CharField(allow_blank=True)
    delivery_on = serializers.DateField(allow_null=True)
    language = serializers.CharField()
    accepted = AcceptedSerializer(allow_null=True)
    drafted_at = serializers.DateTimeField()
    sent_at = serializers.DateTimeField(allow_null=True)
    expires_at = serializers.DateTimeField(allow_null=True)
    accepted_at = serializers.DateTimeField(allow_null=True)
    delivered_at = serializers.DateTimeField(allow_null=True)
    deemed_at = serializers.DateTimeField(allow_null=True)
    ended_at = serializers.DateTimeField(allow_null=True)
    actions = serializers.ListField(child=choice([step.value for step in EstimateAction]))


def shown(row: Estimate, desks: list[Membership]) -> dict[str, Any]:
    """Return an estimate as these desks see it; a client sees what was sent, not what is drafted."""
    hidden = row.status not in SHOWN_TO_CLIENT and not any(m.is_vendor for m in desks)
    revision = row.accepted if hidden else row.revision
    status = EstimateStatus.ACCEPTED if hidden else row.status
    actions = {step.action for desk in desks for step in steps_for(status, desk.role)}
    return {
        "id": row.public_id,
        "ticket": row.ticket.key,
        "number": row.number,
        "status": status,
        "revision": revision.number,
        "sha256": revision.sha256,
        "pricing": revision.pricing,
        "currency": revision.currency,
        "amount": revision.amount,
        "lines": revision.lines,
        "assumptions": revision.assumptions,
        "exclusions": revision.exclusions,
        "date_effect": revision.date_effect,
        "delivery_on": revision.delivery_on,
        "language": revision.language,
        "accepted": row.accepted
        and {"revision": row.accepted.number, "amount": row.accepted.amount},
        "drafted_at": row.drafted_at,
        "sent_at": row.sent_at,
        "expires_at": row.expires_at,
        "accepted_at": row.accepted_at,
        "delivered_at": row.delivered_at,
        "deemed_at": row.deemed_at,
        "ended_at": row.ended_at,
        "actions": [step.value for step in EstimateAction if step in actions],
    }


def estimates_of(request: Request) -> QuerySet:
    """Return the estimates this person may see: the vendor all, a service owner what was sent."""
    vendor = {m.tenant_id for m in request.memberships if m.role in VENDOR}
    owned = {m.tenant_id for m in request.memberships if m.role == Role.SERVICE_OWNER} - vendor
    sent = Estimate.objects.shown_to_client().filter(tenant_id__in=owned)
    rows = Estimate.objects.filter(Q(tenant_id__in=vendor) | Q(pk__in=sent.values("pk")))
    rows = rows.filter(ticket__in=tickets_of(request))
    return rows.select_related("ticket", "revision", "accepted")


def answer(request: Request, public_id: str, status: int = 200) -> Response:
    row = get_object_or_404(estimates_of(request), public_id=public_id)
    desks = desks_at(request, row.ticket)
    return Response(shown(row, desks), status, headers={"ETag": version_of(row)})


def version_of(row: Estimate) -> str:
    return tag_of("estimate", row.pk, row.version)


def step(
    taken: EstimateAction,
    command: Callable[..., Any],
    body: type[serializers.Serializer] = Nothing,
    *,
    summary: str,
    method: str = "post",
    must_match: bool = False,
) -> Callable[..., Response]:
    """Return the action that takes a step of an estimate."""

    def take(viewset: Any, request: Request, public_id: str) -> Response:
        row = get_object_or_404(estimates_of(request), public_id=public_id)
        told = viewset.told(body)

        def act() -> Response:
            check_version(request, row, required=must_match)
            actor = actor_for(request, row, taken)
            command(estimate=row, actor=actor, now=timezone.now(), **told)
            return answer(request, public_id)

        return once(request, row.tenant_id, act)

    take.__name__, take.__doc__ = taken.value, command.__doc__
    described = extend_schema(
        operation_id=f"estimate_{taken.value}",
        summary=summary,
        request=body,
        responses={200: EstimateSerializer},
    )
    verb = Verb.APPROVE if taken in DECIDE else None
    path = taken.value.replace("_", "-")
    return action(detail=True, methods=[method], url_path=path, verb=verb)(described(take))


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


class EstimateViewSet(ApiViewSet):
    """Offers of extra work, in revisions; work may be charged once one is accepted."""

    lookup_field = "public_id"
    lookup_value_converter = "slug"
    queryset = Estimate.objects.none()

    def known_parameters(self) -> frozenset[str]:
        own = PAGES | {"ordering", "status", "ticket"} if self.action == "list" else frozenset()
        return frozenset(own)

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

    edit = step(
        EstimateAction.EDIT,
        services.edit_estimate,
        EditEstimateBody,
        summary="Change a draft",
        method="patch",
        must_match=True,
    )
    submit = step(EstimateAction.SUBMIT, services.submit_estimate, summary="Ask for approval")
    approve = step(
        EstimateAction.APPROVE, services.approve_estimate, SeenBody, summary="Approve what was seen"
    )
    refuse = step(
        EstimateAction.REFUSE, services.refuse_estimate, RefuseBody, summary="Refuse what was seen"
    )
    send = step(
        EstimateAction.SEND, services.send_estimate, SendBody, summary="Send it to the client"
    )
    accept = step(
        EstimateAction.ACCEPT,
        services.accept_estimate,
        AcceptBody,
        summary="Accept what was seen, or record the client's order",
    )
    decline = step(
        EstimateAction.DECLINE,
        services.decline_estimate,
        RefuseBody,
        summary="Decline what was seen",
    )
    revise = step(
        EstimateAction.REVISE,
        services.revise_estimate,
        EditEstimateBody,
        summary="Put a new revision on the table",
        must_match=True,
    )
    withdraw = step(
        EstimateAction.WITHDRAW, services.withdraw_estimate, WhyBody, summary="Take it back"
    )
    deliver = step(
        EstimateAction.DELIVER,
        services.deliver_estimate,
        NoteBody,
        summary="Say that it is delivered",
    )
    accept_delivery = step(
        EstimateAction.ACCEPT_DELIVERY, services.accept_delivery, summary="Accept the delivery"
    )
    refuse_delivery = step(
        EstimateAction.REFUSE_DELIVERY,
        services.refuse_delivery,
        WhyBody,
        summary="Say what is missing",
    )
    cancel = step(EstimateAction.CANCEL, services.cancel_estimate, WhyBody,
                  summary="Stop accepted work")  # fmt: skip


def ticket_named(request: Request, key: str) -> QuerySet[Ticket]:
    if "\0" in key or len(key) > 40:
        raise wrong("ticket", "ACME-123")
    return tickets_of(request).filter(key=key)
