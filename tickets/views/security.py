"""Security operations: findings by their due date, how each ended, and the risks one lives with."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from contracts.domain.terms import Terms
from contracts.models import Contract, ContractVersion
from contracts.rules import rules_of
from contracts.system_names import system_names
from contracts.views.shown import SEE_COST
from tenants.errors import Invalid, NotPermitted, Refused
from tenants.exports import export, format_asked
from tenants.models import Membership
from tenants.roles import Role
from tickets import services
from tickets.domain.lifecycle import AGENTS
from tickets.models import RoutineTask, SecurityFinding
from tickets.models.routine import RoutineKind
from tickets.models.security import FindingState
from tickets.security_forms import AcceptForm, EndForm, FindingForm, FindingTicketForm
from tickets.views import kept_columns

A_PAGE = 50
ROUTINES = (RoutineKind.PATCHES, RoutineKind.SCAN, RoutineKind.ACCESS)


def findings_of(request: HttpRequest):
    """Return the findings this person may read: weaknesses are not for every requester."""
    clients = {m.tenant_id for m in request.memberships if m.role in SEE_COST}
    return SecurityFinding.objects.for_list().filter(tenant__in=clients)


def finding_or_404(request: HttpRequest, public_id: str) -> SecurityFinding:
    return get_object_or_404(findings_of(request), public_id=public_id)


def desk(request: HttpRequest, tenant_id: int, roles: Any) -> Membership:
    """Return this person's desk among `roles`, else their first: the command says no to it."""
    mine = [m for m in request.memberships if m.tenant_id == tenant_id]
    return next((m for m in mine if m.role in roles), mine[0])


@require_GET
def finding_list(request: HttpRequest) -> HttpResponse:
    """
    The findings of all clients on screen, the soonest due date first, and the routines of security.

    :raises NotPermitted: to a requester.
    """
    if not any(m.role in SEE_COST for m in request.memberships):
        raise NotPermitted(_("Findings are for the service owner and the vendor's desks."))
    state = request.GET.get("state", FindingState.OPEN.value)
    rows = findings_of(request)
    if state in FindingState.values:
        rows = rows.filter(state=state)
    if kind := format_asked(request):
        shown = kept_columns.of_finding()
        return export(kind, "findings", shown, rows, title=_("Security findings"))
    agents = {m.tenant_id for m in request.memberships if m.role in AGENTS}
    contracts = Contract.objects.active().filter(tenant__in=agents).select_related("tenant")
    routines = RoutineTask.objects.filter(ended_on=None, kind__in=ROUTINES).select_related("tenant")
    page = Paginator(rows, per_page=A_PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "systems": system_names(page.object_list),
        "state": state,
        "states": FindingState,
        "query": f"state={state}&" if state in FindingState.values else "",
        "contracts": list(contracts.order_by("tenant__name", "number")),
        "routines": list(routines),
        "many_clients": len({m.tenant_id for m in request.memberships}) > 1,
        "now": timezone.now(),
        "section_url": reverse("tickets:list"),
    }
    return render(request, "tickets/finding_list.html", context)


@require_http_methods(["GET", "POST"])
def new_finding(request: HttpRequest, contract: str) -> HttpResponse:
    """Write a finding down; :raises NotPermitted: to a client."""
    found = get_object_or_404(Contract.objects.select_related("tenant"), public_id=contract)
    actor = desk(request, found.tenant_id, AGENTS)
    if actor.role not in AGENTS:
        raise NotPermitted(_("Only the vendor's team of this client works on its findings."))
    if (terms := terms_now(found)) is None:
        raise Http404
    form = FindingForm(request.POST or None, terms=terms)
    if form.is_bound and form.is_valid():
        try:
            row = services.record_finding(
                contract=found, actor=actor, now=timezone.now(), **form.cleaned_data
            )
        except Invalid as error:
            form.add_error(error.field if error.field in form.fields else None, str(error.message))
        else:
            messages.success(request, _("The finding is written down."))
            return redirect("tickets:finding", row.public_id)
    context = {"form": form, "contract": found, "section_url": reverse("tickets:list")}
    status = 422 if form.is_bound else 200
    return render(request, "tickets/finding_form.html", context, status=status)


def terms_now(contract: Contract) -> Terms | None:
    """Return the terms in force, None where the contract has none today."""
    rows = ContractVersion.objects.filter(contract=contract)
    version = rows.in_force(contract.local_date(timezone.now())).first()
    return rules_of(version).terms if version else None


def ticket_form(request: HttpRequest, finding: SecurityFinding) -> FindingTicketForm:
    """:raises Refused: where no version is in force, as no ticket can be opened then."""
    if (terms := terms_now(finding.contract)) is None:
        raise Refused(_("This contract is not in force."))
    return FindingTicketForm(request.POST, terms=terms, system=finding.system)


@require_GET
def finding_page(request: HttpRequest, public_id: str) -> HttpResponse:
    """One finding, who lived with it and why, and what this person may do about it."""
    return shown(request, finding_or_404(request, public_id))


def shown(request: HttpRequest, finding: SecurityFinding, **failed: forms.Form) -> HttpResponse:
    mine = [m for m in request.memberships if m.tenant_id == finding.tenant_id]
    alive = finding.state in (FindingState.OPEN, FindingState.ACCEPTED)
    works = alive and any(m.role in AGENTS for m in mine)
    terms = terms_now(finding.contract) if works else None
    context = {
        "finding": finding,
        "systems": system_names([finding]),
        "acceptances": finding.acceptances.select_related("by__user"),
        "end": failed.get("end", EndForm(auto_id="id_end_%s")) if works else None,
        "accept": failed.get("accept", AcceptForm(auto_id="id_accept_%s"))
        if alive and any(m.role == Role.SERVICE_OWNER for m in mine)
        else None,
        "ticket": failed.get("ticket", FindingTicketForm(terms=terms, system=finding.system))
        if terms
        else None,
        "now": timezone.now(),
        "section_url": reverse("tickets:list"),
    }
    return render(request, "tickets/finding_page.html", context, status=422 if failed else 200)


def step(name: str, form_of: Callable[..., forms.Form], run: Callable[..., Any], done: Any):
    """Return the view of a step on a finding: its form, one command, and back to its page."""

    @require_POST
    def take(request: HttpRequest, public_id: str) -> HttpResponse:
        finding = finding_or_404(request, public_id)
        form = form_of(request, finding)
        if not form.is_valid():
            return shown(request, finding, **{name: form})
        try:
            run(request, finding, form)
        except Invalid as error:
            form.add_error(error.field if error.field in form.fields else None, str(error.message))
            return shown(request, finding, **{name: form})
        messages.success(request, str(done))
        return redirect("tickets:finding", public_id)

    return take


def run_end(request: HttpRequest, finding: SecurityFinding, form: forms.Form) -> None:
    services.end_finding(
        finding=finding, actor=desk(request, finding.tenant_id, AGENTS), now=timezone.now(),
        fixed=request.POST.get("fixed") == "yes", **form.cleaned_data,
    )  # fmt: skip


def run_accept(request: HttpRequest, finding: SecurityFinding, form: forms.Form) -> None:
    actor = desk(request, finding.tenant_id, {Role.SERVICE_OWNER})
    services.accept_risk(finding=finding, actor=actor, now=timezone.now(), **form.cleaned_data)


def run_ticket(request: HttpRequest, finding: SecurityFinding, form: FindingTicketForm) -> None:
    actor = desk(request, finding.tenant_id, AGENTS)
    services.open_finding_ticket(finding=finding, actor=actor, now=timezone.now(), **form.command())


end_finding = step(
    "end", lambda request, _finding: EndForm(request.POST, auto_id="id_end_%s"), run_end,
    gettext_lazy("The finding is closed."),
)  # fmt: skip
accept_risk = step(
    "accept", lambda request, _finding: AcceptForm(request.POST, auto_id="id_accept_%s"),
    run_accept, gettext_lazy("The risk is accepted until that day."),
)  # fmt: skip
finding_ticket = step(
    "ticket",
    ticket_form,
    run_ticket,
    gettext_lazy("The ticket is open."),
)
