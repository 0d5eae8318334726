"""Who you are here, and who else is."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from tenants import roles
from tenants.api.pagination import paged, part_of, wrong
from tenants.api.serializers import ClientSerializer
from tenants.api.views import CURSOR, LIMIT, PAGES, ApiViewSet
from tenants.models import Membership, Verb


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
    parameters = PAGES | {"client", "role"}

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
