"""Translations beside the messages, and the glossary that keeps them alike."""

from datetime import datetime
from typing import Any

from django.http import Http404
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from tenants.api.deeds import deed
from tenants.api.pagination import paged, part_of
from tenants.api.serializers import Body, PersonSerializer
from tenants.api.views import CURSOR, LIMIT, ApiViewSet
from tenants.models import Membership
from tickets import services
from tickets.api import part_shapes, shapes
from tickets.api.bodies import TranslationBody
from tickets.api.fields import optional_text
from tickets.api.serializers import CommentSerializer
from tickets.domain.lifecycle import Action
from tickets.models import Comment, GlossaryTerm
from tickets.models.choices import Lane
from tickets.views.desk import actor_for, ticket_or_404, tickets_of
from tickets.views.words import keeper


class CommentViewSet(ApiViewSet):
    """A message by its id; its ticket lists them."""

    lookup_field = "public_id"
    lookup_value_converter = "slug"
    queryset = Comment.objects.none()

    def found(self, public_id: str) -> Comment:
        rows = Comment.objects.filter(ticket__in=tickets_of(self.request))
        row = get_object_or_404(rows.select_related("ticket", "author__user"), public_id=public_id)
        if row.lane != Lane.PUBLIC and not self.desk(row.tenant_id).is_vendor:
            raise Http404
        return row

    @deed("comment_translate", "translate", TranslationBody, CommentSerializer)
    def translate(self, row: Comment, now: datetime, **told: Any) -> dict[str, Any]:
        """Put a message into another language; it is no reply, and the acknowledge clock runs on."""
        ticket = ticket_or_404(self.request, row.ticket.key)
        actor = actor_for(self.request, ticket, Action.TRANSLATE)
        services.translate_comment(comment=row, actor=actor, now=now, **told)
        return part_shapes.comment(row)


def word() -> serializers.CharField:
    return optional_text(120)


class TermBody(Body):
    """A term under its name in two languages at least."""

    ja, en, vi = word(), word(), word()
    note = optional_text(300)


class TermSerializer(serializers.Serializer):
    id = serializers.CharField()
    ja = serializers.CharField(allow_blank=True)
    en = serializers.CharField(allow_blank=True)
    vi = serializers.CharField(allow_blank=True)
    note = serializers.CharField(allow_blank=True)
    changed_by = PersonSerializer()
    changed_at = serializers.DateTimeField()


def term(row: GlossaryTerm) -> dict[str, Any]:
    return {
        "id": row.public_id,
        **{name: getattr(row, name) for name in ("ja", "en", "vi", "note")},
        "changed_by": shapes.person(row.changed_by),
        "changed_at": row.changed_at,
    }


class GlossaryViewSet(ApiViewSet):
    """The glossary of one client, for the vendor's people there; to others there is none."""

    queryset = GlossaryTerm.objects.none()

    def found(self, code: str) -> Membership:
        return keeper(self.request, code)

    @extend_schema(
        operation_id="glossary_list",
        summary="List a client's terms",
        parameters=[LIMIT, CURSOR],
        responses={200: paged(TermSerializer)},
    )
    def list(self, request: Request, code: str) -> Response:
        """Return the agreed names of things, by their English name."""
        rows = GlossaryTerm.objects.filter(tenant_id=self.found(code).tenant_id)
        return Response(part_of(request, rows.select_related("changed_by__user"), term))

    @deed("glossary_add", None, TermBody, TermSerializer, status=201)
    def create(self, actor: Membership, now: datetime, **told: Any) -> dict[str, Any]:
        """Write a term into the glossary."""
        return term(services.save_term(actor=actor, now=now, **told))


class TermViewSet(ApiViewSet):
    """A term of a glossary."""

    lookup_field = "public_id"
    lookup_value_converter = "slug"
    queryset = GlossaryTerm.objects.none()

    def found(self, public_id: str) -> GlossaryTerm:
        rows = GlossaryTerm.objects.select_related("tenant", "changed_by__user")
        row = get_object_or_404(rows, public_id=public_id)
        keeper(self.request, row.tenant.code)
        return row

    @deed("glossary_change", "change", TermBody, TermSerializer)
    def change(self, row: GlossaryTerm, now: datetime, **told: Any) -> dict[str, Any]:
        """Change a term; what it said stays in the audit trail."""
        actor = keeper(self.request, row.tenant.code)
        return term(services.save_term(term=row, actor=actor, now=now, **told))

    @deed("glossary_remove", "remove")
    def remove(self, row: GlossaryTerm, now: datetime) -> None:
        """Take a term out of the glossary; what it said stays in the audit trail."""
        services.remove_term(term=row, actor=keeper(self.request, row.tenant.code), now=now)
