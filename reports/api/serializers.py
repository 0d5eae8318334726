"""Which report it is, as the answers show it."""

from typing import Any

from rest_framework import serializers

from reports.models import MonthlyReport
from tenants.api.serializers import ClientSerializer


class ReportSerializer(serializers.Serializer):
    id = serializers.CharField()
    client = ClientSerializer()
    contract = serializers.CharField(help_text="Its id.")
    month = serializers.DateField(help_text="Its first day.")
    revision = serializers.IntegerField()
    sha256 = serializers.CharField()
    previous_sha256 = serializers.CharField(allow_blank=True)
    issued_at = serializers.DateTimeField()


def report(row: MonthlyReport) -> dict[str, Any]:
    return {
        "id": row.public_id,
        "client": {"code": row.tenant.code, "name": row.tenant.name},
        "contract": row.contract.public_id,
        "month": row.month,
        "revision": row.revision,
        "sha256": row.sha256,
        "previous_sha256": row.previous_sha256,
        "issued_at": row.issued_at,
    }
