from datetime import datetime

from django.db import models

from tenants.models import AuditEvent, Membership
from tenants.origin import origin


def record(
    *, actor: Membership | None, verb: str, subject: models.Model, at: datetime, **data: object
) -> None:
    """Write one audit event in the transaction of the change; `data` is JSON (before, after, why)."""
    AuditEvent.objects.bulk_create(
        [
            AuditEvent(
                tenant_id=subject.tenant_id,
                at=at,
                actor=actor,
                verb=verb,
                subject_type=subject._meta.label_lower,
                subject_id=subject.pk,
                origin=origin(),
                data=data,
            )
        ]
    )
