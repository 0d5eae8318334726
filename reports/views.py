"""The pages of reports, drawn from the frozen text alone: a figure is never read from a row."""

from datetime import date
from typing import Any

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from contracts.domain.months import first_of_month
from contracts.domain.vocabulary import ObligationKind
from contracts.models import Contract, ContractStatus
from reports.models import MonthlyReport
from reports.services.chain import facts_in
from reports.services.issue import draft_facts
from tenants.errors import NotPermitted
from tenants.roles import Role

A_PAGE = 36


@require_GET
def report_list(request: HttpRequest) -> HttpResponse:
    """The reports of all clients on screen, the latest month first."""
    rows = MonthlyReport.objects.all()
    contract = request.GET.get("contract", "")
    if contract:
        rows = rows.filter(contract__public_id=contract)
    page = Paginator(rows.latest_revisions().for_list(), per_page=A_PAGE).get_page(
        request.GET.get("page")
    )
    payers = clients_with_money(request)
    context = {
        "page": page,
        "payers": payers,
        "sees_money": any(report.tenant_id in payers for report in page),
        "many_clients": len({m.tenant_id for m in request.memberships}) > 1,
        "drafts": running_months(request, contract),
        "query": f"contract={contract}&" if contract else "",
    }
    return render(request, "reports/report_list.html", context)


@require_GET
def report_page(request: HttpRequest, public_id: str) -> HttpResponse:
    """One report; another client's is the same 404 as one that never was."""
    report = get_object_or_404(MonthlyReport.objects.select_related("tenant"), public_id=public_id)
    newer = MonthlyReport.objects.filter(
        period_id=report.period_id, revision__gt=report.revision
    ).order_by("-revision")
    context = page_of(request, facts_in(report), report.tenant)
    context |= {"report": report, "newer": newer.only("public_id", "revision").first()}
    return render(request, "reports/report_page.html", context)


@require_GET
def report_draft(request: HttpRequest, contract: str, month: date) -> HttpResponse:
    """
    A month as it stands now, before it is closed.

    :raises NotPermitted: to a client's requester.
    """
    found = get_object_or_404(Contract.objects.select_related("tenant"), public_id=contract)
    if found.tenant_id not in clients_with_money(request):
        raise NotPermitted(_("A draft is for the service owner and the vendor's desks."))
    if not is_running(found, month):
        raise Http404
    return render(
        request,
        "reports/report_page.html",
        page_of(request, draft_facts(found, month, now=timezone.now()), found.tenant),
    )


def page_of(request: HttpRequest, facts: dict[str, Any], tenant) -> dict[str, Any]:
    """Return what the page shows of the facts; requesters see no money, and titles if they may."""
    pays = tenant.pk in clients_with_money(request)
    return {
        "facts": facts,
        "misses": by_obligation(facts["sla"]["misses"]),
        "unfolded": request.GET.get("misses") == "all",
        "sees_money": pays,
        "titles": facts["titles"] if pays or tenant.requesters_see_all else {},
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


def clients_with_money(request: HttpRequest) -> set[int]:
    """Return the clients at which this person stands at any desk but the requester's."""
    return {m.tenant_id for m in request.memberships if m.role != Role.REQUESTER}


def running_months(request: HttpRequest, contract: str) -> list[dict[str, Any]]:
    """Return the contracts whose current month this person may see as a draft."""
    now = timezone.now()
    rows = Contract.objects.filter(
        status=ContractStatus.ACTIVE, tenant_id__in=clients_with_money(request)
    ).select_related("tenant")
    if contract:
        rows = rows.filter(public_id=contract)
    months = ((each, first_of_month(each.local_date(now))) for each in rows)
    return [{"contract": each, "month": m} for each, m in months if is_running(each, m)]


def is_running(contract: Contract, month: date) -> bool:
    """Return whether the contract runs in the month, and the month has begun."""
    ended = contract.ends_on is not None and contract.ends_on <= month
    begun = month <= first_of_month(contract.local_date(timezone.now()))
    return begun and not ended and month >= first_of_month(contract.starts_on)
