import os

from celery import Celery
from celery.signals import beat_init

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")

app = Celery("portal")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@beat_init.connect
def start_missing_jobs(**told: object) -> None:
    """A release may bring jobs that come back by themselves: clients of before get them too."""
    from tenants.services import jobs

    jobs.start_missing()
