"""The pages of reports, drawn from the frozen text alone: a figure is never read from a row."""

import re
from datetime import date
from typing import Any

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from contracts.domain.months import first_of_month
from contracts.domain.vocabulary import ObligationKind
from contracts.models import Contract, ContractStatus, Period, PeriodState
from reports.access import clients_with_money, readers
from reports.converters import MonthConverter
from reports.glossary_words import insight_terms
from reports.models import MonthlyReport
from reports.renderers import glossary
from reports.renderers.changes import changes_in
from reports.services.chain import facts_in
from reports.services.issue import draft_facts
from reports.services.progress import Run, latest_run
from reports.views.downloads import edition_for, report_or_404
from reports.views.standing import csv_files, life_of
from tenants.asked import id_in
from tenants.errors import NotPermitted
from tenants.exports import Column, export, format_asked
from tenants.roles import Role

A_PAGE = 36
MONTH = re.compile(MonthConverter.regex)


@require_GET
def report_list(request: HttpRequest) -> HttpResponse:
    """The reports of all clients on screen, the latest month first."""
    rows = MonthlyReport.objects.all()
    contract, month = id_in(request.GET, "contract"), asked_month(request)
    if contract:
        rows = rows.filter(contract__public_id=contract)
    if month:
        rows = rows.filter(month=month)
    rows = rows.latest_revisions().for_list()
    if kind := format_asked(request):
        return export(kind, "reports", columns(), rows, title=_("Monthly reports"))
    page = Paginator(rows, per_page=A_PAGE).get_page(request.GET.get("page"))
    payers = clients_with_money(request.memberships)
    context = {
        "page": page,
        "payers": payers,
        "sees_money": any(report.tenant_id in payers for report in page),
        "many_clients": len({m.tenant_id for m in request.memberships}) > 1,
        "drafts": running_months(request, contract),
        "to_close": months_to_close(request, contract),
        "run": unfinished_run(request),
        "months": MonthlyReport.objects.order_by("-month")
        .values_list("month", flat=True)
        .distinct(),
        "month": month,
        "contract": contract,
        "query": "".join(
            f"{name}={value}&"
            for name, value in (("contract", contract), ("month", month and f"{month:%Y-%m}"))
            if value
        ),
    }
    return render(request, "reports/report_list.html", context)


def columns() -> list[Column]:
    """Return what is told of reports to everybody who may read them: their figures are in each."""
    return [
        Column(_("Client"), lambda r: r.tenant.name, 24),
        Column(_("Contract"), lambda r: r.contract.number),
        Column(_("Month"), lambda r: f"{r.month:%Y-%m}", 10),
        Column(_("Revision"), lambda r: r.revision, 9),
        Column(_("Issued"), lambda r: r.issued_at, moment=True),
        Column(_("Why it was corrected"), lambda r: r.reason, 50),
        Column("SHA-256", lambda r: r.sha256, 66),
    ]


@require_GET
def report_run(request: HttpRequest) -> HttpResponse:
    """
    How far the latest month's run is; asked again and again by the list.

    :raises NotPermitted: to whoever is only a requester.
    """
    if not clients_with_money(request.memberships):
        raise NotPermitted(_("The run is for the service owner and the vendor's desks."))
    return render(request, "reports/_run.html", {"run": latest_run(timezone.now())})


def unfinished_run(request: HttpRequest) -> Run | None:
    """Return the latest month's run while there is something to wait for."""
    if not clients_with_money(request.memberships):
        return None
    run = latest_run(timezone.now())
    return run if run and not run.is_over else None


@require_GET
def report_page(request: HttpRequest, public_id: str) -> HttpResponse:
    """One report; another client's is the same 404 as one that never was."""
    report = report_or_404(request, public_id)
    context = page_of(request, facts_in(report), report.tenant)
    context |= {"report": report, **life_of(request, report)}
    context["csv_files"] = csv_files(context["sees_money"], context["sees_findings"])
    if "tickets" in context["facts"]:
        context["listed"] = reverse("reports:tickets", args=[report.public_id])
    return render(request, "reports/report_page.html", context)


@require_GET
def report_changes(request: HttpRequest, public_id: str) -> HttpResponse:
    """What a correction changed, beside the revision before it; a first revision changed nothing."""
    report = report_or_404(request, public_id)
    edition = edition_for(request, report)
    if edition.before is None:
        raise Http404
    context = {"report": report, "facts": edition.facts, "tables": changes_in(edition)}
    return render(request, "reports/changes_page.html", context)


@require_GET
def report_draft(request: HttpRequest, contract: str, month: date) -> HttpResponse:
    """
    A month as it stands now, before it is closed.

    :raises NotPermitted: to a client's requester.
    """
    found, facts = draft_or_404(request, contract, month)
    return render(request, "reports/report_page.html", page_of(request, facts, found.tenant))


@require_GET
def so_far(request: HttpRequest, contract: str, month: date) -> HttpResponse:
    """
    The head of that draft, as a part of a home page: money, promises, whose turn it was.

    :raises NotPermitted: to a client's requester.
    """
    found, facts = draft_or_404(request, contract, month)
    context = {"contract": found, "month": month, "facts": facts}
    return render(request, "reports/_so_far.html", context)


def draft_or_404(
    request: HttpRequest, contract: str, month: date
) -> tuple[Contract, dict[str, Any]]:
    found = get_object_or_404(Contract.objects.select_related("tenant"), public_id=contract)
    if found.tenant_id not in clients_with_money(request.memberships):
        raise NotPermitted(_("A draft is for the service owner and the vendor's desks."))
    if not is_running(found, month):
        raise Http404
    return found, draft_facts(found, month, now=timezone.now())


def page_of(request: HttpRequest, facts: dict[str, Any], tenant) -> dict[str, Any]:
    """Return what the page shows of the facts; requesters see no money, and titles if they may."""
    reader = readers(request.memberships, tenant, facts)
    return {
        "facts": facts,
        "misses": by_obligation(facts["sla"]["misses"]),
        "unfolded": request.GET.get("misses") == "all",
        "sees_money": reader["sees_money"],
        "sees_findings": reader["sees_findings"],
        "sees_all": all(reader.values()),
        "titles": facts["titles"] if reader["sees_titles"] else {},
        "glossary": [*glossary.terms(), *insight_terms(facts["glossary"])],
    }


def by_obligation(misses: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the misses of each clock, in the contract's order, and in it of each priority."""
    groups = {kind.value: [m for m in misses if m["obligation"] == kind] for kind in ObligationKind}
    return [
        {"obligation": kind, "count": len(found), "priorities": by_priority(found)}
        for kind, found in groups.items()
        if found
    ]


def by_priority(misses: list[dict[str, Any]]) -> list[dict[str, Any]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for miss in sorted(misses, key=lambda miss: miss["priority"]):
        found.setdefault(miss["priority"], []).append(miss)
    return [{"priority": priority, "misses": rows} for priority, rows in found.items()]


def running_months(request: HttpRequest, contract: str) -> list[dict[str, Any]]:
    """Return the contracts whose current month this person may see as a draft."""
    now = timezone.now()
    rows = Contract.objects.filter(
        status=ContractStatus.ACTIVE, tenant_id__in=clients_with_money(request.memberships)
    ).select_related("tenant")
    if contract:
        rows = rows.filter(public_id=contract)
    months = ((each, first_of_month(each.local_date(now))) for each in rows)
    return [{"contract": each, "month": m} for each, m in months if is_running(each, m)]


def asked_month(request: HttpRequest) -> date | None:
    """Return the month that the list is asked for; anything else than a month is none."""
    text = request.GET.get("month", "")
    return date.fromisoformat(f"{text}-01") if MONTH.fullmatch(text) else None


def months_to_close(request: HttpRequest, contract: str) -> list[Period]:
    """Return the ended months whose grace still runs, where this person may close them early."""
    managed = {m.tenant_id for m in request.memberships if m.role == Role.ACCOUNT_MANAGER}
    now = timezone.now()
    rows = Period.objects.filter(
        tenant_id__in=managed, state=PeriodState.OPEN, ends_at__lte=now, closes_at__gt=now
    )
    if contract:
        rows = rows.filter(contract__public_id=contract)
    return list(rows.select_related("contract__tenant").order_by("month", "contract__number"))


def is_running(contract: Contract, month: date) -> bool:
    """Return whether the contract runs in the month, and the month has begun."""
    ended = contract.ends_on is not None and contract.ends_on <= month
    begun = month <= first_of_month(contract.local_date(timezone.now()))
    return begun and not ended and month >= first_of_month(contract.starts_on)
