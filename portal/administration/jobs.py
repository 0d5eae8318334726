"""Background work and its health: what waits, what runs, what died and why, and one more try."""

from datetime import timedelta

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Min, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from portal.administration.desk import for_managers, managed
from portal.templatetags.words import word
from tenants.exports import Column, export, format_asked
from tenants.models import Beat, Job, JobState
from tenants.services import jobs

LATE_BEAT = timedelta(seconds=60)


def jobs_of(request: HttpRequest) -> QuerySet:
    """Return the jobs of the clients that this person manages, and the portal's own."""
    mine = {seat.tenant_id for seat in managed(request)}
    return Job.objects.filter(Q(tenant__in=mine) | Q(tenant=None))


@require_GET
@for_managers
def job_list(request: HttpRequest) -> HttpResponse:
    now, state = timezone.now(), request.GET.get("state", "")
    found = jobs_of(request)
    rows = found.filter(state=state) if state in JobState.values else found
    rows = rows.select_related("tenant").order_by("-due_at", "-pk")
    if kind := format_asked(request):
        return export(kind, "jobs", columns(), rows, title=_("Background work"))
    pages = Paginator(rows, 50)
    counts = dict(found.values_list("state").annotate(Count("pk")))
    beat = Beat.objects.filter(name="tick").first()
    waiting = found.filter(state=JobState.WAITING, due_at__lte=now)
    oldest = waiting.aggregate(at=Min("due_at"))["at"]
    context = {
        "page": pages.get_page(request.GET.get("page")),
        "state": state,
        "query": f"state={state}&" if state else "",
        "states": [(code, counts.get(code, 0)) for code in JobState.values],
        "oldest": now - oldest if oldest else None,
        "beat": beat,
        "beat_late": beat is None or beat.at + LATE_BEAT < now,
        "now": now,
    }
    return render(request, "administration/job_list.html", context)


def columns() -> list[Column]:
    return [
        Column(_("Job"), str, 50),
        Column(_("Client"), lambda j: j.tenant.name if j.tenant else _("The portal itself"), 24),
        Column(_("State"), lambda j: str(word(j.state, "job")), 14),
        Column(_("Due"), lambda j: j.due_at, moment=True),
        Column(_("Attempts"), lambda j: j.attempts, 9),
        Column(_("Last failure"), lambda j: j.error, 40),
    ]


@require_POST
def retry(request: HttpRequest, public_id: str) -> HttpResponse:
    """Try a dead job again; one of another client is 404, and to other desks every one."""
    job = jobs_of(request).filter(public_id=public_id).first() if managed(request) else None
    if job is None:
        raise Http404
    seat = next((s for s in managed(request) if s.tenant_id == job.tenant_id), None)
    jobs.retry(job=job, actor=seat, now=timezone.now())
    messages.success(request, _("The job is tried again."))
    return redirect("administration:jobs")
