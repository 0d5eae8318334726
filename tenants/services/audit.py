from collections.abc import Callable, Iterable
from datetime import datetime

from django.db import models

from tenants.models import AuditEvent, Membership
from tenants.origin import origin
from tenants.services.outbox import write_with_job

Quiet = Callable[[], bool]

_followed: dict[str, tuple[str, Quiet]] = {}  # a verb, and the kind of job that follows its events


def followed_by(kind: str, verbs: Iterable[str], *, unless: Quiet) -> None:
    """Let a job of `kind` (payload: event_id) follow each event with one of `verbs`."""
    _followed.update(dict.fromkeys(verbs, (kind, unless)))


def record(
    *, actor: Membership | None, verb: str, subject: models.Model, at: datetime, **data: object
) -> None:
    """
    Write one audit event in the transaction of the change; `data` is JSON (before, after, why).

    The job that follows its verb, if any, is written by the same statement.
    """
    event = AuditEvent(
        tenant_id=subject.tenant_id,
        at=at,
        actor=actor,
        verb=verb,
        subject_type=subject._meta.label_lower,
        subject_id=subject.pk,
        origin=origin(),
        data=data,
    )
    kind, is_quiet = _followed.get(verb, ("", bool))
    if kind and not is_quiet():
        write_with_job(event, kind)
    else:
        AuditEvent.objects.bulk_create([event])
