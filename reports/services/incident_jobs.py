"""The report that an incident owes is drafted before anybody asks for it."""

from datetime import timedelta

from django.utils import timezone

from reports.services.incidents import draft_incident_report, owed
from tenants.errors import Refused
from tenants.models import Job
from tenants.services import jobs

EVERY = timedelta(minutes=10)
MOST_A_RUN = 50


@jobs.handles("reports.draft_incidents", every=EVERY)
def draft_owed(job: Job) -> None:
    """Draft the reports whose clock runs and that nobody has begun; safe to run twice."""
    now = timezone.now()
    for ticket in owed(now)[:MOST_A_RUN]:
        try:
            draft_incident_report(ticket=ticket, actor=None, now=now)
        except Refused:  # somebody began it in the same moment
            continue
