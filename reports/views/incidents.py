"""The report on one incident: for clients as it was issued, for the vendor with its drafts."""

import json
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from reports.incident_forms import IncidentForm
from reports.incident_words import SECTION_NAMES
from reports.models import IncidentReport
from reports.renderers.incident import incident_pdf
from reports.services import incidents
from tenants.errors import Invalid, NotPermitted
from tenants.models import Membership
from tickets.domain.lifecycle import AGENTS, Action
from tickets.models import Ticket
from tickets.views.desk import actions_at, desks_at, ticket_or_404


@require_GET
def incident_page(request: HttpRequest, key: str) -> HttpResponse:
    """The last revision this reader may see, or the one asked for; clients see what was issued."""
    ticket = ticket_or_404(request, key)
    shown = visible(request, ticket)
    report = chosen(request, shown)
    if report is None and writer(request, ticket) is None:
        raise Http404
    return render(request, "reports/incident_page.html", context_of(request, ticket, shown, report))


@require_GET
def incident_file(request: HttpRequest, key: str) -> HttpResponse:
    """The same revision as PDF, in the reader's language around the words that people wrote."""
    ticket = ticket_or_404(request, key)
    report = chosen(request, visible(request, ticket))
    if report is None:
        raise Http404
    response = HttpResponse(
        incident_pdf(report, request.LANGUAGE_CODE), content_type="application/pdf"
    )
    name = f"{ticket.key}_incident_r{report.revision}.pdf"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@require_POST
def incident_draft(request: HttpRequest, key: str) -> HttpResponse:
    ticket = ticket_or_404(request, key)
    actor = writer_or_refuse(request, ticket)
    incidents.draft_incident_report(ticket=ticket, actor=actor, now=timezone.now())
    messages.success(request, _("The report is drafted from what the ticket says."))
    return redirect("reports:incident_edit", key=key)


@require_http_methods(["GET", "POST"])
def incident_edit(request: HttpRequest, key: str) -> HttpResponse:
    """The form of the words; what it was opened with is what it may replace."""
    ticket = ticket_or_404(request, key)
    actor = writer_or_refuse(request, ticket)
    last = IncidentReport.objects.latest(ticket)
    if last is None:
        raise Http404
    data = request.POST if request.method == "POST" else None
    form = IncidentForm(data, initial=last.sections | {"seen": last.revision})
    if data is not None and form.is_valid():
        incidents.edit_incident_report(
            ticket=ticket,
            actor=actor,
            sections=form.sections(),
            seen=form.cleaned_data["seen"],
            now=timezone.now(),
        )
        messages.success(request, _("The revision is saved. Issue it when the client may read it."))
        return redirect("reports:incident", key=key)
    context = {"form": form, "ticket": ticket, "report": last, "facts": json.loads(last.facts)}
    context |= {"section_url": reverse("tickets:list")}
    status = 200 if data is None else 422
    return render(request, "reports/incident_edit.html", context, status=status)


@require_POST
def incident_issue(request: HttpRequest, key: str) -> HttpResponse:
    ticket = ticket_or_404(request, key)
    actor = writer_or_refuse(request, ticket)
    try:
        seen = int(request.POST.get("seen", "0"))
    except ValueError:
        raise Http404 from None
    try:
        incidents.issue_incident_report(ticket=ticket, actor=actor, seen=seen, now=timezone.now())
    except Invalid as error:
        messages.error(request, f"{SECTION_NAMES[error.field]}: {error.message}")
        return redirect("reports:incident_edit", key=key)
    messages.success(request, _("The report is issued. The client can read it now."))
    return redirect("reports:incident", key=key)


# --- who sees what ---


def visible(request: HttpRequest, ticket: Ticket) -> list[IncidentReport]:
    """Return the revisions this reader may see, the last first."""
    rows = IncidentReport.objects.filter(ticket=ticket).select_related("by__user")
    if not any(m.is_vendor for m in desks_at(request, ticket)):
        rows = rows.filter(state="issued")
    return list(rows.order_by("-revision"))


def chosen(request: HttpRequest, shown: list[IncidentReport]) -> IncidentReport | None:
    """Return the revision of `?revision=2`, else the last one; an unknown one is 404."""
    asked = request.GET.get("revision", "")
    if not asked:
        return shown[0] if shown else None
    found = next((row for row in shown if str(row.revision) == asked), None)
    if found is None:
        raise Http404
    return found


def writer(request: HttpRequest, ticket: Ticket) -> Membership | None:
    """Return the desk at which this person may write the report now."""
    desks = desks_at(request, ticket)
    may = (m for m in desks if Action.WRITE_INCIDENT_REPORT in actions_at(ticket, m))
    return next(may, None)


def writer_or_refuse(request: HttpRequest, ticket: Ticket) -> Membership:
    """
    Return the desk at which this person writes the report.

    :raises NotPermitted: to a client.
    """
    desks = desks_at(request, ticket)
    if (found := next((m for m in desks if m.role in AGENTS), None)) is None:
        raise NotPermitted(_("The vendor writes the incident report."))
    return found


def context_of(
    request: HttpRequest,
    ticket: Ticket,
    shown: list[IncidentReport],
    report: IncidentReport | None,
) -> dict[str, Any]:
    last = shown[0] if shown else None
    return {
        "ticket": ticket,
        "report": report,
        "facts": json.loads(report.facts) if report else None,
        "sections": sections_of(report) if report else [],
        "revisions": shown,
        "may_write": writer(request, ticket) is not None,
        "is_last": report is not None and report == last,
        "section_url": reverse("tickets:list"),
    }


def sections_of(report: IncidentReport) -> list[dict[str, str]]:
    return [
        {"key": name, "title": str(title), "text": report.sections.get(name, "")}
        for name, title in SECTION_NAMES.items()
    ]
