"""What happens to a contract when nobody does anything: its end comes nearer, and comes."""

from datetime import datetime, timedelta

from django.utils import timezone

from contracts.domain.renewal import Term
from contracts.models import Contract, ContractReminder
from contracts.services.life import end_if_over
from tenants.models import Job
from tenants.services import audit, jobs

EVERY = timedelta(hours=1)


@jobs.handles("contracts.life", every=EVERY)
def life(job: Job) -> None:
    """End the tenant's contracts whose day has come, and remind of the ends that come nearer."""
    look_after(timezone.now())


def look_after(now: datetime) -> None:
    """End and remind, for each contract in scope that has an end; safe to run twice."""
    ending = Contract.objects.active().exclude(ends_on=None)
    for contract in ending.select_for_update().order_by("pk"):
        if not end_if_over(contract, now):
            remind(contract, now)


def remind(contract: Contract, now: datetime) -> None:
    """Write down the last step that a locked contract has reached, and tell of it once."""
    step = Term(contract.starts_on, contract.ends_on).step_on(contract.local_date(now))
    if step is None:
        return
    said = {"ends_on": contract.ends_on, "days": step}
    if ContractReminder.objects.filter(contract=contract, **said).exists():
        return
    ContractReminder.objects.create(tenant_id=contract.tenant_id, contract=contract, at=now, **said)
    audit.record(
        actor=None,
        verb="contract.reminded",
        subject=contract,
        at=now,
        ends_on=contract.ends_on.isoformat(),
        days=step,
    )
