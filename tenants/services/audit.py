from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from django.db import models

from tenants.models import AuditEvent, Membership
from tenants.origin import origin
from tenants.services.outbox import write

Quiet = Callable[[], bool]

_followed: dict[str, tuple[str, Quiet]] = {}  # a verb, and the kind of job that follows its events


def followed_by(kind: str, verbs: Iterable[str], *, unless: Quiet) -> None:
    """Let a job of `kind` (payload: event_id) follow each event with one of `verbs`."""
    _followed.update(dict.fromkeys(verbs, (kind, unless)))


def record(
    *,
    actor: Membership | None,
    verb: str,
    subject: models.Model,
    at: datetime,
    along: Sequence[models.Model] = (),
    **data: object,
) -> AuditEvent:
    """
    Write one audit event in the transaction of the change; `data` is JSON (before, after, why).

    The same statement writes the job that follows its verb, if any, and the rows that are made
    `along` with it: those that others point to have their ids.
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
    write(event, "" if is_quiet() else kind, along)
    return event
