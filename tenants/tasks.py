from celery import shared_task
from django.utils import timezone

from tenants import clock_check, waiting_files
from tenants.models import Beat
from tenants.services import forgetting_accounts, jobs


@shared_task(acks_late=True, reject_on_worker_lost=True)
def run_job(*, job_id: int) -> None:
    """Do one job; a second delivery finds nothing to do."""
    if not clock_check.is_off():  # else the next tick rings for another host
        jobs.run(job_id)


@shared_task
def tick() -> None:
    """Ring for what is due, and for what a killed worker left behind; leave a sign of life."""
    if clock_check.is_off():
        return
    Beat.objects.update_or_create(name="tick", defaults={"at": timezone.now()})
    jobs.ring_due()


@shared_task
def forget() -> None:
    """Forget sessions, counts, links and waiting files whose time is over; safe to run twice."""
    now = timezone.now()
    forgetting_accounts.forget(now)
    waiting_files.forget(now.timestamp() - waiting_files.KEPT_SECONDS)
