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
    origin = models.CharField(
        max_length=80, blank=True, help_text="Where it came from: an address, a job, a console."
    )
    data = models.JSONField(default=dict)

    class Meta(AppendOnly.Meta):
        indexes = [
            models.Index(
                fields=["tenant", "subject_type", "subject_id", "id"], name="audit_by_subject"
            ),
            models.Index(fields=["tenant", "-at", "-id"], name="audit_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.verb} {self.subject_type}:{self.subject_id}"


class AuditLink(AppendOnly):
    """An event's place in its tenant's chain; only the trigger of `tenants.audit_chain` writes it."""

    position = models.BigIntegerField(help_text="1, 2, 3 and so on, in the order of the commits.")
    event = TenantForeignKey(AuditEvent, related_name="+")
    sha256 = models.CharField(max_length=64, help_text="Over the link before and the event.")

    class Meta(AppendOnly.Meta):
        constraints = [
            models.UniqueConstraint(fields=["tenant", "position"], name="audit_link_has_its_place"),
            models.UniqueConstraint(fields=["tenant", "event"], name="an_event_is_linked_once"),
        ]

    def __str__(self) -> str:
        return f"{self.position} {self.sha256[:12]}"
