"""How the API describes itself: the errors every operation may answer with, and common headers."""

from django.conf import settings
from drf_spectacular.extensions import (
    OpenApiAuthenticationExtension,
    OpenApiSerializerFieldExtension,
)
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiExample, OpenApiParameter

from portal.api.examples import EXAMPLES
from tenants.api.serializers import ErrorsSerializer

WALL_TIME = r"^([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?$"
ALWAYS = ("400", "401", "403", "404", "405", "406", "429")
WITH_BODY = ("409", "412", "413", "415", "428")
KEY = OpenApiParameter(
    "Idempotency-Key",
    str,
    OpenApiParameter.HEADER,
    description="1 to 100 visible ASCII characters. A repetition within a day does nothing and is "
    "answered as the first time.",
)
MATCH = OpenApiParameter(
    "If-Match",
    str,
    OpenApiParameter.HEADER,
    description="The ETag of what was read. Another version meanwhile is a 412.",
)


class WallTime(OpenApiSerializerFieldExtension):
    """A time on the wall has no offset, so it is not the `time` of JSON Schema (RFC 3339)."""

    target_class = "rest_framework.fields.TimeField"

    def map_serializer_field(self, auto_schema: AutoSchema, direction: str) -> dict:
        return {"type": "string", "pattern": WALL_TIME}


class Schema(AutoSchema):
    """Every operation may be refused in the one shape; a change may be repeated safely."""

    def get_override_parameters(self) -> list:
        own = list(super().get_override_parameters())
        if self.method == "POST" and not getattr(self.view, "writes_nothing", False):
            own += [KEY, MATCH]
        if self.method in {"PUT", "PATCH"}:
            own.append(MATCH)
        return own

    def get_examples(self) -> list[OpenApiExample]:
        """Return the one request that is shown for the operation, where there is one."""
        value = EXAMPLES.get(self.get_operation_id())
        return [OpenApiExample("A request", value=value, request_only=True)] if value else []

    def _get_response_bodies(self, direction: str = "response") -> dict:
        bodies = super()._get_response_bodies(direction)
        if direction == "response":
            codes = ALWAYS if self.method == "GET" else ALWAYS + WITH_BODY
            for code in codes:
                bodies.setdefault(code, self._get_response_for_code(ErrorsSerializer, code))
        return bodies


class TokenScheme(OpenApiAuthenticationExtension):
    target_class = "tenants.api.authentication.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema) -> dict:
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "A token of yours: `Authorization: Bearer portal_...`.",
        }


class SessionScheme(OpenApiAuthenticationExtension):
    target_class = "tenants.api.authentication.SessionAuthentication"
    name = "session"

    def get_security_definition(self, auto_schema) -> dict:
        return {
            "type": "apiKey",
            "in": "cookie",
            "name": settings.SESSION_COOKIE_NAME,
            "description": "The portal's own session; a change needs `X-CSRFToken` too.",
        }
