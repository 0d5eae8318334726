"""Letters that came in and the mailboxes they come from: for the vendor's desk of the client."""

from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from contracts.models import Contract
from tenants.api.deeds import deed
from tenants.api.pagination import paged, part_of, wrong
from tenants.api.serializers import Body, ClientSerializer, PersonSerializer
from tenants.api.views import CURSOR, LIMIT, PAGES, ApiViewSet
from tenants.errors import Invalid, NotPermitted
from tenants.models import Membership
from tenants.roles import CLIENT
from tickets.api.alerts import SwitchBody
from tickets.api.fields import MemberField, OtherTicketField, choice, level, text
from tickets.api.shapes import client, person
from tickets.domain.lifecycle import AGENTS, LEADS
from tickets.letter_forms import places_of
from tickets.models import (
    Letter,
    LetterReason,
    LetterState,
    Mailbox,
    MailProblem,
    MailSecurity,
    MailSignIn,
    Ticket,
)
from tickets.models.choices import TicketType
from tickets.services import letters, mailboxes
from tickets.views.letters import letter_and_actor


class OpenBody(Body):
    """The ticket that a letter becomes."""

    title = text(200)
    requester = MemberField(help_text="The id of somebody's desk at the client.")
    contract = text(40, help_text="Its public id.")
    system = text(60)
    environment = text(60)
    type = choice(TicketType.choices)
    impact = level(default=2)
    urgency = level(default=2)


class PutBody(Body):
    ticket = OtherTicketField(help_text="The key of a ticket of the same client.")


class LetterSerializer(serializers.Serializer):
    id = serializers.CharField()
    client = ClientSerializer()
    mailbox = serializers.CharField(help_text="Its address.")
    state = choice(LetterState.choices)
    reason = choice(LetterReason.choices, allow_blank=True, help_text="Why it is where it is.")
    sender = serializers.CharField(allow_blank=True)
    sender_name = serializers.CharField(allow_blank=True)
    person = PersonSerializer(allow_null=True, help_text="Whose address it comes from.")
    subject = serializers.CharField(allow_blank=True)
    body = serializers.CharField(allow_blank=True)
    files = serializers.ListField(child=serializers.CharField(), help_text="That wait with it.")
    refused = serializers.ListField(child=serializers.CharField(), help_text="That were not taken.")
    ticket = serializers.CharField(allow_null=True, help_text="Where it went.")
    received_at = serializers.DateTimeField()
    decided_at = serializers.DateTimeField(allow_null=True)


class MailboxSerializer(serializers.Serializer):
    id = serializers.CharField()
    client = ClientSerializer()
    address = serializers.CharField()
    host = serializers.CharField(allow_blank=True, help_text="Empty: a provider posts to its door.")
    port = serializers.IntegerField()
    security = choice(MailSecurity.choices)
    sign_in = choice(MailSignIn.choices)
    folder = serializers.CharField()
    checked_at = serializers.DateTimeField(allow_null=True)
    problem = choice(MailProblem.choices, allow_blank=True, help_text="Why it was not opened.")
    disabled_at = serializers.DateTimeField(allow_null=True)


def letter(row: Letter) -> dict[str, Any]:
    names = ("state", "reason", "sender", "sender_name", "subject", "body", "refused")
    return {
        "id": row.public_id,
        "client": client(row.tenant),
        "mailbox": row.mailbox.address,
        **{name: getattr(row, name) for name in names},
        "person": row.member and person(row.member),
        "files": [file["name"] for file in row.files],
        "ticket": row.ticket and row.ticket.key,
        "received_at": row.received_at,
        "decided_at": row.decided_at,
    }


def mailbox(row: Mailbox) -> dict[str, Any]:
    names = ("address", "host", "port", "security", "sign_in", "folder", "checked_at",
             "problem")  # fmt: skip
    return {
        "id": row.public_id,
        "client": client(row.tenant),
        **{name: getattr(row, name) for name in (*names, "disabled_at")},
    }


def desks_of(request: Request) -> tuple[set[int], set[int]]:
    """
    Return the clients whose letters this person reads, and those at which they lead.

    :raises NotPermitted: to a client.
    """
    seats = [m for m in request.memberships if m.role in AGENTS]
    if not seats:
        raise NotPermitted(_("Only the vendor's desk of this client reads its letters."))
    return {m.tenant_id for m in seats}, {m.tenant_id for m in seats if m.role in LEADS}


class LetterViewSet(ApiViewSet):
    """Letters; what one becomes is decided once. One in quarantine is for a lead."""

    lookup_field = "public_id"
    lookup_value_converter = "slug"
    queryset = Letter.objects.none()
    listed = PAGES | {"state"}

    def found(self, public_id: str) -> Letter:
        return letter_and_actor(self.request, public_id)[0]

    def actor(self, row: Letter) -> Membership:
        return letter_and_actor(self.request, row.public_id)[1]

    def context_for(self, found: Letter) -> dict[str, Any]:
        tickets = Ticket.objects.filter(tenant_id=found.tenant_id)
        return {"tenant_id": found.tenant_id, "tickets": tickets}

    @extend_schema(
        operation_id="letter_list",
        summary="List letters",
        parameters=[LIMIT, CURSOR, OpenApiParameter("state", str, enum=LetterState.values)],
        responses={200: paged(LetterSerializer)},
    )
    def list(self, request: Request) -> Response:
        """Return what came in, the latest first; quarantine is shown to leads."""
        desks, led = desks_of(request)
        rows: QuerySet[Letter] = Letter.objects.for_list().filter(tenant_id__in=desks)
        rows = rows.filter(~Q(state=LetterState.QUARANTINED) | Q(tenant_id__in=led))
        if (state := request.query_params.get("state")) is not None:
            if state not in LetterState.values:
                raise wrong("state", ", ".join(LetterState.values))
            rows = rows.filter(state=state)
        return Response(part_of(request, rows, letter))

    @extend_schema(
        operation_id="letter_read", summary="Read a letter", responses={200: LetterSerializer}
    )
    def retrieve(self, request: Request, public_id: str) -> Response:
        """Return a letter as text, and what became of it."""
        return Response(letter(self.found(public_id)))

    @deed("letter_open", "open", OpenBody, LetterSerializer)
    def open(self, row: Letter, now: datetime, **told: Any) -> dict[str, Any]:
        """Make a ticket of a letter; its clocks start when the letter came in."""
        if told["requester"].role not in CLIENT:
            raise Invalid(_("There is no such person here."), field="requester")
        told["contract"] = contract_of(row, told.pop("contract"))
        letters.open_letter(letter=row, actor=self.actor(row), now=now, **told)
        return self.seen_again(row)

    @deed("letter_put", "put", PutBody, LetterSerializer)
    def put(self, row: Letter, now: datetime, ticket: Ticket) -> dict[str, Any]:
        """Put a letter on the ticket that it belongs to, as an internal comment of yours."""
        letters.answer_with_letter(letter=row, actor=self.actor(row), ticket=ticket, now=now)
        return self.seen_again(row)

    @deed("letter_discard", "discard", answers=LetterSerializer)
    def discard(self, row: Letter, now: datetime) -> dict[str, Any]:
        """Put a letter away; it stays in the list."""
        letters.discard_letter(letter=row, actor=self.actor(row), now=now)
        return self.seen_again(row)

    def seen_again(self, row: Letter) -> dict[str, Any]:
        return letter(Letter.objects.for_list().get(pk=row.pk))


def contract_of(row: Letter, public_id: str) -> Contract:
    """:raises Invalid: if it is no contract of the letter's client that was in force then."""
    rows = Contract.objects.active().filter(tenant_id=row.tenant_id, public_id=public_id)
    found = list(rows.select_related("tenant"))
    if not places_of(found, row):
        raise Invalid(_("There is no such contract here."), field="contract")
    return found[0]


class MailboxViewSet(ApiViewSet):
    """Where letters come from; one is set up, and gets the secret of its door, on its page."""

    lookup_field = "public_id"
    lookup_value_converter = "slug"
    queryset = Mailbox.objects.none()

    def found(self, public_id: str) -> Mailbox:
        row = get_object_or_404(Mailbox.objects.select_related("tenant"), public_id=public_id)
        desks, _led = desks_of(self.request)
        if row.tenant_id not in desks:
            raise NotPermitted(_("Only the vendor's desk of this client reads its letters."))
        return row

    @extend_schema(
        operation_id="mailbox_list",
        summary="List mailboxes",
        parameters=[LIMIT, CURSOR],
        responses={200: paged(MailboxSerializer)},
    )
    def list(self, request: Request) -> Response:
        """Return the mailboxes of your clients, and whether they were reached."""
        desks, _led = desks_of(request)
        rows = Mailbox.objects.select_related("tenant").filter(tenant_id__in=desks)
        return Response(part_of(request, rows, mailbox))

    @deed("mailbox_switch", "switch", SwitchBody, MailboxSerializer)
    def switch(self, row: Mailbox, now: datetime, on: bool) -> dict[str, Any]:
        """Close a mailbox, or open it again."""
        actor = self.desk(row.tenant_id, LEADS)
        mailboxes.switch_mailbox(mailbox=row, actor=actor, on=on, now=now)
        return mailbox(self.found(row.public_id))
