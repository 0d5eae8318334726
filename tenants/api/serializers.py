"""What bodies and answers are made of; each body refuses what it does not know."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail

from tenants.zones import zone_names

MOST_NAMED = 20  # unknown fields in one answer


class Body(serializers.Serializer):
    """The fields of a request; an unknown one is an error that names it, never ignored."""

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        if isinstance(data, Mapping):
            known = {name for name, field in self.fields.items() if not field.read_only}
            if unknown := sorted(str(name) for name in data.keys() - known):
                said = _("There is no such field here. These are: %s.") % ", ".join(sorted(known))
                raise serializers.ValidationError(
                    {
                        name: [ErrorDetail(said, code="unknown_field")]
                        for name in unknown[:MOST_NAMED]
                    }
                )
        return super().to_internal_value(data)


class ZoneField(serializers.CharField):
    """A time zone by its name, as in `Asia/Tokyo`."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=60, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        name = super().to_internal_value(data)
        if name not in zone_names():
            raise serializers.ValidationError(_("There is no such time zone."))
        return name


class Nothing(Body):
    """A step that asks for nothing."""


class PersonSerializer(serializers.Serializer):
    id = serializers.CharField(help_text="Of the person's desk at this client.")
    name = serializers.CharField()


class ClientSerializer(serializers.Serializer):
    code = serializers.CharField(help_text="The first part of its tickets' keys.")
    name = serializers.CharField()


class ErrorSerializer(serializers.Serializer):
    code = serializers.CharField(help_text="For programs; stays as it is in every language.")
    detail = serializers.CharField(help_text="For people, in the language that was asked for.")
    attr = serializers.CharField(allow_null=True, help_text="The field it is about.")


class ErrorsSerializer(serializers.Serializer):
    """The one shape of every answer of 400 and above."""

    type = serializers.ChoiceField(["validation_error", "client_error", "server_error"])
    errors = ErrorSerializer(many=True)
