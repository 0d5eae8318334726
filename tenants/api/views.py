"""What every viewset of the API is made of."""

from collections.abc import Collection
from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers, viewsets
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.request import Request

from tenants.api.pagination import MOST
from tenants.api.serializers import Nothing
from tenants.models import Membership

PAGES = frozenset({"limit", "cursor"})
LIMIT = OpenApiParameter("limit", int, description=f"Rows a page: 1 to {MOST}, usually 25.")
CURSOR = OpenApiParameter("cursor", str, description="From `next` of the page before.")


class ApiViewSet(viewsets.GenericViewSet):
    """
    A resource. Each action may name its `verb` (of a token) and its query `parameters`; those of
    the list are `listed`.

    A parameter that nobody knows is an error: a misspelt filter must not show more than was meant.
    """

    verb: str | None = None
    parameters: frozenset[str] = frozenset()
    listed: frozenset[str] = PAGES
    sends_files: frozenset[str] = frozenset()
    writes_nothing = False
    serializer_class = Nothing

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        known = self.known_parameters()
        if unknown := request.query_params.keys() - known:
            said = _("There is no such parameter here. These are: %s.") % ", ".join(sorted(known))
            raise ValidationError(
                {name: [ErrorDetail(said, "unknown_parameter")] for name in sorted(unknown)[:20]}
            )

    def perform_content_negotiation(self, request: Request, force: bool = False) -> Any:
        """Let whoever asks for a file say so: an error is JSON all the same."""
        return super().perform_content_negotiation(
            request, force or self.action in self.sends_files
        )

    def known_parameters(self) -> frozenset[str]:
        return self.listed if self.action == "list" else self.parameters

    def context_for(self, found: Any) -> dict[str, Any]:
        """Return what the fields of a body must know of what was found."""
        return {"tenant_id": found.tenant_id}

    def desk(self, tenant_id: int, roles: Collection[str] = ()) -> Membership:
        """Return the desk at which this person acts: the first of these roles, else the first."""
        mine = [m for m in self.request.memberships if m.tenant_id == tenant_id]
        return next((m for m in mine if m.role in roles), mine[0])

    def told(self, body: type[serializers.Serializer], **context: Any) -> dict[str, Any]:
        """
        Return what the request's body says.

        :raises ValidationError: if a field is missing, wrong or unknown; it names them all.
        """
        serializer = body(data=self.request.data, context=context)
        serializer.is_valid(raise_exception=True)
        return serializer.validated_data
