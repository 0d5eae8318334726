"""What the portal does not keep: answers to repeated requests after a day."""

from datetime import datetime, timedelta

from django.utils import timezone

from tenants.models import IdempotencyKey, Job
from tenants.services import jobs

EVERY = timedelta(hours=1)
A_TIME = 5000  # rows


@jobs.handles("api.forget_answers", every=EVERY)
def forget(job: Job) -> None:
    forget_answers(timezone.now())


def forget_answers(now: datetime) -> int:
    """Delete the kept answers of the tenant in scope that are older than a day; return how many."""
    old = IdempotencyKey.objects.expired(now).order_by("made_at")[:A_TIME]
    return IdempotencyKey.objects.filter(pk__in=list(old.values_list("pk", flat=True))).delete()[0]
