"""How far a month's run is: what the jobs and the reports of the clients in scope say."""

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Count, Q

from contracts.models import Period
from reports.models import MonthlyReport
from reports.services.papers import LANGUAGES, PRINT
from reports.services.plan import ISSUE
from tenants.models import Job, JobState
from tenants.scoping import active_tenants


@dataclass(frozen=True, slots=True)
class Run:
    """
    One month's reports: how many there will be, how many are issued, printed, at work, or given up.

    `percent` counts a report that is issued as half, and one whose PDFs are stored as whole.
    """

    month: date
    expected: int
    issued: int
    printed: int
    running: int
    dead: int

    @property
    def is_over(self) -> bool:
        return self.printed >= self.expected

    @property
    def is_stuck(self) -> bool:
        """Return whether only what was given up is left: a person must look, and retry."""
        return self.dead > 0 and self.printed + self.dead >= self.expected

    @property
    def percent(self) -> int:
        return (self.issued + self.printed) * 50 // self.expected if self.expected else 100


def run_of(month: date) -> Run:
    """Return how far the run of `month` is, over the clients in scope."""
    reports = MonthlyReport.objects.filter(month=month).order_by()
    rows = list(reports.values_list("pk", "period_id", Count("documents")))
    issued = len({period for _report, period, _languages in rows})
    printed = sum(languages == len(LANGUAGES) for _report, _period, languages in rows)
    states = Counter(_jobs(month, [report for report, _period, _languages in rows]))
    return Run(
        month=month,
        expected=max(issued, Period.objects.filter(month=month).count()),
        issued=issued,
        printed=min(printed, issued),
        running=states[JobState.RUNNING],
        dead=states[JobState.DEAD],
    )


def _jobs(month: date, reports: list[int]) -> list[str]:
    """Return the states of the jobs that issue and print the month."""
    mine = Job.objects.filter(tenant_id__in=active_tenants() or ())
    issuing = Q(kind=ISSUE, payload__month=month.isoformat())
    printing = Q(kind=PRINT, payload__report_id__in=reports)
    return list(mine.filter(issuing | printing).values_list("state", flat=True))


def latest_run(now: datetime) -> Run | None:
    """Return the run of the latest month that has a due job or a report; None before the first."""
    newest = MonthlyReport.objects.order_by("-month").values_list("month", flat=True).first()
    mine = Job.objects.filter(tenant_id__in=active_tenants() or (), kind=ISSUE)
    due = mine.filter(
        Q(state__in=(JobState.RUNNING, JobState.DEAD)) | Q(state=JobState.WAITING, due_at__lte=now)
    )
    asked = due.order_by("-payload__month").values_list("payload__month", flat=True).first()
    months = [newest] if newest else []
    months += [date.fromisoformat(asked)] if asked else []
    return run_of(max(months)) if months else None
