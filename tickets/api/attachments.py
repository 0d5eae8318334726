"""Files of a ticket: sent as a form with the message they go with, and only ever downloaded."""

from typing import Any

from django.http import FileResponse
from django.utils.translation import get_language
from drf_spectacular.utils import OpenApiTypes, extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from contracts.domain.vocabulary import Language
from tenants.api.serializers import Body, PersonSerializer
from tenants.api.views import ApiViewSet
from tickets.api.fields import choice, optional_text
from tickets.api.shapes import person
from tickets.models import Attachment
from tickets.models.choices import Lane
from tickets.views.files import file_for


class AttachBody(Body):
    """Up to ten files and what is said with them; the message may be empty."""

    files = serializers.ListField(
        child=serializers.FileField(max_length=255), min_length=1, max_length=10
    )
    body = optional_text()
    lane = choice(Lane.choices, default=Lane.PUBLIC)
    language = choice([language.value for language in Language], required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        return {"language": get_language() or "en", **attrs}


class AttachmentSerializer(serializers.Serializer):
    id = serializers.CharField()
    name = serializers.CharField()
    size = serializers.IntegerField(help_text="Bytes.")
    sha256 = serializers.CharField()
    lane = choice(Lane.choices)
    comment = serializers.CharField(
        allow_null=True, help_text="The message it came with; null: the request itself."
    )
    by = PersonSerializer()
    at = serializers.DateTimeField()


def attachment(row: Attachment) -> dict[str, Any]:
    return {
        "id": row.public_id,
        "name": row.name,
        "size": row.size,
        "sha256": row.sha256,
        "lane": row.lane,
        "comment": row.comment and row.comment.public_id,
        "by": person(row.by),
        "at": row.at,
    }


class AttachmentViewSet(ApiViewSet):
    """Files as they were sent. None is ever taken away: what was said stays readable."""

    lookup_field = "public_id"
    lookup_value_converter = "slug"
    queryset = Attachment.objects.none()
    sends_files = frozenset({"retrieve"})

    @extend_schema(
        operation_id="attachment_download",
        summary="Download a file",
        responses={(200, "application/octet-stream"): OpenApiTypes.BINARY},
    )
    def retrieve(self, request: Request, public_id: str) -> FileResponse:
        """Return the bytes, for whoever may read the message they came with."""
        return file_for(request, public_id)
