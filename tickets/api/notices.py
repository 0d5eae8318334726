"""What you were told in the portal, and on which way you want to be told of what."""

from typing import Any

from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from tenants.api.deeds import deed
from tenants.api.pagination import paged, part_of, wrong
from tenants.api.serializers import Body, ClientSerializer, PersonSerializer
from tenants.api.views import CURSOR, LIMIT, PAGES, ApiViewSet
from tickets.api.fields import choice
from tickets.api.shapes import client, person
from tickets.domain.notices import channel_of
from tickets.models import NoticePreference, Notification
from tickets.models.notice import NoticeChannel, NoticeKind, NotificationQuerySet
from tickets.notice_forms import kinds_for
from tickets.notice_words import headline
from tickets.services.reading import choose_channels, mark_notice, read_all_notices


class NoticeSerializer(serializers.Serializer):
    id = serializers.CharField()
    kind = choice(NoticeKind.choices)
    code = serializers.CharField(help_text="What happened, for programs.")
    headline = serializers.CharField(help_text="The same in the language that was asked for.")
    client = ClientSerializer()
    ticket = serializers.CharField(allow_null=True, help_text="Its key.")
    contract = serializers.CharField(allow_null=True, help_text="Its id.")
    by = PersonSerializer(allow_null=True, help_text="null: the portal.")
    at = serializers.DateTimeField()
    read_at = serializers.DateTimeField(allow_null=True)


def notice(row: Notification) -> dict[str, Any]:
    return {
        "id": row.public_id,
        "kind": row.kind,
        "code": row.code,
        "headline": headline(row),
        "client": client(row.tenant),
        "ticket": row.ticket and row.ticket.key,
        "contract": row.contract and row.contract.public_id,
        "by": person(row.actor),
        "at": row.at,
        "read_at": row.read_at,
    }


class ReadSerializer(serializers.Serializer):
    read = serializers.IntegerField(help_text="How many were unread.")


ChannelsBody = type(
    "ChannelsBody",
    (Body,),
    {kind.value: choice(NoticeChannel.choices, required=False) for kind in NoticeKind},
)
ChannelsSerializer = type(
    "ChannelsSerializer",
    (serializers.Serializer,),
    {kind.value: choice(NoticeChannel.choices, required=False) for kind in NoticeKind},
)


class NoticeViewSet(ApiViewSet):
    """What you were told; another person's does not exist."""

    lookup_field = "public_id"
    lookup_value_converter = "slug"
    queryset = Notification.objects.none()
    listed = PAGES | {"unread"}

    def mine(self) -> NotificationQuerySet:
        return Notification.objects.shown_to(self.request.memberships).for_list()

    def found(self, public_id: str) -> Notification:
        return get_object_or_404(self.mine(), public_id=public_id)

    @extend_schema(
        operation_id="notice_list",
        summary="List what you were told",
        parameters=[LIMIT, CURSOR, OpenApiParameter("unread", str, enum=["true"])],
        responses={200: paged(NoticeSerializer)},
    )
    def list(self, request: Request) -> Response:
        """Return what you were told, the newest first."""
        rows = self.mine()
        if (asked := request.query_params.get("unread")) is not None:
            if asked != "true":
                raise wrong("unread", "true")
            rows = rows.unread()
        return Response(part_of(request, rows, notice))

    @deed("notice_read", "read", answers=NoticeSerializer)
    def read(self, row: Notification, now: Any) -> dict[str, Any]:
        """Mark it as read; once is enough."""
        return notice(mark_notice(notice=row, read=True, now=now))

    @deed("notice_unread", "unread", answers=NoticeSerializer)
    def unread(self, row: Notification, now: Any) -> dict[str, Any]:
        """Mark it as unread again."""
        return notice(mark_notice(notice=row, read=False, now=now))

    @extend_schema(
        operation_id="notice_read_all",
        summary="Mark everything as read",
        request=None,
        responses={200: ReadSerializer},
    )
    @action(detail=False, methods=["post"], url_path="read-all")
    def read_all(self, request: Request) -> Response:
        """Mark everything as read that you were told at the desks of this request."""
        read = read_all_notices(members=request.memberships, now=timezone.now())
        return Response({"read": read})


class ChannelsViewSet(ApiViewSet):
    """How you want to be told: in the portal, by mail at once, by one mail a day, or not at all."""

    @extend_schema(
        operation_id="channels_read",
        summary="Read how you are told",
        responses={200: ChannelsSerializer},
    )
    def retrieve(self, request: Request) -> Response:
        """Return the way for each kind that people at your desks are told of."""
        return Response(self.shown(request))

    @extend_schema(
        operation_id="channels_choose",
        summary="Choose how you are told",
        request=ChannelsBody,
        responses={200: ChannelsSerializer},
    )
    def partial_update(self, request: Request) -> Response:
        """Change the way for the kinds that are named; the others stay."""
        told = self.told(ChannelsBody)
        if unknown := sorted(told.keys() - set(kinds_for(request.all_memberships))):
            raise wrong(unknown[0], ", ".join(kinds_for(request.all_memberships)))
        choose_channels(user=request.user, channels=told)
        return Response(self.shown(request))

    def shown(self, request: Request) -> dict[str, str]:
        kept = NoticePreference.objects.filter(user=request.user).first()
        chosen = kept.channels if kept else {}
        kinds = kinds_for(request.all_memberships)
        return {kind: channel_of(kind, chosen).value for kind in kinds}
