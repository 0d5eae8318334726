"""Who you are here, and who else is."""

from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from tenants import roles
from tenants.api.pagination import paged, part_of, wrong
from tenants.api.serializers import Body, ClientSerializer, ZoneField
from tenants.api.views import CURSOR, LIMIT, PAGES, ApiViewSet
from tenants.models import Membership, Verb
from tenants.services import people
from tenants.services.tokens import revoke_token

LANGUAGES = [code for code, _name in settings.LANGUAGES]


class DeskSerializer(serializers.Serializer):
    id = serializers.CharField()
    client = ClientSerializer()
    role = serializers.ChoiceField(roles.Role.choices)


class TokenSerializer(serializers.Serializer):
    name = serializers.CharField()
    verbs = serializers.ListField(child=serializers.ChoiceField(Verb.choices))
    expires_at = serializers.DateTimeField()


class MeSerializer(serializers.Serializer):
    name = serializers.CharField()
    email = serializers.EmailField()
    language = serializers.CharField()
    timezone = serializers.CharField()
    desks = DeskSerializer(many=True)
    token = TokenSerializer(allow_null=True, help_text="What you are asking with.")


class MeBody(Body):
    """What can be changed of yourself; leave out what stays."""

    name = serializers.CharField(max_length=120, required=False)
    language = serializers.ChoiceField(LANGUAGES, required=False)
    timezone = ZoneField(required=False)


class MemberSerializer(DeskSerializer):
    name = serializers.CharField()


def desk(row: Membership) -> dict[str, Any]:
    client = {"code": row.tenant.code, "name": row.tenant.name}
    return {"id": row.public_id, "client": client, "role": row.role}


def member(row: Membership) -> dict[str, Any]:
    return {**desk(row), "name": row.user.name}


class MeViewSet(ApiViewSet):
    @extend_schema(operation_id="me", summary="Who you are", responses={200: MeSerializer})
    def me(self, request: Request) -> Response:
        """Return yourself, the desks that this request opens, and the token it came with."""
        return self.shown(request)

    @extend_schema(
        operation_id="me_change",
        summary="Change your name, language or zone",
        request=MeBody,
        responses={200: MeSerializer},
    )
    def change(self, request: Request) -> Response:
        """Change how you are called, and in which language and zone you read."""
        user, told = request.user, self.told(MeBody)
        kept = {name: getattr(user, name) for name in ("name", "language", "timezone")}
        people.change_profile(user=user, **{**kept, **told})
        return self.shown(request)

    @extend_schema(
        operation_id="token_revoke",
        summary="Revoke the token you are asking with",
        request=None,
        responses={204: None},
    )
    def revoke(self, request: Request) -> Response:
        """Take back the token that this request came with, for good; 404 without one."""
        if request.auth is None:
            raise Http404
        desks, now = request.memberships, timezone.now()
        revoke_token(token=request.auth, user=request.user, desks=desks, now=now)
        return Response(status=204)

    def shown(self, request: Request) -> Response:
        user, token = request.user, request.auth
        names = ("name", "verbs", "expires_at")
        return Response(
            {
                "name": user.name,
                "email": user.email,
                "language": user.language,
                "timezone": user.timezone,
                "desks": [desk(row) for row in request.memberships],
                "token": token and {name: getattr(token, name) for name in names},
            }
        )


class MemberViewSet(ApiViewSet):
    """The people of your clients and of their teams; no addresses."""

    queryset = Membership.objects.none()
    listed = PAGES | {"client", "role"}

    @extend_schema(
        operation_id="member_list",
        summary="List people",
        parameters=[
            LIMIT,
            CURSOR,
            OpenApiParameter("client", str, description="A client's code."),
            OpenApiParameter("role", str, enum=roles.Role.values),
        ],
        responses={200: paged(MemberSerializer)},
    )
    def list(self, request: Request) -> Response:
        """Return who stands at which desk, by client, role and name."""
        rows = self.chosen(Membership.objects.active())
        rows = rows.select_related("user", "tenant")
        rows = rows.order_by("tenant__code", "role", "user__name", "pk")
        return Response(part_of(request, rows, member))

    def chosen(self, rows: QuerySet) -> QuerySet:
        asked = self.request.query_params
        if (role := asked.get("role")) is not None:
            if role not in roles.Role.values:
                raise wrong("role", ", ".join(roles.Role.values))
            rows = rows.filter(role=role)
        if (code := asked.get("client")) is not None:
            ids = [m.tenant_id for m in self.request.memberships if m.tenant.code == code]
            if not ids:
                codes = sorted({m.tenant.code for m in self.request.memberships})
                raise wrong("client", ", ".join(codes))
            rows = rows.filter(tenant_id__in=ids)
        return rows
