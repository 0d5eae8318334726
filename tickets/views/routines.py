"""Routine tasks: today across clients, a routine with its runs, and one run with its checklist."""

from datetime import timedelta

from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from contracts.models import Contract, ContractVersion
from contracts.rules import rules_of
from contracts.system_names import system_names
from tenants.errors import Invalid, NotPermitted
from tenants.exports import export, format_asked
from tenants.models import Membership
from tickets.domain.lifecycle import AGENTS, LEADS
from tickets.models import RoutineProof, RoutineRun, RoutineTask
from tickets.routine_forms import RoutineForm, RunForm, template_of
from tickets.services import routines
from tickets.views import columns
from tickets.views.files import download

LATE_DAYS = 7  # a missed run stays on the page of today that long
MOST_RUNS = 60


def desk(request: HttpRequest, tenant_id: int, roles: frozenset) -> Membership | None:
    mine = (m for m in request.memberships if m.tenant_id == tenant_id and m.role in roles)
    return next(mine, None)


@require_GET
def today(request: HttpRequest) -> HttpResponse:
    """What is to be done today for all clients on screen, the soonest end first; every run as a file."""
    now = timezone.now()
    rows = RoutineRun.objects.for_list()
    if kind := format_asked(request):
        known = rows.filter(opens_at__lt=now + timedelta(days=1))
        return export(kind, "routines", columns.of_run(), known, title=_("Routines"))
    waiting = list(rows.waiting().filter(
        opens_at__lt=now + timedelta(days=1), closes_at__gt=now - timedelta(days=LATE_DAYS)
    ))  # fmt: skip
    done = rows.filter(done_at__gt=now - timedelta(days=1)).order_by("-done_at")
    done = list(done[:MOST_RUNS])
    tasks = RoutineTask.objects.filter(ended_on=None).select_related("contract", "tenant")
    context = {
        "groups": [
            (_("Missed"), "text-late", [run for run in waiting if run.closes_at <= now]),
            (_("Now"), "", [run for run in waiting if run.is_open(now)]),
            (_("In the next 24 hours"), "", [run for run in waiting if run.opens_at > now]),
            (_("Done in the last 24 hours"), "", done),
        ],
        "any_task": RoutineTask.objects.exists(),
        "tasks": tasks,
        "systems": system_names(waiting, done, tasks),
        "contracts": agreeable(request),
        "may_do": any(m.role in AGENTS for m in request.memberships),
        "many_clients": len({m.tenant_id for m in request.memberships}) > 1,
        "now": now,
        "section_url": reverse("tickets:routines"),
    }
    return render(request, "tickets/routines_today.html", context)


def agreeable(request: HttpRequest) -> list[Contract]:
    """Return the contracts for which this person may agree a routine."""
    leads = {m.tenant_id for m in request.memberships if m.role in LEADS}
    found = Contract.objects.active().select_related("tenant").order_by("tenant__name", "number")
    return [contract for contract in found if contract.tenant_id in leads]


@require_GET
def task_page(request: HttpRequest, public_id: str) -> HttpResponse:
    task = task_or_404(public_id)
    runs = task.runs.select_related("done_by__user").order_by("-due_on")[:MOST_RUNS]
    context = {
        "task": task,
        "runs": runs,
        "may_change": desk(request, task.tenant_id, LEADS) and task.ended_on is None,
        "now": timezone.now(),
        "section_url": reverse("tickets:routines"),
    }
    return render(request, "tickets/routine_page.html", context)


def task_or_404(public_id: str) -> RoutineTask:
    rows = RoutineTask.objects.select_related("contract", "tenant", "by__user")
    return get_object_or_404(rows, public_id=public_id)


@require_http_methods(["GET", "POST"])
def new_routine(request: HttpRequest, contract: str) -> HttpResponse:
    """
    Agree a routine task; `?kind=` begins with a template.

    :raises NotPermitted: to anybody but a bridge SE or an account manager.
    """
    found = get_object_or_404(Contract.objects.select_related("tenant"), public_id=contract)
    actor, terms = lead_and_terms(request, found)
    initial = {
        "starts_on": found.local_date(timezone.now()),
        **template_of(request.GET.get("kind", "")),
    }
    form = RoutineForm(request.POST or None, terms=terms, initial=initial)
    if form.is_bound and form.is_valid():
        try:
            task = routines.create_routine(
                contract=found, actor=actor, plan=form.plan(),
                starts_on=form.cleaned_data["starts_on"], now=timezone.now(),
            )  # fmt: skip
        except Invalid as error:
            form.add_error(error.field if error.field in form.fields else None, str(error.message))
        else:
            messages.success(request, _("The routine is agreed, and its first runs are planned."))
            return redirect("tickets:routine", public_id=task.public_id)
    context = {"form": form, "contract": found, "section_url": reverse("tickets:routines")}
    return render(
        request, "tickets/routine_form.html", context, status=422 if form.is_bound else 200
    )


@require_http_methods(["GET", "POST"])
def change_routine(request: HttpRequest, public_id: str) -> HttpResponse:
    """:raises NotPermitted: to anybody but a bridge SE or an account manager."""
    task = task_or_404(public_id)
    actor, terms = lead_and_terms(request, task.contract)
    form = RoutineForm(request.POST or None, terms=terms, task=task)
    if form.is_bound and form.is_valid():
        try:
            routines.change_routine(task=task, actor=actor, plan=form.plan(), now=timezone.now())
        except Invalid as error:
            form.add_error(error.field if error.field in form.fields else None, str(error.message))
        else:
            messages.success(request, _("The routine is changed from its next run on."))
            return redirect("tickets:routine", public_id=public_id)
    context = {"form": form, "task": task, "contract": task.contract,
               "section_url": reverse("tickets:routines")}  # fmt: skip
    return render(
        request, "tickets/routine_form.html", context, status=422 if form.is_bound else 200
    )


def lead_and_terms(request: HttpRequest, contract: Contract):
    if (actor := desk(request, contract.tenant_id, LEADS)) is None:
        raise NotPermitted(_("Only a bridge SE or an account manager agrees routine tasks."))
    rows = ContractVersion.objects.filter(contract=contract)
    if (version := rows.in_force(contract.local_date(timezone.now())).first()) is None:
        raise Http404
    return actor, rules_of(version).terms


@require_POST
def end_routine(request: HttpRequest, public_id: str) -> HttpResponse:
    task = task_or_404(public_id)
    if (actor := desk(request, task.tenant_id, LEADS)) is None:
        raise NotPermitted(_("Only a bridge SE or an account manager agrees routine tasks."))
    reason = request.POST.get("reason", "")[:200]
    routines.end_routine(task=task, actor=actor, reason=reason, now=timezone.now())
    messages.success(request, _("The routine has ended."))
    return redirect("tickets:routine", public_id=public_id)


@require_http_methods(["GET", "POST"])
def run_page(request: HttpRequest, public_id: str) -> HttpResponse:
    """One run: its runbook and checklist to fill, or how it was done; clients read it."""
    rows = RoutineRun.objects.select_related("task__contract", "tenant", "done_by__user")
    run = get_object_or_404(rows, public_id=public_id)
    actor = desk(request, run.tenant_id, AGENTS)
    form = None
    if actor and run.done_at is None:
        form = RunForm(request.POST or None, request.FILES or None, run=run)
    if request.method == "POST":
        if form is None:
            raise NotPermitted(_("Only the vendor's team of this client does routine tasks."))
        if form.is_valid() and done(request, form, run, actor):
            return redirect("tickets:routines")
    context = {
        "run": run,
        "systems": system_names([run]),
        "form": form,
        "proofs": {proof.line: proof for proof in run.proofs.all()},
        "now": timezone.now(),
        "section_url": reverse("tickets:routines"),
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "tickets/routine_run.html", context, status=status)


def done(request: HttpRequest, form: RunForm, run: RoutineRun, actor: Membership) -> bool:
    """Take the command; where it says no, the form says why."""
    try:
        routines.complete_run(run=run, actor=actor, now=timezone.now(), **form.command())
    except Invalid as error:
        form.add_error(error.field if error.field in form.fields else None, str(error.message))
        return False
    messages.success(request, _("%s is done.") % run.title)
    return True


@require_GET
def proof_file(request: HttpRequest, public_id: str) -> FileResponse:
    return file_of_proof(public_id)


def file_of_proof(public_id: str) -> FileResponse:
    """The file that proves a line; always a download, never shown. Another client's is 404."""
    return download(get_object_or_404(RoutineProof, public_id=public_id))
