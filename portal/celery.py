import os

from celery import Celery
from celery.signals import beat_init
from kombu.transport import TRANSPORT_ALIASES

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")

TRANSPORT_ALIASES["filesystem"] = "portal.folder_broker:Transport"
app = Celery("portal")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@beat_init.connect
def start_missing_jobs(**told: object) -> None:
    """A release may bring jobs that come back by themselves: clients of before get them too."""
    from tenants.services import jobs

    jobs.start_missing()
