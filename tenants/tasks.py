from celery import shared_task

from tenants.services import jobs


@shared_task(acks_late=True, reject_on_worker_lost=True)
def run_job(*, job_id: int) -> None:
    """Do one job; a second delivery finds nothing to do."""
    jobs.run(job_id)


@shared_task
def tick() -> None:
    """Ring for what is due, and for what a killed worker left behind."""
    jobs.ring_due()
