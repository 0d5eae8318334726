"""Steps of an issued report: one route, one form, one command; the refusals are the middleware's."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from contracts.models import Contract
from reports.forms import AnswerForm, ReasonForm, RemarkForm, SignForm
from reports.models import MonthlyReport, ReportRemark
from reports.services import life
from reports.services.chain import facts_in
from reports.views.downloads import readers_of, report_or_404
from tenants.errors import Invalid, NotPermitted
from tenants.models import Membership
from tenants.roles import Role


@dataclass(frozen=True, slots=True)
class Step:
    """A step of a report: who takes it, what it asks, which command does it."""

    role: Role
    label: Promise
    lead: Promise
    form: type[forms.Form]
    run: Callable[..., Any]
    done: Promise


SIGN = Step(
    Role.SERVICE_OWNER,
    gettext_lazy("Sign the report"),
    gettext_lazy("You accept the figures of this revision for your company."),
    SignForm,
    life.sign_report,
    gettext_lazy("The report is signed."),
)
REMARK = Step(
    Role.SERVICE_OWNER,
    gettext_lazy("Remark on the report"),
    gettext_lazy("Say what is wrong before you sign."),
    RemarkForm,
    life.remark_report,
    gettext_lazy("The account manager was asked."),
)
REISSUE = Step(
    Role.ACCOUNT_MANAGER,
    gettext_lazy("Correct the report"),
    gettext_lazy(
        "Names and rows are read again, and the next revision is issued with what changed. This"
        " revision stays as it is."
    ),
    ReasonForm,
    life.reissue_report,
    gettext_lazy("The next revision is issued."),
)
ANSWER = Step(
    Role.ACCOUNT_MANAGER,
    gettext_lazy("Answer the remark"),
    gettext_lazy("An answer is final. If a figure is wrong, correct the report as well."),
    AnswerForm,
    life.answer_remark,
    gettext_lazy("The remark is answered."),
)


def step_of(step: Step):
    """Return the view that takes `step` on a report."""

    @require_http_methods(["GET", "POST"])
    def view(request: HttpRequest, public_id: str) -> HttpResponse:
        report = report_or_404(request, public_id)
        return take(request, step, report, {"report": report})

    return view


@require_http_methods(["GET", "POST"])
def answer(request: HttpRequest, public_id: str) -> HttpResponse:
    rows = ReportRemark.objects.select_related("report__tenant", "remarked_by__user")
    remark = get_object_or_404(rows, public_id=public_id)
    return take(request, ANSWER, remark.report, {"remark": remark})


def take(
    request: HttpRequest, step: Step, report: MonthlyReport, subject: dict[str, Any]
) -> HttpResponse:
    """
    Show the form of a step, or take the step.

    :raises NotPermitted: if this person has no desk that takes it.
    """
    actor = desk_at(request, report.tenant_id, step.role)
    form = step.form(request.POST or None, initial={"seen_sha256": report.sha256})
    if request.method == "POST" and form.is_valid():
        try:
            made = step.run(**subject, actor=actor, now=timezone.now(), **form.cleaned_data)
        except Invalid as error:
            form.add_error(error.field if error.field in form.fields else None, str(error.message))
        else:
            messages.success(request, str(step.done))
            shown = made if isinstance(made, MonthlyReport) else report
            return redirect("reports:page", shown.public_id)
    context = {**subject, "report": report, "facts": facts_in(report), "step": step, "form": form}
    context |= readers_of(request, report)
    return render(
        request, "reports/report_step.html", context, status=422 if form.is_bound else 200
    )


@require_http_methods(["GET", "POST"])
def close(request: HttpRequest, contract: str, month: date) -> HttpResponse:
    """Close an ended month before its grace is over; its report is issued by the worker."""
    rows = Contract.objects.select_related("tenant")
    found = get_object_or_404(rows, public_id=contract)
    actor = desk_at(request, found.tenant_id, Role.ACCOUNT_MANAGER)
    if request.method == "GET":
        return render(request, "reports/close_page.html", {"contract": found, "month": month})
    life.close_early(contract=found, month=month, actor=actor, now=timezone.now())
    messages.success(request, _("The month is closed. Its report is here in a minute."))
    return redirect("reports:list")


def desk_at(request: HttpRequest, tenant_id: int, role: Role) -> Membership:
    """
    Return this person's desk at the client.

    :raises NotPermitted: if they do not stand at it.
    """
    for member in request.memberships:
        if member.tenant_id == tenant_id and member.role == role:
            return member
    raise NotPermitted(_("This is for the desk: %s.") % role.label)
