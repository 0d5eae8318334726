from django.db import models

from tenants.models.membership import Membership
from tenants.models.owned import AppendOnly, TenantForeignKey


class AuditEvent(AppendOnly):
    """Who did what to which row, written in the transaction that did it."""

    at = models.DateTimeField()
    actor = TenantForeignKey(
        Membership, null=True, related_name="+", help_text="NULL: the portal itself."
    )
    verb = models.CharField(max_length=60)
    subject_type = models.CharField(max_length=60)
    subject_id = models.BigIntegerField()
    data = models.JSONField(default=dict)

    class Meta(AppendOnly.Meta):
        indexes = [
            models.Index(
                fields=["tenant", "subject_type", "subject_id", "id"], name="audit_by_subject"
            )
        ]

    def __str__(self) -> str:
        return f"{self.verb} {self.subject_type}:{self.subject_id}"
