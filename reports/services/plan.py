"""Which month's report is next, and the jobs that make it: oldest first, one at a time."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils import timezone

from contracts.domain.months import first_of_month, next_month
from contracts.models import Contract, ContractStatus, Period
from contracts.services import period_of
from reports.models import MonthlyReport
from reports.services.issue import issue_report
from tenants.models import Job, JobState
from tenants.services import jobs

EVERY = timedelta(minutes=10)
ISSUE = "reports.issue"


@jobs.handles("reports.plan", every=EVERY)
def plan(job: Job) -> None:
    """Make sure that every ended month of every contract will have its report."""
    now = timezone.now()
    for contract in reported_contracts():
        plan_next(contract, now)


@jobs.handles(ISSUE)
def issue(job: Job) -> None:
    """
    Issue one month's report, and before it those of earlier months that wait; then plan the next.

    A month that is not due yet issues nothing: the plan brings it back.
    """
    now = timezone.now()
    contract = Contract.objects.get(pk=job.payload["contract_id"])
    for _report in issue_due(contract, now, until=date.fromisoformat(job.payload["month"])):
        pass
    plan_next(contract, now)


def reported_contracts() -> list[Contract]:
    """Return the contracts in scope that have, or had, months."""
    return list(Contract.objects.exclude(status=ContractStatus.DRAFT).order_by("pk"))


def plan_next(contract: Contract, now: datetime) -> None:
    """Write down the contract's months and the job of the oldest that has no report."""
    period = next(unissued(contract, now), None)
    if period is None or period.ends_at > now:
        return
    mine = {"kind": ISSUE, "tenant_id": contract.tenant_id, "key": key_of(period)}
    # A job that ran before its month was due left no report: it comes back.
    Job.objects.filter(**mine, state=JobState.DONE).update(
        state=JobState.WAITING, attempts=0, progress=0, finished_at=None, due_at=period.closes_at
    )
    jobs.enqueue(
        **mine,
        due_at=period.closes_at,
        contract_id=contract.pk,
        month=period.month.isoformat(),
    )


def issue_at_once(contract: Contract, now: datetime) -> None:
    """Ring for the report of the oldest closed month that has none, before its grace is over."""
    plan_next(contract, now)
    period = next(unissued(contract, now), None)
    if period is None or period.is_open:
        return
    mine = {"kind": ISSUE, "tenant_id": contract.tenant_id, "key": key_of(period)}
    Job.objects.filter(**mine, state=JobState.WAITING).update(due_at=now)
    transaction.on_commit(lambda: jobs.ring_for(**mine), robust=True)


def key_of(period: Period) -> str:
    return f"{period.contract.public_id}:{period.month:%Y-%m}"


def issue_due(
    contract: Contract, now: datetime, *, until: date | None = None
) -> Iterator[MonthlyReport]:
    """Issue the reports that are due, oldest first, up to the month `until`; yield each."""
    for period in unissued(contract, now):
        waits = period.is_open and period.closes_at > now
        if waits or (until and period.month > until):
            return
        yield issue_report(contract, period.month, now=now)


def unissued(contract: Contract, now: datetime) -> Iterator[Period]:
    """Yield the months without a report, oldest first, the current one last."""
    issued = set(
        MonthlyReport.objects.filter(contract=contract).values_list("month", flat=True).distinct()
    )
    written = {period.month: period for period in Period.objects.filter(contract=contract)}
    for month in months_of(contract, now, written.keys()):
        if month not in issued:
            yield written.get(month) or period_of(contract, month)


def months_of(contract: Contract, now: datetime, written: set[date]) -> list[date]:
    """Return the months from the first version's to the current one, and late ones written down."""
    first = contract.versions.exclude(activated_at=None).order_by("effective_on").first()
    if first is None:
        return []
    begins = max(contract.starts_on, first.effective_on)
    last_on = contract.local_date(now)
    if contract.ends_on is not None:
        last_on = min(last_on, contract.ends_on - timedelta(days=1))
    month, months = first_of_month(begins), set()
    while month <= last_on:
        months.add(month)
        month = next_month(month)
    current = first_of_month(contract.local_date(now))
    return sorted(months | {m for m in written if m <= current})
